"""What the AIPP operator refuses while it is compiled: the check of the kernel of CANN 8.1 (aipp_comm.py).

It comes minutes into a conversion, so that these are the rules that save most. Those about sizes are in `geometry`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.cann.aipp import geometry, table
from ascendc.cann.aipp.op import BIASES, MATRIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.cann.aipp.case import Case
    from ascendc.cann.aipp.finding import Doubt, Refusal

MOST_CHANNELS = {"float16": 16, "int8": 32, "uint8": 32}
"""Of the network's input, by what AIPP writes (C0)."""

_RAW = ("RAW10", "RAW12", "RAW16", "NC1HWC0DI_S8", "NC1HWC0DI_FP16", "RGB20", "RGB24", "RGB16_IR", "RGB24_IR")
_REFUSED = {
    "YUV400_U8": (("csc_switch",), "grey has no colour to convert"),
    "RGB16": (("csc_switch", "resize"), "it is neither converted nor scaled"),
    "RGB8_IR": (("resize", "padding"), "it is neither scaled nor padded"),
    **dict.fromkeys(_RAW, (("csc_switch", "resize", "padding"), "it is only loaded")),
}
"""Switches that must be off with a format, and why."""

_MOST_MEAN = {"RGB16": 65535, "RGB16_IR": 65535, "RGB20": 1048575, "RGB24": 16777215, "RGB24_IR": 16777215}


def check(case: Case) -> Iterator[Refusal | Doubt]:
    """Everything that the kernel refuses of a static block."""
    yield from _format(case)
    yield from geometry.check(case)
    yield from _border(case)
    yield from _normalisation(case)
    if case.op.csc_switch:
        yield from _conversion(case)


def _format(case: Case) -> Iterator[Refusal | Doubt]:
    name = case.op.input_format
    usual = ", ".join(known.name for known in table.formats().values() if known.documented)
    message = f"`input_format` must not be {name}"
    yield from case.where(lambda family: name not in family.formats, "input_format", message, f"use one of {usual}")
    channels, most = case.network.channels if case.network else None, MOST_CHANNELS[case.output_dtype]
    if channels is not None and channels > most and not name.startswith("NC1HWC0DI"):
        message = f"{case.network} must have {most} channels at most for AIPP"
        yield case.refuse("kernel", "related_input_rank", message, "write the rank of the image input")
    switches, why = _REFUSED.get(name, ((), ""))
    for switch in switches:
        if getattr(case.op, switch):
            message = f"`{switch}` must be false with input_format {name}: {why}"
            yield case.refuse("kernel", switch, message, f"write {switch}: false")
    if shift := case.op.raw_rgbir_to_f16_n:
        most = max(family.most_raw_shift for family in case.families)
        message, fix = f"`raw_rgbir_to_f16_n` must be 0 to {most}, not {shift}", "write raw_rgbir_to_f16_n: 0"
        yield from case.where(lambda family: 0 < family.most_raw_shift < shift, "raw_rgbir_to_f16_n", message, fix)


def _border(case: Case) -> Iterator[Refusal]:
    value = case.op.padding_value
    if case.op.padding and case.output_dtype != "float16" and not value.is_integer():
        message = f"`padding_value` must be whole where AIPP writes {case.output_dtype}, not {value:g}"
        yield case.refuse("kernel", "padding_value", message, "write a whole number")


def _normalisation(case: Case) -> Iterator[Refusal]:
    op = case.op
    pixels = "write what is to be subtracted from pixels of 0 to 255"
    for channel in range(4):
        most = _MOST_MEAN.get(op.input_format, 255)
        yield from _within(case, f"mean_chn_{channel}", op.mean[channel], (0, most), pixels)
        yield from _within(case, f"min_chn_{channel}", op.minimum[channel], (0, 255), pixels)
        fix = "write 1 / (255 × standard deviation)"
        yield from _within(case, f"var_reci_chn_{channel}", op.reciprocal[channel], (-65504, 65504), fix)


def _conversion(case: Case) -> Iterator[Refusal | Doubt]:
    fix = "write a published conversion (docs/aipp.md)"
    for name in MATRIX:
        for value in getattr(case.op, name)[-1:]:
            if name != "matrix_r1c2":
                yield from _within(case, name, value, (-32768, 32767), fix)
            elif not -32768 <= value <= 32767:
                message = f"`{name}` must be -32768 to 32767, not {value}; CANN 8.1 forgets to look, and takes 16 bits"
                yield case.doubt(name, message, fix)
    for name in BIASES:
        for value in getattr(case.op, name)[-1:]:
            yield from _within(case, name, value, (0, 255), fix)


def _within(case: Case, name: str, value: float, limits: tuple[int, int], fix: str) -> Iterator[Refusal]:
    low, high = limits
    if value < low or value > high:
        yield case.refuse("kernel", name, f"`{name}` must be {low} to {high}, not {value:g}", fix)
