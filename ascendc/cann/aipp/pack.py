"""RGB pixels laid out as a program would hand them over to a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ascendc.cann.aipp.derive import SOURCES, Range, Source, Standard

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

_KR_KB = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}
"""Weights of red and blue in luma (ITU-R BT.601 and BT.709)."""


def pack(pixels: Pixels, source: Source, standard: Standard = "bt601", range: Range = "full") -> Pixels:
    """One picture of RGB, height × width × 3, as `source` has it in memory.

    A fourth byte is 255. Chroma of nv12 and nv21 is the mean of two by two pixels; sides must be even then.

    Returns:
        height × width × 3 or 4; for nv12 and nv21 1.5 height × width.
    """
    import numpy as np

    name = SOURCES[source][0]
    if name == "YUV420SP_U8":
        return _semi_planar(pixels, standard, range, swapped=source == "nv21")
    colours = pixels[..., ::-1] if source in ("bgr", "bgrx", "xbgr") else pixels
    if name == "RGB888_U8":
        return np.ascontiguousarray(colours)
    filler = np.full_like(pixels[..., :1], 255)
    return np.concatenate([filler, colours] if source in ("xrgb", "xbgr") else [colours, filler], axis=-1)


def unpack(packed: Pixels, source: Source, standard: Standard, range: Range) -> npt.NDArray[np.float64]:
    """The RGB that one picture of nv12 or nv21 means by the standard, in float: height × width × 3, 0 to 255."""
    import numpy as np

    height, width = packed.shape[0] * 2 // 3, packed.shape[1]
    luma, chroma, least = (219, 224, 16) if range == "narrow" else (255, 255, 0)
    y = (packed[:height] - np.float64(least)) / luma
    pairs = packed[height:].reshape(height // 2, width // 2, 2)[..., :: -1 if source == "nv21" else 1]
    u, v = np.moveaxis((pairs.repeat(2, 0).repeat(2, 1) - np.float64(128)) / chroma, -1, 0)
    red_weight, blue_weight = _KR_KB[standard]
    red, blue = y + (2 - 2 * red_weight) * v, y + (2 - 2 * blue_weight) * u
    green = (y - red_weight * red - blue_weight * blue) / (1 - red_weight - blue_weight)
    colours: npt.NDArray[np.float64] = np.clip(np.stack([red, green, blue], axis=-1) * 255, 0, 255)
    return colours


def grey(pixels: Pixels) -> Pixels:
    """One picture of RGB as luma of BT.601, full range: height × width."""
    import numpy as np

    luma: Pixels = np.rint(_yuv(pixels, "bt601")[..., 0] * 255).astype(np.uint8)
    return luma


def _semi_planar(pixels: Pixels, standard: Standard, range: Range, *, swapped: bool) -> Pixels:
    import numpy as np

    height, width = pixels.shape[:2]
    yuv = _yuv(pixels, standard)
    luma, chroma, least = (219, 224, 16) if range == "narrow" else (255, 255, 0)
    y = yuv[..., 0] * luma + least
    uv = yuv[..., 1:].reshape(height // 2, 2, width // 2, 2, 2).mean(axis=(1, 3)) * chroma + 128
    uv = uv[..., ::-1] if swapped else uv
    planes = np.concatenate([y, uv.reshape(height // 2, width)])
    packed: Pixels = np.clip(np.rint(planes), 0, 255).astype(np.uint8)
    return packed


def _yuv(pixels: Pixels, standard: Standard) -> Any:
    """Y in 0..1, U and V in -0.5..0.5."""
    import numpy as np

    red_weight, blue_weight = _KR_KB[standard]
    red, green, blue = np.moveaxis(pixels / 255.0, -1, 0)
    y = red_weight * red + (1 - red_weight - blue_weight) * green + blue_weight * blue
    return np.stack([y, (blue - y) / (2 - 2 * blue_weight), (red - y) / (2 - 2 * red_weight)], axis=-1)
