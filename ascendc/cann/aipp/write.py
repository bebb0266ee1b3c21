"""Typed blocks become the text that ATC reads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ascendc.cann.aipp import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascendc.cann.aipp.op import AippOp
    from ascendc.cann.aipp.read import MultiShape


def write(ops: Sequence[AippOp], shapes: Sequence[MultiShape] = ()) -> str:
    """The blocks as a file, its fields in the order of docs/aipp.md; what has its zero is left out."""
    lines = []
    for op in ops:
        lines += ["aipp_op {", *(f"  {name}: {value}" for name, value in pairs(op)), "}"]
    for shape in shapes:
        lines += ["multi_shape_op {", f"  mode: {shape.mode}", f"  related_input_rank: {shape.related_input_rank}"]
        lines += [*(f"  batch_list: {batch}" for batch in shape.batch_list), "}"]
    return "".join(f"{line}\n" for line in lines)


def pairs(op: AippOp) -> tuple[tuple[str, str], ...]:
    """The fields that a block sets, as name and text; the input's rank always, since 0 says something too."""
    found: list[tuple[str, str]] = []
    for name in table.fields():
        value = getattr(op, name)
        values = value if isinstance(value, tuple) else (value,) if _says(value) else ()
        if name == "related_input_rank" and not op.related_input_name:
            values = (value,)
        found += [(name, _text(name, one)) for one in values]
    return tuple(found)


def _says(value: object) -> bool:
    """Whether it is none of proto3's zeros; -0.0 is none to protobuf either."""
    return bool(value) or (isinstance(value, float) and math.copysign(1, value) < 0)


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.9g}"  # as many digits as a float of 32 bits can hold
    if isinstance(value, str) and table.fields()[name].kind == "string":
        return '"' + "".join(_escaped(character) for character in value) + '"'
    return str(value)


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    code = ord(character)
    return character if 32 <= code < 127 else f"\\{code:03o}" if code < 128 else f"\\U{code:08x}"
