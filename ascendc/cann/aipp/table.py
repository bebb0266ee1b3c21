"""What AIPP's fields, pixel formats, chips and colour conversions are: ``data/aipp.json``, typed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

_DATA = Path(__file__).parents[1] / "data" / "aipp.json"

Kind = Literal["bool", "int32", "uint32", "float", "string", "mode", "format"]

MODES = {"undefined": 0, "static": 1, "dynamic": 2}
"""Values of ``aipp_mode`` and their numbers (GE, insert_op.proto)."""


@dataclass(frozen=True)
class Field:
    """One field of an ``aipp_op`` block."""

    name: str
    kind: Kind
    repeated: bool
    """As declared; GE takes one value at most of all but ``input_edge_idx``."""
    modes: Literal["both", "static", "dynamic"]
    """The modes in which it counts."""
    low: int | None
    """Least value that is accepted where the field counts."""
    high: int | None
    """Largest."""
    default: float | bool | str | None
    """What holds without it; None: it depends, or there must be one."""
    ignored: bool
    """Accepted, and read by nothing."""
    effect: str
    """In our words; empty where there is none."""


@dataclass(frozen=True)
class PixelFormat:
    """One value of ``input_format``."""

    name: str
    number: int
    """By which a file may name it too."""
    channels: int
    """That the kernel loads: 4 for XRGB8888_U8, though one of them is dropped."""
    bytes_per_pixel: float | None
    """1.5 for YUV420SP_U8; None where nothing says."""
    documented: bool
    """Whether documents offer it; the others are in the parser only."""


@dataclass(frozen=True)
class Family:
    """A generation of chips, as far as AIPP is concerned."""

    short: str
    """``Ascend310P``."""
    formats: tuple[str, ...]
    odd_crop: bool
    """Whether YUV420SP_U8 may be cut at an odd row or column."""
    most_padded_width: int | None
    """Columns after padding that CANN 8.1 takes; None: it does not look."""
    documented_width: int | None
    """What newer documents say of the same; None: nothing."""
    arithmetic: Literal["fp16", "fp32"] | None
    """Of normalisation; None: not known."""
    resize: bool
    row_bytes: int
    """What the bytes of a row of the source must be a multiple of."""
    most_raw_shift: int
    dynamic: bool
    """Whether the kernel of dynamic AIPP in CANN 8.1 lists it."""


@dataclass(frozen=True)
class Conversion:
    """One published colour conversion: rows of the matrix are output channels."""

    source: str
    """``YUV``, ``RGB`` or ``BGR``, after the swap."""
    target: str
    standard: Literal["bt601", "bt709"] | None
    range: Literal["narrow", "full"] | None
    """narrow: luma 16 to 235 (video); full: 0 to 255 (JPEG)."""
    matrix: tuple[tuple[int, ...], ...]
    """256 times the coefficients."""
    input_bias: tuple[int, ...] | None
    """None: not used."""
    output_bias: tuple[int, ...] | None

    def __str__(self) -> str:
        """``YUV→RGB BT.601 full range``."""
        standard = f" BT.{self.standard.removeprefix('bt')} {self.range} range" if self.standard else ""
        return f"{self.source}→{self.target}{standard}"


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))
    return data


@cache
def fields() -> dict[str, Field]:
    """Every field by its name, in the order in which a file is written."""
    return {record["name"]: Field(**record) for record in _data()["fields"]}


@cache
def formats() -> dict[str, PixelFormat]:
    """Every pixel format by its name."""
    return {record["name"]: PixelFormat(**record) for record in _data()["formats"]}


@cache
def families() -> dict[str, Family]:
    """Every generation with static AIPP by its short name, as `ascendc.cann.soc.Soc.short` has it."""
    return {
        record["short"]: Family(**{**record, "formats": tuple(record["formats"])}) for record in _data()["families"]
    }


@cache
def conversions() -> tuple[Conversion, ...]:
    """The published colour conversions."""

    def known(values: list[int] | None) -> tuple[int, ...] | None:
        return None if values is None else tuple(values)

    return tuple(
        Conversion(
            record["source"],
            record["target"],
            record["standard"],
            record["range"],
            tuple(map(tuple, record["matrix"])),
            known(record["input_bias"]),
            known(record["output_bias"]),
        )
        for record in _data()["conversions"]
    )
