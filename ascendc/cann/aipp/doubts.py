"""What ATC accepts of a block and is probably not what is meant."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ascendc.cann.aipp import colours, table
from ascendc.cann.aipp.op import BIASES, MATRIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.cann.aipp.case import Case
    from ascendc.cann.aipp.finding import Doubt

_NEEDS = {
    "crop": ("load_start_pos_w", "load_start_pos_h", "crop_size_w", "crop_size_h"),
    "resize": ("resize_output_w", "resize_output_h"),
    "padding": (
        "left_padding_size",
        "right_padding_size",
        "top_padding_size",
        "bottom_padding_size",
        "padding_value",
    ),
    "csc_switch": (*MATRIX, *BIASES),
}
"""Switches, and what nothing reads without them."""

_FOUR = ("XRGB8888_U8", "ARGB8888_U8", "AYUV444_U8")


def check(case: Case) -> Iterator[Doubt]:
    """Everything that is doubtful about a block that ATC can read."""
    yield from _ignored(case)
    if case.op.aipp_mode == "dynamic":
        yield from _dynamic(case)
        return
    yield from _input(case)
    yield from colours.check(case)
    yield from _normalisation(case)
    yield from _border(case)


def _ignored(case: Case) -> Iterator[Doubt]:
    """Fields that are set and read by nothing."""
    op, mode = case.op, case.op.aipp_mode
    for name, field in table.fields().items():
        if not getattr(op, name):
            continue
        if field.ignored:
            yield case.doubt(name, f"`{name}` has no effect: nothing reads it", "delete it")
        elif mode in ("static", "dynamic") and field.modes not in ("both", mode):
            message = f"`{name}` has no effect with aipp_mode {mode}"
            fix = "delete it" if mode == "static" else "delete it; the program sends it with each picture"
            yield case.doubt(name, message, fix)
    for switch, names in _NEEDS.items() if mode == "static" else ():
        idle = [name for name in names if getattr(op, name) not in (0, (), (0,))]
        if idle and not getattr(op, switch):
            has = f" and {len(idle) - 1} more have" if len(idle) > 1 else " has"
            message = f"`{idle[0]}`{has} no effect without {switch}: true"
            yield case.doubt(idle[0], message, f"add {switch}: true, or delete what belongs to it")
    if op.ax_swap_switch and op.input_format in table.formats() and op.input_format not in _FOUR:
        message = f"`ax_swap_switch` has no effect with input_format {op.input_format}: it has no fourth channel"
        yield case.doubt("ax_swap_switch", message, "delete it")
    if op.rbuv_swap_switch and op.input_format == "YUV400_U8":
        message = "`rbuv_swap_switch` has no effect with input_format YUV400_U8: grey has one channel"
        yield case.doubt("rbuv_swap_switch", message, "delete it")


def _dynamic(case: Case) -> Iterator[Doubt]:
    missing = [family.short for family in case.families if not family.dynamic]
    if case.soc and missing:
        message = f"the kernel of dynamic AIPP in CANN 8.1 does not list {missing[0]}"
        yield case.doubt("aipp_mode", message, "use aipp_mode: static, or try it on the board first")


def _input(case: Case) -> Iterator[Doubt]:
    known = table.formats().get(case.op.input_format)
    if known is not None and not known.documented:
        message = f"input_format {known.name} is in no document, though the kernel may take it"
        yield case.doubt("input_format", message, "use one of the four formats of 8 bits (docs/aipp.md)")
    network = case.network
    if network is None:
        return
    if network.dtype in ("int32", "int64", "bool", "string"):
        message = f"input `{network.name}` holds {network.dtype}: it is hardly a picture"
        yield case.doubt("related_input_rank", message, "write the rank of the image input")
    if case.output_dtype == "uint8":
        message = f"input `{network.name}` is uint8: means and reciprocals have no effect on it"
        yield case.doubt("related_input_rank", message, "export the model with a float input")


def _normalisation(case: Case) -> Iterator[Doubt]:
    op = case.op
    channels = (case.network.channels if case.network else None) or colours.CHANNELS.get(op.input_format, 3)
    used = range(min(channels, 4))
    scaled = [channel for channel in used if op.reciprocal[channel] != 1.0]
    if not scaled:
        message = "no `var_reci_chn_0` to `_2`: the network sees values up to 255, which few are trained on"
        yield case.doubt("var_reci_chn_0", message, "add var_reci_chn: 1 / (255 × standard deviation), or 1/255")
    elif len(scaled) < len(used) and (op.input_format not in _FOUR or channels < 4):
        channel = next(channel for channel in used if channel not in scaled)
        message = f"`var_reci_chn_{channel}` not set: channel {channel} is not divided, others are"
        yield case.doubt(f"var_reci_chn_{channel}", message, f"add var_reci_chn_{channel}")
    for channel in range(4):
        mean, minimum, factor = op.mean[channel], op.minimum[channel], op.reciprocal[channel]
        if not all(map(math.isfinite, (minimum, factor))):
            name = f"{'var_reci' if math.isfinite(minimum) else 'min'}_chn_{channel}"
            yield case.doubt(name, f"`{name}` is no finite number, and so is what the network sees", "write a number")
        if mean and minimum >= 1:
            message = f"`mean_chn_{channel}` {mean} and `min_chn_{channel}` {minimum:g} are both subtracted"
            yield case.doubt(f"mean_chn_{channel}", message, "delete one, or leave the fraction alone in min_chn")
        if factor > 1:
            message = f"`var_reci_chn_{channel}` {factor:g}: pixels are 0 to 255, so what the network sees is up to "
            message += f"{(255 - mean - minimum) * factor:.3g}"
            yield case.doubt(f"var_reci_chn_{channel}", message, _factor_fix(factor))
    if any(op.minimum) and not any(op.mean) and all(0 <= minimum <= 1 for minimum in op.minimum):
        message = f"`min_chn_0` {op.min_chn_0:g}: means are of pixels of 0 to 255, and these are below 1"
        yield case.doubt("min_chn_0", message, f"write 255 times as much: min_chn_0: {op.min_chn_0 * 255:g}")


def _factor_fix(factor: float) -> str:
    if factor >= 10:
        return f"write the reciprocal of the standard deviation: {1 / factor:.6g}"
    return f"write 1 / (255 × standard deviation): {factor / 255:.6g} if this is 1 / standard deviation"


def _border(case: Case) -> Iterator[Doubt]:
    op = case.op
    if not op.padding or case.output_dtype != "float16":
        return
    if abs(op.padding_value) > 65504:
        message = f"`padding_value` {op.padding_value:g} is infinite in fp16"
        yield case.doubt("padding_value", message, "write -65504 to 65504")
        return
    most = max((255 - op.mean[c] - op.minimum[c]) * op.reciprocal[c] for c in range(3))
    if op.padding_value > max(most, 0) + 0.01:
        message = (
            f"`padding_value` {op.padding_value:g} is written after normalisation, whose largest value is {most:.3g}"
        )
        wanted = (op.padding_value - op.mean[0] - op.minimum[0]) * op.reciprocal[0]
        yield case.doubt(
            "padding_value", message, f"write padding_value: {wanted:.4g} for a border of {op.padding_value:g}"
        )
