"""A model without a task of its own: it answers with its outputs, and ranks classes where an output has them."""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

import numpy as np

from ascendc_runtime import Answer, ImageLike, InputError, Session, name_of, shape_text

from .arrays import ArraysLike, name_of_arrays, prepare


def open_service(sessions: Mapping[str, Session], assets: Path) -> "Service":
    """A service over the session of the only part."""
    return Service(sessions, Path(assets))


class Service:
    """An ONNX model, answering."""

    def __init__(self, sessions: Mapping[str, Session], assets: Path) -> None:
        ((self._part, self._session),) = sessions.items()
        self._assets = assets
        path = assets / "labels.txt"
        self._labels = path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def run(
        self,
        images: Sequence[ImageLike] = (),
        texts: Sequence[str] = (),
        arrays: Sequence[ArraysLike] = (),
        top_k: int = 5,
    ) -> Answer:
        """Run the model.

        Args:
            images: pictures, if the model has an image input.
            texts: none.
            arrays: ``.npz`` or ``.npy`` files or dicts, for the other inputs.
            top_k: how many of the largest values are listed for outputs of shape batch × classes; 0: none.

        Raises:
            InputError: an input is wrong or missing.
        """
        if top_k < 0:
            raise InputError("top_k must be 0 or more, not {}".format(top_k))
        if not (len(images) or len(texts) or len(arrays)):
            raise InputError("nothing to run on: give images or arrays")
        feeds = prepare(self._part, images, texts, arrays, self._assets, self._session.inputs)
        outputs = self._session.run_batched(feeds)
        names = [name_of(image, i) for i, image in enumerate(images)]
        names = names or [name_of_arrays(item, i) for i, item in enumerate(arrays)]
        lines: List[str] = []
        results: List[Dict[str, Any]] = []
        for name, row in _rows(names, outputs):
            told = {output: self._tell(array, top_k) for output, array in row.items()}
            results.append({"input": name, "outputs": told})
            lines.append(name)
            for output, tensor in told.items():
                lines += _lines(output, tensor)
        return Answer(lines, results, outputs)

    def _tell(self, array: np.ndarray, top_k: int) -> Dict[str, Any]:
        """One output of one sample, JSON-able."""
        told: Dict[str, Any] = {"shape": list(array.shape), "dtype": str(array.dtype)}
        if array.ndim != 1 or array.dtype.kind != "f" or not top_k:
            return told
        if not np.isfinite(array).all():
            told["not_finite"] = int(array.size - np.isfinite(array).sum())
            return told
        labels = self._labels if len(self._labels) == array.size else []
        told["top"] = [
            dict({"index": int(j), "value": float(array[j])}, **({"label": labels[j]} if labels else {}))
            for j in np.argsort(-array, kind="stable")[:top_k]
        ]
        return told


def _rows(names: Sequence[str], outputs: Mapping[str, np.ndarray]) -> Iterator[Tuple[str, Mapping[str, np.ndarray]]]:
    """The outputs sample by sample; whole, if they do not share a batch axis."""
    counts = {array.shape[:1] for array in outputs.values()}
    if len(counts) != 1 or counts == {()}:
        yield "all inputs", outputs
        return
    ((count,),) = counts
    if count != len(names):
        names = ["sample {}".format(i + 1) for i in range(count)]
    for i, name in enumerate(names):
        yield name, {output: array[i] for output, array in outputs.items()}


def _lines(output: str, told: Dict[str, Any]) -> List[str]:
    shape = shape_text(told["shape"])
    trouble = ", {} values not finite".format(told["not_finite"]) if "not_finite" in told else ""
    lines = ["  {}: {} {}{}".format(output, shape, told["dtype"], trouble)]
    for entry in told.get("top", ()):
        lines.append("    {:12.5g}  {}  {}".format(entry["value"], entry["index"], entry.get("label", "")).rstrip())
    return lines
