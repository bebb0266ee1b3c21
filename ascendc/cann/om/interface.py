"""What a caller of an OM sees: inputs, outputs, gears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GEAR_KINDS: dict[int, Literal["batch", "image", "dims"]] = {1: "batch", 2: "image", 3: "dims"}
"""By the number that a Case, and an OM2, has for them."""


@dataclass(frozen=True)
class AnyPort:
    """An input or an output, of whatever file."""

    name: str
    shape: tuple[int | str, ...] | None
    """-1 where an OM leaves it to the caller; a name, or ?, where an ONNX file does; null if unknown."""
    dtype: str | None
    """numpy's name."""
    format: str | None
    """``NCHW``, ``ND``…; an ONNX file does not say."""
    size: int | None = None
    """Bytes of the buffer, of the largest gear; null if unknown."""


@dataclass(frozen=True)
class Port(AnyPort):
    """An input or an output of an OM, as pyACL reports it: its axes are numbers."""

    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Gears:
    """The sizes that one OM was compiled for."""

    kind: Literal["batch", "image", "dims"]
    """By which of ATC's options: ``--dynamic_batch_size``, ``--dynamic_image_size``, ``--dynamic_dims``."""
    values: tuple[tuple[int, ...], ...]
    """One tuple a gear: a batch size; height and width; or the value of every axis that is -1, input by input."""


@dataclass(frozen=True)
class Interface:
    """All of it."""

    inputs: tuple[Port, ...]
    """Those that ATC adds (gears, dynamic AIPP) included."""
    outputs: tuple[Port, ...]
    gears: Gears | None = None
