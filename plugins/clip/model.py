"""The plugin: CLIP as the driver sees it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from ascendc import AtcHints, Judgement, Model, Options, Part, Samples, Tensor, UsageError, Use

from . import known, pixels, zeroshot
from .architecture import Architecture
from .fetch import DESCRIPTION, fetch, local_files
from .labels import Labels
from .tokens import Tokenizer, end_of_text
from .weights import weights_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from transformers import CLIPModel

    from ascendc import Source, Weights
    from ascendc.model import Arrays, Attention
    from ascendc.target import PartTarget

_ERF_GELU = "gelu"
_LARGEST_ID = 2
"""The eos_token_id of old configurations, which transformers reads as: the largest id of a text ends it."""
_TEMPLATES = (
    "a photo of {}",
    "{}",
    "{} on a plain background",
    "a drawing, number 7: {}!",
    "A picture of {}, which was drawn by nobody in particular and kept",
)
"""Of many lengths, and with what a tokenizer treats apart; at most 77 bytes of text, which is a token each at worst."""
_BOTH_TOWERS = (
    "int32-ids",
    "clamp-mask",
    "drop-nan-guard",
    "one-scale",
    "fold-scale",
    "drop-casts",
    "reduce-l2",
    "symbolic-batch",
    "name-nodes",
    "assert-static",
)


class ClipOptions(Options):
    """What a recipe may say under ``model.options``."""

    normalize: Literal["outside", "inside"] = Field(
        "outside", description="Where embeddings are brought to unit length: on the host (exact), or in the graph."
    )
    labels: Path | None = Field(
        None, description="A file with one label a line: their embeddings are baked into an image-only bundle."
    )
    template: str = Field("a photo of a {}", description="The text of a label; {} stands for it.")

    @field_validator("template")
    @classmethod
    def _one_place(cls, template: str) -> str:
        if template.count("{}") != 1:
            raise ValueError("must hold {} once; allowed: a text such as `a photo of a {}`")
        return template


class Clip(Model):
    """transformers' CLIPModel: OpenAI's, LAION's, and any other checkpoint of that type."""

    NAME = "clip"
    Options = ClipOptions
    DEVICE = "ascendc_plugins.clip.device"
    options: ClipOptions

    def __init__(self, source: Source, options: ClipOptions) -> None:
        """See `Model`; the labels are read at once, so that a wrong file is told before anything is built."""
        super().__init__(source, options)
        self._labels = Labels.read(options.labels) if options.labels else None
        self._clips: dict[tuple[Weights, str], CLIPModel] = {}

    # -- what it is -------------------------------------------------------------------------------------------

    def parts(self) -> tuple[Part, ...]:
        """``image`` and ``text``; with labels, ``image`` alone."""
        side, width = self._architecture.image_size, self._architecture.dimensions
        picture = pixels.image(self._pixels, side, self.source.id)
        image = Part(
            "image",
            (Tensor("pixel_values", "float32", ("batch", 3, side, side), picture),),
            (Tensor("image_embeds", "float32", ("batch", width)),),
        )
        text = Part(
            "text",
            (Tensor("input_ids", "int32", ("batch", self._architecture.context_length)),),
            (Tensor("text_embeds", "float32", ("batch", width)),),
        )
        return (image,) if self._labels else (image, text)

    def files(self, weights: Weights) -> tuple[Path, ...]:
        """The checkpoint's files that are read, and the labels; a hub's `main` may move, and its content with it."""
        labels = (self.options.labels,) if self.options.labels else ()
        described = self._described or (fetch(self._origin, DESCRIPTION) if weights.kind == "pretrained" else None)
        if described is None:
            return labels
        return (*local_files(described if weights.kind == "random" else weights_folder(self._origin)), *labels)

    def fixes(self, part: str) -> tuple[Use, ...]:
        """What every Ascend needs of either tower."""
        pooling = Use.of("class-token") if part == "image" else Use.of("eos-pool", eos=self._end_of_text)
        return (Use.of("fold-constants"), pooling, *map(Use.of, _BOTH_TOWERS))

    def atc(self, part: str, target: PartTarget) -> AtcHints:
        """Small channels for the patch convolution behind AIPP; the fast Gelu where the tower has a Gelu."""
        image = part == "image"
        activation = self._architecture.image_activation if image else self._architecture.text_activation
        return AtcHints(
            input_format="NCHW" if image else "ND",
            small_channel=image and target.aipp != "none",
            high_performance_ops=("Gelu",) if activation == _ERF_GELU else (),
        )

    def notes(self, weights: Weights) -> tuple[str, ...]:
        """That the tokenizer is made up, where it is and travels."""
        if self._labels or not self._stands_in(weights):
            return ()
        return ("the tokenizer has CLIP's special ids but no merges: every byte of a text is a token",)

    # -- the heavy call ---------------------------------------------------------------------------------------

    def module(self, part: str, weights: Weights, attention: Attention = "eager") -> torch.nn.Module:
        """One tower of a CLIPModel. Weights that are no file's (random ones, half precision) are made once."""
        if part not in ("image", "text"):
            raise UsageError("ASC1335", f"CLIP has no part `{part}`; allowed: image, text")
        from .towers import Tower

        return Tower(self._clip(weights, attention), part, normalize=self.options.normalize == "inside").eval()

    def release(self) -> None:
        """Forget the CLIPModel."""
        self._clips.clear()

    def _clip(self, weights: Weights, attention: Attention = "eager") -> CLIPModel:
        from .towers import build

        key = (weights, attention)
        if key in self._clips:
            return self._clips[key]
        clip, mapped = build(self._origin, dict(self._architecture.raw), weights, attention)
        # Mapped again in no time, and until then its pages do not count as this process's memory.
        self._clips = {} if mapped else {key: clip}
        return clip

    # -- inputs and verdicts ----------------------------------------------------------------------------------

    def samples(self, n: int, seed: int) -> Samples:
        """Drawn shapes of many sizes, mostly oblong, and texts of many lengths about them."""
        from .shapes import drawings

        drawn = list(drawings(n, seed))
        texts = tuple(_TEMPLATES[i % len(_TEMPLATES)].format(caption) for i, (_, caption) in enumerate(drawn))
        return Samples(tuple(picture for picture, _ in drawn), texts)

    def inputs(self, part: str, samples: Samples, weights: Weights) -> Arrays:
        """By transformers' own processor and tokenizer.

        Raises:
            UsageError: there are no pictures or texts (ASC1336).
        """
        given = samples.images if part == "image" else samples.texts
        if not given:
            raise UsageError("ASC1336", f"part `{part}` of CLIP needs {'pictures' if part == 'image' else 'texts'}")
        if part == "text":
            return {"input_ids": self._tokenizer(weights).batch(samples.texts)}
        batch = pixels.processor(self._pixels)(
            list(samples.images), return_tensors="np", input_data_format="channels_last"
        )
        return {"pixel_values": np.ascontiguousarray(batch["pixel_values"], np.float32)}

    def judge(self, reference: Mapping[str, Arrays], candidate: Mapping[str, Arrays]) -> Judgement:
        """Zero-shot agreement; see `zeroshot`."""
        first = {part: next(iter(outputs.values())) for part, outputs in reference.items()}
        return zeroshot.judge(first, {part: next(iter(outputs.values())) for part, outputs in candidate.items()})

    # -- the bundle -------------------------------------------------------------------------------------------

    def assets(self, folder: Path, weights: Weights) -> None:
        """preprocess.json, clip.json, and tokenizer.json or labels.npz."""
        picture = pixels.image(self._pixels, self._architecture.image_size, self.source.id)
        (folder / "preprocess.json").write_text(picture.to_json(), encoding="utf-8")
        from .towers import identity

        tokenizer, clip = self._tokenizer(weights), self._clip(weights)
        frame = {
            "context_length": self._architecture.context_length,
            "bos": tokenizer.bos,
            "eos": tokenizer.eos,
            "pad": tokenizer.pad,
            "logit_scale": float(clip.logit_scale.detach().exp()),
            "input_dtype": "int32",
            "model": identity(clip),
        }
        _write(folder / "clip.json", frame)
        if self._labels:
            self._labels.embed(clip, tokenizer, self.options.template).save(folder / "labels.npz")
        else:
            tokenizer.save(folder / "tokenizer.json")

    # -- inside -----------------------------------------------------------------------------------------------

    @property
    def _origin(self) -> Source:
        """The source by its full name."""
        return replace(self.source, id=known.hub_id(self.source.id))

    @cached_property
    def _described(self) -> Path | None:
        """The folder with the checkpoint's small files; None: known by name, nothing need be there."""
        return None if self._origin.id in known.CONFIGS else fetch(self._origin, DESCRIPTION)

    @cached_property
    def _architecture(self) -> Architecture:
        if self._described is None:
            return Architecture.of(known.CONFIGS[self._origin.id], self._origin.id)
        return Architecture.read(self._described)

    @cached_property
    def _pixels(self) -> dict[str, Any]:
        side = self._architecture.image_size
        return pixels.defaults(side) if self._described is None else pixels.read(self._described, side)

    @cached_property
    def _end_of_text(self) -> int:
        if self._architecture.eos != _LARGEST_ID:
            return self._architecture.eos
        own = None if self._described is None else end_of_text(self._described)
        return self._architecture.vocabulary - 1 if own is None else own

    def _stands_in(self, weights: Weights) -> bool:
        """Whether the tokenizer is made up: nothing need be downloaded for random weights."""
        return weights.kind == "random" and self._described is None

    def _tokenizer(self, weights: Weights) -> Tokenizer:
        length = self._architecture.context_length
        if self._stands_in(weights):
            return Tokenizer.stand_in(length)
        return Tokenizer.read(self._described or fetch(self._origin, DESCRIPTION), length)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(f"{json.dumps(content, indent=2)}\n", encoding="utf-8")
