"""Colour conversion: which published one a block's matrix is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.cann.aipp import table
from ascendc.cann.aipp.op import MATRIX

if TYPE_CHECKING:
    from ascendc.cann.aipp.op import AippOp
    from ascendc.cann.aipp.table import Conversion


def from_yuv(op: AippOp) -> bool:
    """Whether what is loaded is YUV: then the input biases count, else the output biases."""
    return "YUV" in op.input_format or "YUYV" in op.input_format


def to_grey(op: AippOp) -> bool:
    """Whether the matrix leaves one channel: its other rows are zero."""
    return op.matrix[1] == op.matrix[2] == (0, 0, 0) != op.matrix[0]


def published(source: str, target: str, standard: str | None, range: str | None) -> Conversion:
    """The conversion of that name (``YUV``, ``RGB``, ``bt601``, ``full``).

    Raises:
        KeyError: there is none.
    """
    for known in table.conversions():
        if (known.source, known.target, known.standard, known.range) == (source, target, standard, range):
            return known
    raise KeyError((source, target, standard, range))


def recognise(op: AippOp) -> Conversion | None:
    """The published conversion that has the block's matrix; None if none has."""
    return next((known for known in table.conversions() if known.matrix == op.matrix), None)


def nearest(op: AippOp) -> tuple[Conversion, tuple[tuple[str, int, int], ...]]:
    """The conversion that differs in fewest coefficients, and these: field, what it is, what it would be."""

    def wrong(known: Conversion) -> tuple[tuple[str, int, int], ...]:
        pairs = zip(
            MATRIX, (c for row in op.matrix for c in row), (c for row in known.matrix for c in row), strict=True
        )
        return tuple((name, given, wanted) for name, given, wanted in pairs if given != wanted)

    near = min(table.conversions(), key=lambda known: len(wrong(known)))
    return near, wrong(near)
