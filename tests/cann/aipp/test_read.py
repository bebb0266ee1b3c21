from __future__ import annotations

import math
import re
from dataclasses import fields

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ascendc.cann.aipp import table
from ascendc.cann.aipp.op import AippOp
from ascendc.cann.aipp.read import MOST_BYTES, MOST_REFUSALS, MultiShape, read, read_file
from ascendc.cann.aipp.write import write
from ascendc.errors import UsageError


def op(text):
    config = read(f"aipp_op {{ {text} }}")
    assert config.refusals == ()
    [found] = config.ops
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", AippOp()),
        ("aipp_mode: static", AippOp(aipp_mode="static")),
        ("aipp_mode: 2", AippOp(aipp_mode="dynamic")),
        ("aipp_mode: undefined", AippOp()),
        ("aipp_mode: 7", AippOp(aipp_mode="7")),
        ("input_format: RGB888_U8", AippOp(input_format="RGB888_U8")),
        ("input_format: 1", AippOp(input_format="YUV420SP_U8")),
        ("input_format: 0", AippOp()),
        ("input_format: 99", AippOp(input_format="99")),
        ("src_image_size_w: 0xE0", AippOp(src_image_size_w=224)),
        ("src_image_size_w: 0340", AippOp(src_image_size_w=224)),
        ("crop_size_h: -1", AippOp(crop_size_h=-1)),
        ("related_input_name: 'in' \"put\"", AippOp(related_input_name="input")),
        ("min_chn_0: 124", AippOp(min_chn_0=124.0)),
        ("min_chn_0: 123.675f", AippOp(min_chn_0=123.675)),
        ("min_chn_0: 1e1", AippOp(min_chn_0=10.0)),
        ("var_reci_chn_0: 0.5 var_reci_chn_0: 1", AippOp(var_reci_chn_0=(0.5, 1.0))),
        ("var_reci_chn_0: [0.5, 1]", AippOp(var_reci_chn_0=(0.5, 1.0))),
        ("matrix_r0c1: -88; input_edge_idx: [0], input_edge_idx: 2", AippOp(matrix_r0c1=(-88,), input_edge_idx=(0, 2))),
        ("padding_value: -inf", AippOp(padding_value=-math.inf)),
        ("crop: false crop: true", AippOp(crop=True)),  # proto3: a zero leaves no trace
        *((f"crop: {yes}", AippOp(crop=True)) for yes in ("true", "True", "t", "1", "01", "0x1")),
        *((f"crop: {no}", AippOp()) for no in ("false", "False", "f", "0")),
    ],
)
def test_values(text, wanted):
    assert op(text) == wanted


def test_not_a_number_is_one():
    assert math.isnan(op("padding_value: nan").padding_value)


SWAPPED = "RGB888_U8 with rbuv_swap_switch: true"
FORMATS = "YUV420SP_U8, XRGB8888_U8, RGB888_U8, YUV400_U8"
BOOLS = "allowed: true, false, True, False, t, f, 0, 1"


@pytest.mark.parametrize(
    ("text", "field", "message", "fix"),
    [
        (
            "mean_chn_0: 123.675",
            "mean_chn_0",
            "`mean_chn_0` must be a whole number, not `123.675`",
            "write min_chn_0: 123.675 instead: it is subtracted too, and may have a fraction",
        ),
        ("crop_size_w: 1.", "crop_size_w", "`crop_size_w` must be a whole number, not `1.`", "write a whole number"),
        (
            "crop_size_w: 2147483648",
            "crop_size_w",
            "`crop_size_w` must not be 2147483648; allowed: -2147483648 to 2147483647",
            "write -2147483648 to 2147483647",
        ),
        (
            "related_input_rank: -1",
            "related_input_rank",
            "`related_input_rank` must not be -1; allowed: 0 to 4294967295",
            "write 0 to 4294967295",
        ),
        ("min_chn_0: 0x10", "min_chn_0", "`min_chn_0` must be a decimal number, not `0x10`", "write a decimal number"),
        ("min_chn_0: '1'", "min_chn_0", '`min_chn_0` must be a number, not `"1"`', "write a number"),
        ("crop: TRUE", "crop", f"`crop` must not be `TRUE`; {BOOLS}", "write true"),
        ("crop: yes", "crop", f"`crop` must not be `yes`; {BOOLS}", "write true or false"),
        ("crop: 2", "crop", f"`crop` must not be `2`; {BOOLS}", "write true or false"),
        ("crop: -0", "crop", f"`crop` must not be `-0`; {BOOLS}", "write true or false"),
        (
            "related_input_name: input",
            "related_input_name",
            "`related_input_name` must be a text in quotes, not `input`",
            "put it in quotes",
        ),
        (
            "input_format: BGR888_U8",
            "input_format",
            f"`input_format` must not be `BGR888_U8` (did you mean {SWAPPED}?); allowed: {FORMATS}",
            "write input_format: RGB888_U8 with rbuv_swap_switch: true",
        ),
        (
            "input_format: YUV420SP_U",
            "input_format",
            f"`input_format` must not be `YUV420SP_U` (did you mean `YUV420SP_U8`?); allowed: {FORMATS}",
            "write input_format: YUV420SP_U8",
        ),
        (
            "aipp_mode: statik",
            "aipp_mode",
            "`aipp_mode` must not be `statik` (did you mean `static`?); allowed: static, dynamic",
            "write aipp_mode: static",
        ),
        (
            "rotation_angle: 0",
            "rotation_angle",
            "`rotation_angle` is no field: documents show it, ATC's parser does not know it",
            "delete it",
        ),
        (
            "src_image_w: 224",
            "src_image_w",
            "`src_image_w` is no field (did you mean `src_image_size_w`?)",
            "delete it, or write the name that is meant (docs/aipp.md)",
        ),
        (
            "crop: true crop: false",
            "crop",
            "`crop` is set twice (first on line 1); allowed: once",
            "delete one of the lines 1 and 1",
        ),
        ("crop: []", "crop", "`crop` must be one value, not a list", "write crop: value"),
        ("crop: [true]", "crop", "`crop` must be one value, not a list", "write crop: value"),
        ("crop { a: 1 }", "crop", "`crop` must be a value, not a block", "write crop: value"),
    ],
)
def test_what_the_parser_refuses(text, field, message, fix):
    [refusal] = read(f"aipp_op {{ {text} }}").refusals
    assert (refusal.code, refusal.gate, refusal.field) == ("E13018", "parse", f"aipp_op[0].{field}")
    assert (refusal.message, refusal.fix) == (f"line 1: {message}", fix)


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ("crop: true", "crop", "`crop` must not stand outside a block; allowed there: aipp_op, multi_shape_op"),
        (
            "aip_op {}",
            "aip_op",
            "`aip_op` must not stand outside a block (did you mean `aipp_op`?); allowed there: aipp_op, multi_shape_op",
        ),
        ("aipp_op: 1", "aipp_op", "`aipp_op` must be a block"),
        ("aipp_op { crop", "", "`crop` must be followed by `:` and a value, or by `{`"),
    ],
)
def test_what_it_refuses_outside_a_block(text, field, message):
    [refusal] = read(text).refusals
    assert (refusal.code, refusal.field, refusal.message) == ("E13018", field, f"line 1: {message}")


def test_shapes_are_read_and_written():
    text = "multi_shape_op {\n  mode: resolution\n  related_input_rank: 1\n  batch_list: 2\n  batch_list: 4\n}\n"
    config = read(text)
    assert config.shapes == (MultiShape("resolution", 1, (2, 4)),)
    assert write(config.ops, config.shapes) == text
    [refusal] = read("multi_shape_op { mode: batches }").refusals
    assert refusal.field == "multi_shape_op[0].mode"


def test_a_value_that_is_refused_makes_the_block_unreadable_and_an_unknown_field_does_not():
    assert [block.readable for block in read("aipp_op { crop: 2 } aipp_op { croop: 1 }").blocks] == [False, True]


def test_lines_are_remembered():
    [block] = read("# one\naipp_op {\n  crop: false\n  matrix_r0c0: 1\n  matrix_r0c0: 2\n}").blocks
    assert (block.line, block.lines) == (2, {"crop": 3, "matrix_r0c0": 5})


def test_refusals_are_bounded():
    config = read("aipp_op { " + "wrong: 1 " * 20_000 + "}")
    assert len(config.refusals) == MOST_REFUSALS


@pytest.mark.parametrize(
    ("data", "id", "words"),
    [
        (b"\x08\x03\x12\x00", "ASC2202", "is no text: it holds control characters"),
        (b"aipp_op { }" + b"\0", "ASC2202", "is no text: it holds control characters"),
        (b"#" * (MOST_BYTES + 1), "ASC2203", "is too large; allowed: 256 KB, none needs more"),
        (b" " * 10_000_000, "ASC2203", "is too large"),
    ],
)
def test_files_that_are_none(tmp_path, data, id, words):
    path = tmp_path / "aipp.cfg"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_file(path)
    assert caught.value.id == id
    assert caught.value.message.startswith(f"the AIPP configuration `{path}` {words}")


def test_a_file_that_is_not_there_or_a_folder(tmp_path):
    with pytest.raises(UsageError, match=r"`no\.cfg` does not exist") as caught:
        read_file(type(tmp_path)("no.cfg"))
    assert caught.value.id == "ASC2201"
    with pytest.raises(UsageError, match="cannot be read: Is a directory") as caught:
        read_file(tmp_path)
    assert caught.value.id == "ASC2201"


def test_comments_may_be_in_any_encoding(tmp_path):
    path = tmp_path / "aipp.cfg"
    path.write_bytes("# 输入格式\naipp_op { crop: true }".encode("gbk"))
    assert read_file(path).ops == (AippOp(crop=True),)


# Google's own parser of the format is the judge: it is built here from the fields, and is asked the same.


@pytest.fixture(scope="module")
def google():
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

    numbers = {"bool": 8, "int32": 5, "uint32": 13, "float": 2, "string": 9, "mode": 14, "format": 14}
    file = descriptor_pb2.FileDescriptorProto(name="aipp.proto", package="judge", syntax="proto3")
    block = file.message_type.add(name="Block")
    for name, values in {
        "Mode": table.MODES,
        "Format": {"UNDEFINED": 0} | {known.name: known.number for known in table.formats().values()},
    }.items():
        enum = block.enum_type.add(name=name)
        for value, number in values.items():
            enum.value.add(name=f"{value}", number=number)
    for number, field in enumerate(table.fields().values(), 1):
        added = block.field.add(
            name=field.name, number=number, type=numbers[field.kind], label=3 if field.repeated else 1
        )
        if field.kind in ("mode", "format"):
            added.type_name = f".judge.Block.{field.kind.capitalize()}"
    root = file.message_type.add(name="Root")
    root.field.add(name="aipp_op", number=1, type=11, label=3, type_name=".judge.Block")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    cls = message_factory.GetMessageClass(pool.FindMessageTypeByName("judge.Root"))

    def parse(text):
        """The message, or None if it is refused."""
        try:
            return text_format.Parse(text, cls())
        except (text_format.ParseError, ValueError):  # an enum beyond 32 bits is a ValueError
            return None

    return parse


def agrees(op, message):
    for field in fields(AippOp):
        ours, theirs = getattr(op, field.name), getattr(message, field.name)
        kind = table.fields()[field.name].kind
        if kind == "mode":
            numbers = {"": 0} | table.MODES
            ours = numbers.get(ours, ours)
        if kind == "format":
            known = table.formats().get(ours)
            ours = known.number if known else int(ours or 0)
        if table.fields()[field.name].repeated:
            theirs = tuple(theirs)
        if kind == "float":
            assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-44), field.name
        else:
            assert (int(ours) if kind == "mode" else ours) == theirs, field.name


VALUES = st.sampled_from(
    [
        "0",
        "1",
        "2",
        "-1",
        "08",
        "010",
        "0x10",
        "1.5",
        "1.5f",
        ".5",
        "true",
        "True",
        "t",
        "f",
        "FALSE",
        "yes",
        "static",
        "99999999999",
    ]
)
VALUES |= st.sampled_from(["RGB888_U8", "BGR888_U8", '"x"', "'y'", "inf", "nan", "[1, 0]", "[]", "{ }", "", "1 2"])
NAMES = st.sampled_from(
    ["crop", "aipp_mode", "input_format", "mean_chn_0", "min_chn_0", "var_reci_chn_0", "matrix_r0c0"]
)
NAMES |= st.sampled_from(["related_input_rank", "related_input_name", "input_edge_idx", "wrong"])
LINES = st.tuples(NAMES, st.sampled_from([": ", " : ", ":", " "]), VALUES, st.sampled_from(["\n", ", ", "; ", "#\n"]))


@settings(deadline=None, max_examples=300)
@given(st.lists(LINES.map("".join), max_size=3), st.sampled_from(["{}", "<>"]), st.sampled_from(["", ":"]))
def test_what_google_s_parser_reads_is_what_we_read(google, lines, braces, colon):
    text = f"aipp_op {colon} {braces[0]} {''.join(lines)} {braces[1]}"
    assume(not re.search(r"(mode|format) ?: ?010", text))  # the parser in Python takes no octal there, that in C++ does
    theirs, ours = google(text), read(text)
    assert (theirs is not None) == (not ours.refusals), text
    if theirs is not None and "nan" not in text:
        for op, message in zip(ours.ops, theirs.aipp_op, strict=True):
            agrees(op, message)
