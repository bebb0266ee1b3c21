"""What is doubtful about a block's colours: the conversion, its matrix, and how many channels come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.cann.aipp import csc
from ascendc.cann.aipp.op import MATRIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.cann.aipp.case import Case
    from ascendc.cann.aipp.finding import Doubt

CHANNELS = {"YUV420SP_U8": 3, "RGB888_U8": 3, "XRGB8888_U8": 3, "YUV400_U8": 1}
"""Channels that a format gives the network, unless a conversion to grey leaves one."""


def check(case: Case) -> Iterator[Doubt]:
    """Everything about colours."""
    yield from _conversion(case)
    yield from _channels(case)


def _conversion(case: Case) -> Iterator[Doubt]:
    op = case.op
    yuv = csc.from_yuv(op)
    if op.input_format == "YUV400_U8":
        return  # grey has no colour to convert: the kernel refuses a conversion
    if not op.csc_switch:
        if yuv:
            message = f"input_format {op.input_format} without csc_switch: the network sees YUV, not RGB"
            yield case.doubt("csc_switch", message, "add csc_switch: true with a YUV→RGB matrix (ascendc aipp derive)")
        return
    missing = [name for name in MATRIX if not getattr(op, name)]
    if missing:
        all_of_it = "the whole matrix" if len(missing) == 9 else ", ".join(missing)
        message = (
            f"csc_switch without {all_of_it}: the kernel takes what is missing from YUV→BGR BT.601, whatever comes in"
        )
        yield case.doubt("csc_switch", message, "write all nine coefficients (docs/aipp.md)")
    side = "input" if yuv else "output"
    unset = [f"{side}_bias_{channel}" for channel in range(3) if not getattr(op, f"{side}_bias_{channel}")]
    if unset:
        message = f"csc_switch without {', '.join(unset)}: the kernel takes 16, 128, 128"
        yield case.doubt("csc_switch", message, f"write all three of {side}_bias_0 to _2")
    if not missing:
        yield from _published(case, yuv, unset)


def _published(case: Case, yuv: bool, unset: list[str]) -> Iterator[Doubt]:
    """The matrix against those that are published."""
    op = case.op
    found = csc.recognise(op)
    if found is None:
        near, wrong = csc.nearest(op)
        if len(wrong) <= 2:
            said = ", ".join(f"{name} {was} for {wanted}" for name, was, wanted in wrong)
            yield case.doubt(wrong[0][0], f"the matrix is {near} but for {said}", "check the coefficients")
        else:
            yield case.doubt(MATRIX[0], "the matrix is no published conversion", "compare it with docs/aipp.md")
        return
    if (found.source == "YUV") != yuv:
        comes = "YUV" if yuv else "RGB"
        message = f"the matrix is {found}, but input_format {op.input_format} loads {comes}"
        yield case.doubt(MATRIX[0], message, f"write a matrix that begins with {comes} (docs/aipp.md)")
        return
    bias, given, side = (
        (found.input_bias, op.input_bias, "input") if yuv else (found.output_bias, op.output_bias, "output")
    )
    if not unset and bias is not None and bias != given:
        wanted, is_ = ", ".join(map(str, bias)), ", ".join(map(str, given))
        message = f"the matrix is {found}, whose {side}_bias is {wanted}, not {is_}"
        yield case.doubt(f"{side}_bias_0", message, f"write {side}_bias {wanted}, or the matrix that goes with {is_}")
    if found.standard == "bt709" and yuv:
        message = f"the matrix is {found}: for HD video. JPEG pictures are BT.601 full range"
        yield case.doubt(MATRIX[0], message, "keep it for HD video, else use YUV→RGB BT.601 full range")


def _channels(case: Case) -> Iterator[Doubt]:
    op, network = case.op, case.network
    given = 1 if op.csc_switch and csc.to_grey(op) else CHANNELS.get(op.input_format)
    if network is None or network.channels is None or given is None or network.channels == given:
        return
    if op.input_format == "XRGB8888_U8" and network.channels == 4:
        return
    channels = "3 channels" if given == 3 else "1 channel"
    message = f"the block gives {channels}, but {network} has {network.channels}"
    yield case.doubt("input_format", message, "write the rank of the image input, or the format that the model expects")
