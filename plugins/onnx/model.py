"""The plugin: an ONNX file as the driver sees it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc import AtcHints, Judgement, Model, Part, Samples, UsageError, Use

from .generate import generate
from .interface import Header
from .options import OnnxOptions
from .pixels import pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ascendc import Source, Weights
    from ascendc.model import Arrays
    from ascendc.target import PartTarget

_DECIDED = 0.05
"""The margin between the best and the second best class from which a sample counts, in standard deviations of a row."""

_SAFE = (
    "fold-constants",
    "one-scale",
    "fold-scale",
    "drop-casts",
    "reduce-l2",
    "name-nodes",
)
"""Passes that keep the results of any graph, and do nothing where their pattern is not found."""


class Onnx(Model):
    """An ONNX file. It enters at `fix`; its own answers, by onnxruntime, are the reference."""

    NAME = "onnx"
    Options = OnnxOptions
    DEVICE = "ascendc_plugins.onnx.device"
    options: OnnxOptions

    def __init__(self, source: Source, options: OnnxOptions) -> None:
        """See `Model`.

        Raises:
            UsageError: the labels file does not exist (ASC1356).
        """
        super().__init__(source, options)
        self._path = Path(source.id).expanduser().absolute()
        if options.labels is not None and not options.labels.is_file():
            raise UsageError("ASC1356", f"the labels file `{options.labels}` does not exist")

    @cached_property
    def _part(self) -> Part:
        return Header.read(self._path).part(self.options)

    def parts(self) -> tuple[Part, ...]:
        """The one graph."""
        return (self._part,)

    def onnx(self, part: str) -> Path | None:
        """The file itself."""
        del part
        return self._path

    def files(self, weights: Weights) -> tuple[Path, ...]:
        """The file, its external data, and the labels.

        What lies outside of the file's folder, or is no file, is not named, for it must not be read: the stage that
        takes the file in refuses it.
        """
        import onnx

        external = {
            entry.value
            for tensor in onnx.load(self._path, load_external_data=False).graph.initializer
            for entry in tensor.external_data
            if entry.key == "location"
        }
        labels = (self.options.labels,) if self.options.labels else ()
        return (self._path, *(self._path.parent / name for name in sorted(external) if self._holds(name)), *labels)

    def _holds(self, name: str) -> bool:
        """Whether `name` is a file beside the model, by the model's name or, for a symlink, by its target."""
        try:
            data = (self._path.parent / name).resolve()
            folders = (self._path.parent.resolve(), self._path.resolve().parent)
            return any(data.is_relative_to(folder) for folder in folders) and data.is_file()
        except (OSError, ValueError):  # a name that is too long, a NUL
            return False

    def fixes(self, part: str) -> tuple[Use, ...]:
        """What is safe for any graph."""
        del part
        free = ("symbolic-batch",) if self.options.free_batch else ()
        return tuple(map(Use.of, (*_SAFE[:-1], *free, _SAFE[-1])))

    def atc(self, part: str, target: PartTarget) -> AtcHints:
        """NCHW where an input has four axes; small channels for pictures behind AIPP."""
        del part
        pictures = any(tensor.image for tensor in self._part.inputs)
        four = any(len(tensor.shape) == 4 for tensor in self._part.inputs)
        return AtcHints("NCHW" if four else "ND", small_channel=pictures and target.aipp != "none")

    def samples(self, n: int, seed: int) -> Samples:
        """Generated; a recipe's ``verify.folder`` brings real ones."""
        below = {name: entry.below for name, entry in self.options.inputs.items()}
        return generate(self._part.inputs, below, n, seed)

    def inputs(self, part: str, samples: Samples, weights: Weights) -> Arrays:
        """Pictures preprocessed as the recipe says, arrays batched.

        Raises:
            UsageError: the samples lack what an input needs (ASC1357).
        """
        del part, weights
        feeds: dict[str, Any] = {}
        for tensor in self._part.inputs:
            if tensor.image is not None:
                if not samples.images:
                    raise UsageError("ASC1357", f"input `{tensor.name}` needs pictures; the samples have none")
                feeds[tensor.name] = np.stack([pixels(tensor.image, picture) for picture in samples.images])
            else:
                rows = [sample[tensor.name] for sample in samples.arrays if tensor.name in sample]
                if not rows or len(rows) != len(samples.arrays):
                    raise UsageError("ASC1357", f"every sample must hold an array `{tensor.name}`")
                feeds[tensor.name] = np.stack(rows)
            feeds[tensor.name] = feeds[tensor.name].astype(tensor.dtype)
        return feeds

    def judge(self, reference: Mapping[str, Arrays], candidate: Mapping[str, Arrays]) -> Judgement:
        """Whether outputs that rank classes have the same best class; others are left to the accuracy gate."""
        right = decided = 0
        for part, outputs in reference.items():
            for name, rows in outputs.items():
                if rows.ndim == 2 and rows.shape[1] > 1:
                    same, clear = _top(rows, candidate[part][name])
                    right, decided = right + same, decided + clear
        if not decided:
            return Judgement(ok=True, summary="no output ranks classes; the accuracy gate alone decides")
        return Judgement(right == decided, f"top-1 agrees {right} of {decided}", (("top-1 agrees", right / decided),))

    def assets(self, folder: Path, weights: Weights) -> None:
        """preprocess.json for the image input, labels.txt."""
        del weights
        for tensor in self._part.inputs:
            if tensor.image is not None:
                (folder / "preprocess.json").write_text(tensor.image.to_json(tensor.name), encoding="utf-8")
        if self.options.labels is not None:
            (folder / "labels.txt").write_bytes(self.options.labels.read_bytes())


def _top(reference: Any, candidate: Any) -> tuple[int, int]:
    """How many clear rows have the same best class, and how many are clear."""
    ranked = np.sort(reference, axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > _DECIDED * reference.std(axis=1)
    same = reference.argmax(axis=1) == candidate.argmax(axis=1)
    return int((same & clear).sum()), int(clear.sum())
