"""The contract of a model plugin: what it says about a model, as data, and the few heavy things it can do.

A plugin subclasses `Model` and registers the class by the hook ``ascendc_register_models``. It is built from
a source and validated options; it may read configuration files then, never weights, never torch. The one heavy
call is `Model.module`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import torch

    from ascendc.target import PartTarget, Target

    Array = npt.NDArray[Any]
    Arrays = Mapping[str, Array]

Json = None | bool | int | float | str | tuple["Json", ...]
"""An option's value: what YAML can say, with tuples for lists so that specs stay hashable."""


@dataclass(frozen=True)
class Image:
    """How a picture becomes an image input: AIPP, samples and host preprocessing all derive from this."""

    height: int
    width: int
    mean: tuple[float, float, float]
    """Per channel, RGB, of pixels scaled to 0..1."""
    std: tuple[float, float, float]
    resize: Literal["shortest-edge", "squash"] = "shortest-edge"
    """`shortest-edge`: scale so that the shorter side fits `resize_to`, then crop the centre. `squash`: scale both."""
    resize_to: int | None = None
    """Length of the shorter side after scaling, before the crop; None: the input's own size."""
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"

    def to_json(self, input: str | None = None) -> str:
        """The text of ``preprocess.json``, by which a device half prepares pictures.

        Args:
            input: name of the image input; None where the device half knows it.
        """
        return json.dumps({**asdict(self), "input": input}, indent=1) + "\n"


@dataclass(frozen=True)
class Tensor:
    """A graph input or output."""

    name: str
    dtype: str
    """numpy's name: ``float32``, ``int32``, ``uint8``…"""
    shape: tuple[int | str, ...]
    """Symbolic axes are strings; the first is ``"batch"`` where the part is batched."""
    image: Image | None = None
    """Set on inputs that hold pictures (NCHW, float)."""


@dataclass(frozen=True)
class Part:
    """One graph of the model (CLIP: ``image``, ``text``)."""

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True)
class Use:
    """A graph pass by name, with its options: what plugins return and what enters the key."""

    name: str
    options: tuple[tuple[str, Json], ...] = ()

    @classmethod
    def of(cls, name: str, /, **options: Json) -> Use:
        """``Use.of("eos-pool", eos=49407)``."""
        return cls(name, tuple(sorted(options.items())))


@dataclass(frozen=True)
class Source:
    """Where a model comes from."""

    id: str
    """A name the plugin knows, a hub id (``openai/clip-vit-base-patch32``) or a local path."""
    revision: str | None = None
    """Branch, tag or commit of a hub id."""


@dataclass(frozen=True)
class Weights:
    """Which weights a module gets."""

    kind: Literal["pretrained", "random"] = "pretrained"
    seed: int = 0
    """For random weights."""
    allow_pickle: bool = False
    """Whether full pickles may be loaded: they can run code."""


Attention = Literal["eager", "sdpa"]
"""How the module computes attention while it is exported; eager gives the pattern that ATC fuses."""


@dataclass(frozen=True)
class Samples:
    """Raw inputs, before any preprocessing, so that preprocessing is tested too."""

    images: tuple[npt.NDArray[np.uint8], ...] = ()
    """RGB, uint8, height × width × 3, any size."""
    texts: tuple[str, ...] = ()
    arrays: tuple[Mapping[str, Array], ...] = ()
    """For models whose inputs are neither: one mapping of input name to array (no batch axis) per sample."""


@dataclass(frozen=True)
class AtcHints:
    """What a plugin knows that ATC should be told about a part."""

    input_format: Literal["NCHW", "ND"] = "ND"
    small_channel: bool = False
    """``--enable_small_channel=1``: first convolution with at most 4 channels, behind static AIPP."""
    high_performance_ops: tuple[str, ...] = ()
    """``--optypelist_for_implmode`` with ``--op_select_implmode=high_performance``."""


@dataclass(frozen=True)
class Judgement:
    """A plugin's task-level verdict on candidate outputs against reference outputs."""

    ok: bool
    summary: str
    """One line for the table: ``top-1 agrees on 14 of 14``."""
    figures: tuple[tuple[str, float], ...] = ()


class Options(BaseModel):
    """Base of every plugin's options: unknown keys are errors. A `Path` is a file or folder that must exist."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_Options = Options  # inside `Model` the name is the class attribute


class Model(ABC):
    """A model, described. Subclass it, set the three class attributes, write the abstract methods."""

    NAME: ClassVar[str]
    """The name recipes use."""
    Options: ClassVar[type[_Options]] = Options
    """Validated before the model is built."""
    DEVICE: ClassVar[str]
    """Dotted name of the package copied to the board (``ascendc_plugins.clip.device``)."""

    def __init__(self, source: Source, options: _Options) -> None:
        self.source = source
        self.options = options

    @property
    def title(self) -> str:
        """How messages call the plugin."""
        return f"model plugin `{self.NAME}`"

    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """Every graph this model has. Cheap: reads configuration at most."""

    def module(self, part: str, weights: Weights, attention: Attention = "eager") -> torch.nn.Module:
        """The torch module of a part, in eval mode: the one heavy call.

        Its forward takes the part's inputs in order and returns its outputs in order (a tensor, or a tuple).
        Called several times for one build: keep what was costly to load, until `release`. Weights that are mapped from
        a checkpoint cost nothing to map again. The module may be run by one thread while another traces it.
        """
        raise NotImplementedError(f"{type(self).__name__} has neither a module nor an ONNX file for {part!r}")

    def release(self) -> None:  # noqa: B027 - most models have nothing to forget
        """Forget what `module` loaded: no call of this build needs it any more, and others need the memory."""

    def onnx(self, part: str) -> Path | None:
        """An ONNX file to enter at `fix` instead of exporting `module`."""
        del part
        return None

    def files(self, weights: Weights) -> tuple[Path, ...]:
        """Files that the graph and the assets are made from, brought here if need be; their digests enter the key."""
        del weights
        return ()

    def fixes(self, part: str) -> tuple[Use, ...]:
        """Portable passes, in order; they run once per part."""
        del part
        return ()

    def lowering(self, part: str, target: Target) -> tuple[Use, ...]:
        """Passes for one SoC, batch or precision; they run after `fixes`."""
        del part, target
        return ()

    def atc(self, part: str, target: PartTarget) -> AtcHints:
        """Hints for the ATC command of a part."""
        del part, target
        return AtcHints()

    @abstractmethod
    def samples(self, n: int, seed: int) -> Samples:
        """`n` raw samples, deterministic in `seed`."""

    @abstractmethod
    def inputs(self, part: str, samples: Samples, weights: Weights) -> Arrays:
        """The part's inputs for `samples`, batched, by the reference preprocessing (not by the device half).

        `weights` tells a tokenizer that comes with a checkpoint from one that stands in for it.
        """

    @abstractmethod
    def judge(self, reference: Mapping[str, Arrays], candidate: Mapping[str, Arrays]) -> Judgement:
        """The task-level verdict; both arguments map part → output name → array over the samples."""

    def assets(self, folder: Path, weights: Weights) -> None:
        """Write what the device half needs (tokenizer.json, preprocess.json, labels…) into `folder`."""
        del folder, weights

    def notes(self, weights: Weights) -> tuple[str, ...]:
        """What the bundle's reader must know; that weights are random is said without it."""
        del weights
        return ()
