"""What the kernel refuses about sizes: the source, what is cut out, the border, and that the network's size results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.cann.aipp import table
from ascendc.cann.aipp.sizes import Size, line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.cann.aipp.case import Case
    from ascendc.cann.aipp.finding import Doubt, Refusal

MOST_PAD = 32
"""Rows or columns on each side."""

_SIDE = {"w": "width", "h": "height"}
_SHARED = {"YUV420SP_U8": "wh", "YUV422SP_U8": "w", "YUYV_U8": "w"}
"""Along which axes pixels share their chroma, so that sizes must be even."""

_WHY_EVEN = "pixels share their colour in pairs"
_ROW_BYTES = {"RGB888_U8": 3, "XRGB8888_U8": 4, "ARGB8888_U8": 4, "AYUV444_U8": 4, "YUYV_U8": 2}
"""A pixel, in a row of the first plane; 1 for the others."""


def check(case: Case) -> Iterator[Refusal | Doubt]:
    """Everything about sizes."""
    yield from _source(case)
    yield from _rows(case)
    if case.op.crop:
        yield from _crop(case)
    if case.op.resize:
        yield from _resize(case)
    if case.op.padding:
        yield from _padding(case)
    if not case.op.resize or any(family.resize for family in case.families):
        yield from _result(case)


def _source(case: Case) -> Iterator[Refusal]:
    op = case.op
    why = next((switch for switch in ("crop", "resize", "padding") if getattr(op, switch)), None)
    for axis, low in (("w", 2), ("h", 1)):
        name = f"src_image_size_{axis}"
        given = getattr(op, name)
        size = given or line(case.network, axis)
        what = f"`{name}`" if given else f"the {_SIDE[axis]} of {case.network}, which is the source's too,"
        if given < 0:
            continue  # refused before
        if given == 0 and why:
            message = f"`{name}` must be set with {why}: true"
            yield case.refuse("kernel", name, message, f"add {name}: the {_SIDE[axis]} of the pictures")
        elif size is not None and not low <= size <= 4096:
            message = f"{what} must be {low} to 4096, not {size}"
            yield case.refuse("kernel", name, message, "scale the pictures on the host")
        elif size is not None and size % 2 and axis in _SHARED.get(op.input_format, ""):
            message = f"{what} must be even with input_format {op.input_format}, not {size}: {_WHY_EVEN}"
            yield case.refuse(
                "kernel", name, message, f"{name} {size + 1}, and crop: true with crop_size_{axis} {size}"
            )


def _rows(case: Case) -> Iterator[Refusal | Doubt]:
    """Chips of cameras and set-top boxes want rows aligned in memory."""
    width = case.op.src_image_size_w or line(case.network, "w")
    if width is None or not any(case.op.input_format in family.formats for family in case.families):
        return
    size = width * _ROW_BYTES.get(case.op.input_format, 1)
    message = f"a row of the source must be a multiple of 16 bytes, not {size}"
    yield from case.where(lambda family: size % family.row_bytes != 0, "src_image_size_w", message, "pad the pictures")


def _crop(case: Case) -> Iterator[Refusal | Doubt]:
    op, name = case.op, case.op.input_format
    other = next((switch for switch in ("resize", "padding") if getattr(op, switch)), None)
    for axis in "wh":
        start_name, size_name, source_name = f"load_start_pos_{axis}", f"crop_size_{axis}", f"src_image_size_{axis}"
        start, size, source = getattr(op, start_name), getattr(op, size_name), getattr(op, source_name)
        cut = size or (None if other else line(case.network, axis))
        if size == 0 and other:
            message = f"`{size_name}` must be set with crop: true and {other}: true"
            yield case.refuse("kernel", size_name, message, f"add {size_name}: the {_SIDE[axis]} that is cut out")
        if size < 0 and axis == "h" and line(case.network, axis) is None:  # GE looks at the width only
            message = f"`{size_name}` must not be negative, but is {size}: no input is as high"
            yield case.refuse("kernel", size_name, message, f"write the {_SIDE[axis]} that is cut out")
        if cut is not None and source > 0 and start + cut > source:
            message = f"{start_name} {start} + {size_name} {cut} must not be above {source_name} {source}"
            fix = f"{start_name} at most {source - cut}" if source >= cut else f"{size_name} at most {source - start}"
            yield case.refuse("kernel", start_name, message, fix)
        shared = axis in _SHARED.get(name, "")
        if start % 2 and shared:
            message = f"`{start_name}` must be even with input_format {name}, not {start}: {_WHY_EVEN}"
            fix = f"{start_name} {start - 1} or {start + 1}"
            yield from case.where(lambda family: not _starts_odd(family, name), start_name, message, fix)
        if cut is not None and cut % 2 and shared:
            message = f"`{size_name}` must be even with input_format {name}, not {cut}"
            fix = f"{size_name} {cut - 1} or {cut + 1}"
            yield from case.where(lambda family: family.resize, size_name, message, fix)


def _starts_odd(family: table.Family, name: str) -> bool:
    return family.odd_crop and (name == "YUV420SP_U8" or family.arithmetic == "fp32")


def _resize(case: Case) -> Iterator[Refusal | Doubt]:
    op = case.op
    fix = "resize on the host: only Hi3796CV300CS, Hi3796CV300ES and SD3403 scale"
    yield from case.where(lambda family: not family.resize, "resize", "`resize` must be false", fix)
    if not any(family.resize for family in case.families):
        return
    for axis, most in (("w", 1920), ("h", 4096)):
        name = f"resize_output_{axis}"
        given = getattr(op, name)
        before = (getattr(op, f"crop_size_{axis}") if op.crop else 0) or getattr(op, f"src_image_size_{axis}")
        after = given or line(case.network, axis)
        if given == 0 and op.padding:
            message = f"`{name}` must be set with resize: true and padding: true"
            yield case.refuse("kernel", name, message, f"add {name}")
        elif after is not None and not 16 <= after <= most:
            yield case.refuse("kernel", name, f"`{name}` must be 16 to {most}, not {after}", "scale on the host")
        elif before > 0 and not 16 <= before <= 4096:
            message = f"the {_SIDE[axis]} that is scaled must be 16 to 4096, not {before}"
            yield case.refuse("kernel", name, message, "scale on the host")
        elif after is not None and before > 0 and not before <= after * 16 <= before * 256:
            message = f"`{name}` must be 1/16 to 16 times the {before} before it, not {after}"
            yield case.refuse("kernel", name, message, "scale on the host")


def _padding(case: Case) -> Iterator[Refusal | Doubt]:
    for side in ("left", "right", "top", "bottom"):
        name = f"{side}_padding_size"
        if (size := getattr(case.op, name)) > MOST_PAD:
            message = f"`{name}` must be 0 to {MOST_PAD}, not {size}"
            yield case.refuse("kernel", name, message, "add the rest of the border on the host")
    width = Size.after(case.op, case.network).width
    if width is not None:
        yield from _padded_width(case, width)


def _padded_width(case: Case, width: int) -> Iterator[Refusal | Doubt]:
    """How wide the result may be with a border, on which CANN 8.1 and newer documents differ for some chips."""
    fix = "add the border on the host"
    for family in case.families:  # documented widths are of chips that people have
        most, said = family.most_padded_width, family.documented_width
        if said is None or most == said:
            continue
        if most is None and width > said:
            message = f"{width} columns after padding: documents allow {said} on {family.short}, CANN 8.1 does not look"
            yield case.doubt("padding", message, fix)
        elif most is not None and most < width <= said:
            message = f"{width} columns after padding: CANN 8.1 takes {most} on {family.short}, newer documents {said}"
            yield case.doubt("padding", message, fix)

    def too_wide(family: table.Family) -> bool:
        most = family.most_padded_width
        return most is not None and width > max(most, family.documented_width or 0)

    widest = min((family.most_padded_width or 4096 for family in case.families if too_wide(family)), default=0)
    message = f"the result must be {widest} columns wide at most with padding: true, not {width}"
    yield from case.where(too_wide, "padding", message, fix)


def _result(case: Case) -> Iterator[Refusal]:
    """What comes out must have the network's size."""
    op, network = case.op, case.network
    if network is None or (op.crop and op.resize and op.padding):  # the kernel of 8.1 forgets to look at all three
        return
    after = Size.after(op, network)
    first = "resize_output" if op.resize else "crop_size" if op.crop else "src_image_size"
    for axis, wanted, found, border in (
        ("w", network.width, after.width, op.border[1]),
        ("h", network.height, after.height, op.border[0]),
    ):
        if wanted is None or found is None or wanted == found:
            continue
        name = f"{first}_{axis}"
        parts = f"{name} {found - border}" + (f" + {border} of padding" if op.padding else "")
        message = f"{parts} must be the {_SIDE[axis]} of {network}: {wanted}, not {found}"
        fix = f"{name} {wanted - border}"
        if op.padding and 0 <= (other := border + wanted - found) <= 2 * MOST_PAD:
            fix += f", or {other} of padding"
        if not op.crop and not op.padding and found > wanted:
            fix += f", or crop: true with crop_size_{axis} {wanted}"
        yield case.refuse("kernel", name, message, fix)
