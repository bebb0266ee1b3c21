"""What a caller of an OM sees: inputs, outputs, gears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Port:
    """An input or an output, as pyACL reports it."""

    name: str
    shape: tuple[int, ...] | None
    """-1 where gears, or open shapes, leave it to the caller; null if unknown."""
    dtype: str | None
    format: str | None
    """``NCHW``, ``ND``…"""
    size: int | None = None
    """Bytes of the buffer, of the largest gear; null if unknown."""


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
