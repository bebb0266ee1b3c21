"""What a program hands over to a block: a picture, scaled on the host and laid out as the block wants it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ascendc.cann.aipp import csc
from ascendc.cann.aipp.derive import SOURCES
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from ascendc.cann.aipp.derive import Range, Source, Standard
    from ascendc.cann.aipp.op import AippOp
    from ascendc.runtime import Preprocessing

    Pixels = npt.NDArray[np.uint8]

_USUAL: dict[str, Source] = {"RGB888_U8": "rgb", "XRGB8888_U8": "rgbx", "YUV420SP_U8": "nv12"}
"""Layouts where none is named: what a block without swaps takes."""


@dataclass(frozen=True)
class Handed:
    """A picture as it is handed over."""

    packed: Pixels
    colours: npt.NDArray[np.float64]
    """Height × width × 3 of RGB, 0 to 255: what these bytes mean, before any arithmetic of the chip."""
    said: str
    """Layout, bytes, and how the picture was scaled, in words."""


def hand(
    op: AippOp,
    image: Path,
    size: tuple[int, int],
    wanted: Preprocessing | None,
    source: Source | None,
    yuv: tuple[Standard, Range] | None,
) -> Handed:
    """Scale the picture to the source's `size` (height, width), and lay it out.

    Raises:
        UsageError: the picture cannot be read (ASC2210), or the block does not take `source` (ASC2212).
    """
    host = _host(wanted, *size)
    pixels = _pixels(host, image)
    packed, colours, layout = _packed(op, pixels, source, yuv)
    cut = "both sides" if host.resize == "squash" else f"the shorter side to {host.resize_to}, the centre cut out"
    scaled = f"{image} scaled ({host.interpolation}, {cut})"
    return Handed(
        packed, colours, f"{op.input_format} {host.height}×{host.width}, {packed.size} bytes, {layout}; {scaled}"
    )


def _host(wanted: Preprocessing | None, height: int, width: int) -> Preprocessing:
    """How the host scales a picture to the source size: as the model wants it, with a larger centre where AIPP cuts."""
    from ascendc.runtime import Preprocessing

    if wanted is None:
        return Preprocessing(height, width, "shortest-edge", max(height, width), "bicubic", (0.0,) * 3, (1.0,) * 3)
    short = max(wanted.resize_to or max(wanted.height, wanted.width), height, width)
    return replace(wanted, height=height, width=width, resize_to=short)


def _pixels(host: Preprocessing, image: Path) -> Pixels:
    from ascendc.runtime import InputError

    try:
        return host.pixels(str(image))
    except InputError as error:
        raise UsageError("ASC2210", str(error)) from error


def _packed(
    op: AippOp, pixels: Pixels, source: Source | None, yuv: tuple[Standard, Range] | None
) -> tuple[Pixels, npt.NDArray[np.float64], str]:
    """The bytes, the colours that they mean, and how they lie in memory, in words."""
    from ascendc.cann.aipp.pack import grey, pack, unpack

    if op.input_format == "YUV400_U8":
        return grey(pixels), pixels.astype("float64"), "grey as BT.601 full range"
    chosen = source or ("xrgb" if op.ax_swap_switch else _USUAL[op.input_format])
    if SOURCES[chosen][0] != op.input_format:
        allowed = ", ".join(name for name, (known, _, _) in SOURCES.items() if known == op.input_format)
        raise UsageError("ASC2212", f"--source must not be {chosen}: the block wants {op.input_format} ({allowed})")
    if op.input_format != "YUV420SP_U8":
        return pack(pixels, chosen), pixels.astype("float64"), f"bytes {chosen.upper()}"
    found = csc.recognise(op) if op.csc_switch else None
    of_matrix = (found.standard, found.range) if found is not None else (None, None)
    standard, range = yuv or (of_matrix[0] or "bt601", of_matrix[1] or "full")
    packed = pack(pixels, chosen, standard, range)
    return packed, unpack(packed, chosen, standard, range), f"{chosen} of BT.{standard[2:]} {range} range"
