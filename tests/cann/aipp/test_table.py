from dataclasses import fields
from typing import get_type_hints

from ascendc.cann import soc
from ascendc.cann.aipp import table
from ascendc.cann.aipp.op import BIASES, MATRIX, AippOp

TYPES = {"bool": bool, "int32": int, "uint32": int, "float": float, "string": str, "mode": str, "format": str}


def test_the_table_and_the_class_name_the_same_fields_with_the_same_types():
    hints = get_type_hints(AippOp)
    assert {
        name: tuple[TYPES[f.kind], ...] if f.repeated else TYPES[f.kind] for name, f in table.fields().items()
    } == hints
    assert set(table.fields()) == {field.name for field in fields(AippOp)}


def test_every_generation_with_static_aipp_has_a_row():
    assert set(table.families()) == {chip.short for chip in soc.table().values() if chip.static_aipp}


def test_families_take_formats_that_there_are():
    four = {name for name, known in table.formats().items() if known.documented}
    assert four == {"YUV420SP_U8", "XRGB8888_U8", "RGB888_U8", "YUV400_U8"}
    for family in table.families().values():
        assert four <= set(family.formats) <= set(table.formats())


def test_format_numbers_are_those_of_the_parser():
    assert [known.number for known in table.formats().values()] == list(range(1, 21))


def test_yuv_matrices_map_grey_to_grey_and_keep_white():
    """What holds for any such conversion: no chroma gives three equal channels, and white stays white."""
    for known in table.conversions():
        if known.source == "YUV" and known.target in ("RGB", "BGR"):
            white = 235 if known.range == "narrow" else 255
            [*channels] = [row[0] * (white - known.input_bias[0]) / 256 for row in known.matrix]
            assert all(abs(channel - 255) < 1 for channel in channels), known


def test_a_block_without_a_matrix_has_the_kernel_s():
    op = AippOp()
    assert op.matrix == ((298, 516, 0), (298, -100, -208), (298, 0, 409))
    assert op.input_bias == op.output_bias == (16, 128, 128)
    assert op.reciprocal == (1.0, 1.0, 1.0, 1.0)
    assert (len(MATRIX), len(BIASES)) == (9, 6)
