"""From what a model's preprocessor does to the block that has the chip do it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ascendc.cann.aipp import csc, table
from ascendc.cann.aipp.op import BIASES, MATRIX, AippOp

Source = Literal["rgb", "bgr", "rgbx", "bgrx", "xrgb", "xbgr", "nv12", "nv21"]
"""How pixels lie in memory, byte by byte; nv12: a plane of Y, then rows of U and V in turn; nv21: of V and U."""

Standard = Literal["bt601", "bt709"]
Range = Literal["full", "narrow"]

SOURCES: dict[Source, tuple[str, bool, bool]] = {
    "rgb": ("RGB888_U8", False, False),
    "bgr": ("RGB888_U8", True, False),
    "rgbx": ("XRGB8888_U8", False, False),
    "bgrx": ("XRGB8888_U8", True, False),
    "xrgb": ("XRGB8888_U8", False, True),
    "xbgr": ("XRGB8888_U8", True, True),
    "nv12": ("YUV420SP_U8", False, False),
    "nv21": ("YUV420SP_U8", True, False),
}
"""Each with its ``input_format``, ``rbuv_swap_switch`` and ``ax_swap_switch``."""

MOST_SOURCE = 4096
"""Pixels: the largest ``src_image_size_w`` and ``src_image_size_h`` (CANN 8.1)."""

LEAST_WIDTH = 2


@dataclass(frozen=True)
class Preprocessor:
    """What becomes of a picture after it was resized and cropped: (pixel / 255 - mean) / std, in RGB."""

    height: int
    width: int
    mean: tuple[float, float, float]
    """Per channel, RGB, of pixels scaled to 0..1."""
    std: tuple[float, float, float]


def derive(
    preprocessor: Preprocessor,
    source: Source = "rgb",
    *,
    standard: Standard = "bt601",
    range: Range = "full",
    rank: int = 0,
) -> AippOp:
    """The static block that gives a model of RGB what its preprocessor would.

    Means go into ``min_chn_*`` (float): ``mean_chn_*`` is int32, and a fraction there is a parse error (E13018).

    Args:
        preprocessor: of the model.
        source: how the pixels that a program hands over lie in memory.
        standard: of the YUV of nv12 and nv21; what JPEG decoders give is BT.601.
        range: likewise; what JPEG decoders give is full.
        rank: which graph input, from 0. With ONNX the input's name is refused (E10052).
    """
    name, swap, shift = SOURCES[source]
    red, green, blue = (mean * 255 for mean in preprocessor.mean)
    factors = tuple(1 / (255 * deviation) for deviation in preprocessor.std)
    op = AippOp(
        aipp_mode="static",
        related_input_rank=rank,
        input_format=name,
        rbuv_swap_switch=swap,
        ax_swap_switch=shift,
        src_image_size_w=preprocessor.width,
        src_image_size_h=preprocessor.height,
        min_chn_0=red,
        min_chn_1=green,
        min_chn_2=blue,
        var_reci_chn_0=factors[:1],
        var_reci_chn_1=factors[1:2],
        var_reci_chn_2=factors[2:],
    )
    return convert(op, csc.published("YUV", "RGB", standard, range)) if name == "YUV420SP_U8" else op


def convert(op: AippOp, conversion: table.Conversion) -> AippOp:
    """The block with a published colour conversion: all nine coefficients, and the biases that count."""
    coefficients = dict(zip(MATRIX, ((value,) for row in conversion.matrix for value in row), strict=True))
    given = (*(conversion.input_bias or ()), *(conversion.output_bias or ()))
    names = [name for name in BIASES if getattr(conversion, name[:-2]) is not None]
    biases = dict(zip(names, ((value,) for value in given), strict=True))
    return replace(op, csc_switch=True, **coefficients, **biases)  # type: ignore[arg-type]  # names of int fields
