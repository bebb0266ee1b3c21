"""Blocks that tests share, and random ones."""

from __future__ import annotations

from hypothesis import strategies as st

from ascendc.cann.aipp import table
from ascendc.cann.aipp.op import AippOp

INT32 = st.integers(-(2**31), 2**31 - 1)
FLOAT32 = st.floats(width=32, allow_nan=False)
VALUES = {
    "bool": st.booleans(),
    "int32": INT32,
    "uint32": st.integers(0, 2**32 - 1),
    "float": FLOAT32,
    "string": st.text(st.characters(codec="utf-8"), max_size=8),
    "mode": st.sampled_from(["", "static", "dynamic", "7"]),
    "format": st.sampled_from(["", *table.formats(), "99"]),
}


@st.composite
def ops(draw) -> AippOp:
    """Any block that the types allow, sensible or not."""
    chosen = draw(st.lists(st.sampled_from(sorted(table.fields())), unique=True, max_size=12))
    values = {}
    for name in chosen:
        field = table.fields()[name]
        one = VALUES[field.kind]
        values[name] = draw(st.lists(one, max_size=2).map(tuple) if field.repeated else one)
    return AippOp(**values)
