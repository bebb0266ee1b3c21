"""What the network gets, against what the model is used to; and what is wrong, by what would make it right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ascendc.cann.aipp import csc, table
from ascendc.cann.aipp.derive import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import numpy.typing as npt

    from ascendc.cann.aipp.op import AippOp
    from ascendc.runtime import Preprocessing

    Values = npt.NDArray[np.float64]

TOLERANCE = 0.05
"""Error of a normalised value above which something else than rounding is at work."""

LEVELS = 2
"""Of 255: what colour conversion may add to that, whose coefficients and results are rounded."""

OTHER = "means, factors, colour conversion or the order of channels differ (ascendc aipp derive writes the right block)"


@dataclass(frozen=True)
class Difference:
    """From the model's own preprocessing, in float, of the same scaled picture; of NV12 with the chroma that it has."""

    max: float
    mean: float


def alone(op: AippOp, values: Values) -> list[str]:
    """What looks wrong with nothing to compare with.

    Args:
        op: the block.
        values: what the network gets.
    """
    import numpy as np

    wrong = []
    if not np.isfinite(values).all():
        wrong.append("values are not finite: the figures of the block are beyond fp16")
    elif np.abs(values).max() > 20:
        wrong.append(f"values go up to {np.abs(values).max():.4g}: pixels are not divided (var_reci_chn)")
    if op.input_format == "YUV420SP_U8" and not op.csc_switch:
        wrong.append("channels are Y, U and V: colours are not converted (csc_switch)")
    return wrong


def compare(
    op: AippOp, colours: Values, wanted: Preprocessing, emulated: Callable[[AippOp], Values]
) -> tuple[Difference | None, list[str]]:
    """How far what the network gets is from what the model is used to, and what is wrong.

    Args:
        op: the block.
        colours: what was handed over, as RGB of 0 to 255: height × width × 3.
        wanted: the model's own preprocessing.
        emulated: what the network gets through a block, 1 × channels × height × width: of other blocks too, to see
            which of them would be right.

    Returns:
        No difference where the shapes differ.
    """
    import numpy as np

    values = emulated(op)
    if values.shape[1:] != (3, wanted.height, wanted.width):
        shape = "×".join(map(str, values.shape[1:]))
        return None, [f"the model wants 3×{wanted.height}×{wanted.width}, not {shape}"]
    reference = _reference(op, colours, wanted)
    if reference.shape != values.shape:
        return None, []
    error = np.abs(values - reference)
    converted = LEVELS / 255 / min(wanted.std) if op.csc_switch else 0
    wrong = error.max() > TOLERANCE + converted
    found = [f"this is not what the model is used to: {_guess(op, reference, wanted, emulated)}"] if wrong else []
    return Difference(float(error.max()), float(error.mean())), found


def _reference(op: AippOp, colours: Values, wanted: Preprocessing) -> Values:
    """The model's own preprocessing of what the block leaves of the picture."""
    import numpy as np

    if op.crop:
        top, left = op.load_start_pos_h, op.load_start_pos_w
        tall = op.crop_size_h or wanted.height
        colours = colours[top : top + tall, left : left + (op.crop_size_w or wanted.width)]
    normalised = (colours / 255 - np.array(wanted.mean)) / np.array(wanted.std)
    planes: Values = normalised.transpose(2, 0, 1)[None]
    return planes


def _guess(op: AippOp, reference: Values, wanted: Preprocessing, emulated: Callable[[AippOp], Values]) -> str:
    """What is wrong, by what would make it right."""
    import numpy as np

    values = emulated(op)
    mean, std = (np.array(figures)[None, :, None, None] for figures in (wanted.mean, wanted.std))
    candidates = {
        "pixels are neither divided nor centred": (values / 255 - mean) / std,
        "means are not subtracted": values - mean / std,
        "pixels are divided by 255, but not by the standard deviation, nor centred": (values - mean) / std,
        "pixels are not divided by the standard deviation": values / std,
        **{said: emulated(other) for said, other in _others(op)},
    }
    off = {said: float(np.abs(candidate - reference).mean()) for said, candidate in candidates.items()}
    best = min(off, key=off.__getitem__)
    return best if off[best] < float(np.abs(values - reference).mean()) / 5 else OTHER


def _others(op: AippOp) -> Iterator[tuple[str, AippOp]]:
    """Blocks that differ in one thing, and what is wrong if such a one is right."""
    two = "U and V" if csc.from_yuv(op) else "red and blue"
    yield f"{two} are exchanged (rbuv_swap_switch)", replace(op, rbuv_swap_switch=not op.rbuv_swap_switch)
    if op.input_format == "XRGB8888_U8":
        yield "the unused byte is at the other end (ax_swap_switch)", replace(op, ax_swap_switch=not op.ax_swap_switch)
    if op.input_format == "YUV420SP_U8":
        for known in table.conversions():
            if (known.source, known.target) == ("YUV", "RGB"):
                yield f"these pictures want the matrix and biases of {known}", convert(op, known)
