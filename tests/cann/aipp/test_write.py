from __future__ import annotations

import math
import struct
from dataclasses import fields

from hypothesis import given, settings
from hypothesis import strategies as st

from ascendc.cann.aipp.op import AippOp
from ascendc.cann.aipp.read import read
from ascendc.cann.aipp.write import write

from .conftest import ops


def test_what_is_zero_is_left_out_but_for_the_rank():
    assert write([AippOp()]) == "aipp_op {\n  related_input_rank: 0\n}\n"
    assert write([AippOp(related_input_name='a"b')]) == 'aipp_op {\n  related_input_name: "a\\"b"\n}\n'


def test_each_value_of_a_repeated_field_has_its_line():
    text = write([AippOp(var_reci_chn_0=(0.5, 1.0), matrix_r0c1=(0,))])
    lines = ["matrix_r0c1: 0", "var_reci_chn_0: 0.5", "var_reci_chn_0: 1"]
    assert [line.strip() for line in text.splitlines()[2:-1]] == lines


def single(value):
    """As a float of 32 bits, which is what the file's nine digits can tell apart."""
    return (
        struct.unpack("f", struct.pack("f", value))[0] if isinstance(value, float) and math.isfinite(value) else value
    )


def rounded(op):
    return {
        field.name: tuple(map(single, value)) if isinstance(value, tuple) else single(value)
        for field in fields(AippOp)
        for value in [getattr(op, field.name)]
    }


@settings(deadline=None, max_examples=150)
@given(st.lists(ops(), max_size=3))
def test_what_is_written_is_read_again_and_written_alike(blocks):
    text = write(blocks)
    config = read(text)
    assert config.refusals == ()
    assert list(map(rounded, config.ops)) == list(map(rounded, blocks))
    assert write(config.ops) == text
