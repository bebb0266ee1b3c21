"""What AIPP computes, step by step and rounded as the chip would: emulated from documents and kernel sources.

Nothing here was compared with a device. Open points: colour conversion may differ by 1 of 255 in rounding; that it
saturates rather than wraps is assumed; how chroma pairs after a crop at an odd position is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ascendc.cann.aipp import csc, table
from ascendc.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ascendc.cann.aipp.op import AippOp
    from ascendc.cann.soc import Soc

    Pixels = npt.NDArray[np.uint8]

SHAPES = {
    "RGB888_U8": "batch×height×width×3",
    "XRGB8888_U8": "batch×height×width×4",
    "YUV400_U8": "batch×height×width",
    "YUV420SP_U8": "batch×1.5 height×width",
}
"""What is emulated, and how its bytes lie."""


def emulate(
    op: AippOp, source: bytes | Pixels, soc: Soc, network: tuple[int, int] | None = None
) -> npt.NDArray[np.float16]:
    """What the network gets.

    Args:
        op: a static block that ATC accepts.
        source: pixels as a program hands them over: `SHAPES`, one or more pictures.
        soc: decides how normalisation rounds.
        network: height and width of its input, which hold where the block says no source or crop size.

    Returns:
        Batch × channels × height × width; one channel after grey or a conversion to grey, else three.

    Raises:
        UsageError: the block or the SoC cannot be emulated (ASC2205), or there are not as many bytes as the block
            wants (ASC2206).
    """
    import numpy as np

    levels = normalised(op, soc)
    height, width = op.src_image_size_h or (network or (0, 0))[0], op.src_image_size_w or (network or (0, 0))[1]
    if not height or not width:
        raise UsageError("ASC2205", "the block says no source size, and so the network's size must be given")
    data = _batched(op, source, height, width)
    pixels = _loaded(op, data, height, _cut(op, height, width, network))
    if op.csc_switch:
        pixels = _converted(op, pixels)
    values = np.stack([levels[channel][pixels[..., channel]] for channel in range(pixels.shape[-1])], axis=1)
    if not op.padding:
        return values
    top, bottom, left, right = (
        op.top_padding_size,
        op.bottom_padding_size,
        op.left_padding_size,
        op.right_padding_size,
    )
    border = ((0, 0), (0, 0), (top, bottom), (left, right))
    with np.errstate(over="ignore"):
        return np.pad(values, border, constant_values=np.float16(op.padding_value))


def normalised(op: AippOp, soc: Soc) -> npt.NDArray[np.float16]:
    """What becomes of each of the 256 values of a channel: 4 × 256.

    On 310, 310P, 610, 910 and 910B every step is rounded to fp16; 310B and its kin take mean and minimum together and
    round to fp16 once, at the end (kernel of CANN 8.1, get_spr2_spr9).

    Raises:
        UsageError: the block cannot be emulated on this SoC (ASC2205).
    """
    import numpy as np

    arithmetic = require(op, soc)
    levels = np.arange(256)
    with np.errstate(over="ignore", invalid="ignore"):
        if arithmetic == "fp32":
            both = [np.float32(np.float32(m) + np.float32(least)) for m, least in zip(op.mean, op.minimum, strict=True)]
            return np.stack(
                [
                    ((levels.astype(np.float32) - less) * np.float32(factor)).astype(np.float16)
                    for less, factor in zip(both, op.reciprocal, strict=True)
                ]
            )
        # numpy computes fp16 in fp32 and rounds once, to nearest even: for these operations that is fp16's own result
        return np.stack(
            [
                ((levels - mean).astype(np.float16) - np.float16(least)) * np.float16(factor)
                for mean, least, factor in zip(op.mean, op.minimum, op.reciprocal, strict=True)
            ]
        )


def require(op: AippOp, soc: Soc) -> Literal["fp16", "fp32"]:
    """How the SoC rounds.

    Raises:
        UsageError: that is not known, or the block cannot be emulated (ASC2205).
    """
    arithmetic = table.families()[soc.short].arithmetic if soc.static_aipp else None
    wrong = _not_emulated(op)
    if arithmetic is None:
        wrong = f"how {soc.name} rounds is not known; allowed: Ascend310, 310P, 310B, 610, 910 and their kin"
    if wrong or arithmetic is None:
        raise UsageError("ASC2205", f"the block cannot be emulated: {wrong}")
    return arithmetic


def _not_emulated(op: AippOp) -> str | None:
    if op.aipp_mode != "static":
        return "aipp_mode must be static"
    if op.input_format not in SHAPES:
        return f"input_format must be one of {', '.join(SHAPES)}"
    return "resize must be false" if op.resize else None


def _batched(op: AippOp, source: bytes | Pixels, height: int, width: int) -> Pixels:
    """Batch × bytes of a picture."""
    import numpy as np

    data = np.frombuffer(source, np.uint8) if isinstance(source, bytes) else source
    known = table.formats()[op.input_format]
    each = int(height * width * float(known.bytes_per_pixel or 0))
    if data.dtype != np.uint8 or data.size == 0 or data.size % each:
        raise UsageError(
            "ASC2206",
            f"the source must be uint8, {each} bytes a picture ({op.input_format}, {height}×{width}: "
            f"{SHAPES[op.input_format]}), not {data.size} of {data.dtype}",
        )
    return data.reshape(-1, each)


def _cut(op: AippOp, height: int, width: int, network: tuple[int, int] | None) -> tuple[int, int, int, int]:
    """Top, left, height and width of what is loaded."""
    if not op.crop:
        return 0, 0, height, width
    tall, wide = network or (height, width)
    return op.load_start_pos_h, op.load_start_pos_w, op.crop_size_h or tall, op.crop_size_w or wide


def _loaded(op: AippOp, data: Pixels, height: int, cut: tuple[int, int, int, int]) -> Pixels:
    """Batch × height × width × channels, cut and swapped: three channels, or one of grey."""
    import numpy as np

    top, left, tall, wide = cut
    rows, columns = slice(top, top + tall), slice(left, left + wide)
    if op.input_format == "YUV420SP_U8":
        planes = data.reshape(len(data), height * 3 // 2, -1)
        # Each pair of U and V serves two columns of two rows, counted from where the crop begins.
        row = height + top // 2 + np.arange(tall) // 2
        column = left // 2 * 2 + np.arange(wide) // 2 * 2
        first, second = (planes[:, row[:, None], column + byte] for byte in (0, 1))
        u, v = (second, first) if op.rbuv_swap_switch else (first, second)
        return np.stack([planes[:, rows, columns], u, v], axis=-1)
    channels = {"RGB888_U8": 3, "XRGB8888_U8": 4, "YUV400_U8": 1}[op.input_format]
    pixels = data.reshape(len(data), height, -1, channels)[:, rows, columns]
    if channels == 4:
        pixels = pixels[..., 1:] if op.ax_swap_switch else pixels[..., :3]
    return pixels[..., ::-1] if op.rbuv_swap_switch else pixels


def _converted(op: AippOp, pixels: Pixels) -> Pixels:
    """Colour conversion in whole numbers of 8 bits: 128 is added before the division by 256, the result saturates."""
    import numpy as np

    matrix = np.array(op.matrix, np.int64)
    if csc.from_yuv(op):
        found: Any = ((pixels.astype(np.int64) - op.input_bias) @ matrix.T + 128) >> 8
    else:
        found = ((pixels.astype(np.int64) @ matrix.T + 128) >> 8) + op.output_bias
    saturated: Pixels = np.clip(found, 0, 255).astype(np.uint8)
    return saturated[..., : 1 if csc.to_grey(op) else 3]
