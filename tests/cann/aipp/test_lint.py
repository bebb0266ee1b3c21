"""Every rule with a case that it refuses and one that it lets pass; which chip says what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascendc.cann.aipp.derive import SOURCES, Preprocessor, derive
from ascendc.cann.aipp.lint import lint
from ascendc.cann.aipp.op import AippOp
from ascendc.cann.aipp.question import Question
from ascendc.cann.aipp.read import read
from ascendc.cann.aipp.write import write
from ascendc.cann.outline import Outline, Port
from ascendc.cann.soc import resolve
from ascendc.errors import UsageError

from .conftest import ops

OWNED = ("Ascend310", "Ascend310P3", "Ascend310B4", "Ascend910A", "Ascend910B4", "Ascend910_9391")
IMAGENET = Preprocessor(224, 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
RGB = derive(IMAGENET)
NV12 = derive(IMAGENET, "nv12")
THIRDS = {f"var_reci_chn_{channel}": (0.00392157,) for channel in range(3)}
CROPPED = AippOp(
    "static",
    input_format="RGB888_U8",
    src_image_size_w=256,
    src_image_size_h=256,
    crop=True,
    load_start_pos_w=16,
    load_start_pos_h=16,
    crop_size_w=224,
    crop_size_h=224,
    **THIRDS,
)
PADDED = AippOp(
    "static",
    input_format="RGB888_U8",
    rbuv_swap_switch=True,
    src_image_size_w=320,
    src_image_size_h=240,
    crop=True,
    load_start_pos_w=60,
    load_start_pos_h=20,
    crop_size_w=200,
    crop_size_h=200,
    padding=True,
    left_padding_size=12,
    right_padding_size=12,
    top_padding_size=12,
    bottom_padding_size=12,
    mean_chn_0=124,
    mean_chn_1=116,
    mean_chn_2=104,
    **THIRDS,
)
GREY = AippOp(
    "static",
    input_format="YUV400_U8",
    src_image_size_w=100,
    src_image_size_h=32,
    min_chn_0=127.5,
    var_reci_chn_0=(0.0078431,),
)
DYNAMIC = AippOp("dynamic", max_src_image_size=260000)


def model(channels=3, height=224, width=224, *, dtype="float32", batch="batch", before=()):
    return Outline((*before, Port("pixels", dtype, (batch, channels, height, width))), (), (), (), 8)


def judged(op, soc="Ascend310P3", network=None, **more):
    chip = resolve(soc).soc if soc else None
    return lint(read(write([op])), Question(soc=chip, model=network or model(), **more))


def errors(report):
    return [(error.code, error.gate, error.field.partition(".")[2]) for error in report.errors]


def only(found):
    """The only finding: its field, its message without the line, and what to do."""
    [finding] = found
    return finding.field.partition(".")[2], finding.message.partition(": ")[2], finding.fix


@pytest.mark.parametrize("soc", [*OWNED, None])
@pytest.mark.parametrize(
    ("op", "network"),
    [
        (RGB, model()),
        (CROPPED, model()),
        (NV12, model()),
        (PADDED, model()),
        (GREY, model(1, 32, 100)),
        (DYNAMIC, model(3, 416, 416)),
        *((derive(IMAGENET, source), model()) for source in SOURCES),
        (replace(RGB, src_image_size_h=0, src_image_size_w=0), model()),
        (replace(RGB, src_image_size_h=1248, src_image_size_w=2240), model(3, 1248, 2240)),  # no border: any width
        (RGB, Outline((Port("x", "float32", (1, 224, 224, 3)),), (), (), (), 8)),  # NHWC, as tf2onnx leaves it
    ],
)
def test_good_ones_have_no_errors(op, network, soc):
    assert errors(judged(op, soc, network)) == []


@pytest.mark.parametrize("op", [RGB, CROPPED, NV12, PADDED])
def test_and_raise_no_doubts(op):
    assert judged(op).lint == ()


EVEN = "must be even with input_format YUV420SP_U8"
PAIRS = "pixels share their colour in pairs"
ROOM = "YUV420SP_U8 259584, XRGB8888_U8 692224, RGB888_U8 519168, YUV400_U8 173056"
KERNEL, GRAPH = ("E81012", "kernel"), ("PARAM_INVALID", "graph")


@pytest.mark.parametrize("soc", OWNED)
@pytest.mark.parametrize(
    ("op", "network", "where", "field", "message", "fix"),
    [
        (
            replace(CROPPED, crop_size_w=225),
            model(),
            KERNEL,
            "crop_size_w",
            "crop_size_w 225 must be the width of input `pixels (3×224×224)`: 224, not 225",
            "crop_size_w 224",
        ),
        (
            replace(CROPPED, load_start_pos_w=40),
            model(),
            KERNEL,
            "load_start_pos_w",
            "load_start_pos_w 40 + crop_size_w 224 must not be above src_image_size_w 256",
            "load_start_pos_w at most 32",
        ),
        (
            replace(CROPPED, src_image_size_h=0),
            model(),
            KERNEL,
            "src_image_size_h",
            "`src_image_size_h` must be set with crop: true",
            "add src_image_size_h: the height of the pictures",
        ),
        (
            replace(RGB, src_image_size_w=256),
            model(),
            KERNEL,
            "src_image_size_w",
            "src_image_size_w 256 must be the width of input `pixels (3×224×224)`: 224, not 256",
            "src_image_size_w 224, or crop: true with crop_size_w 224",
        ),
        (
            replace(NV12, src_image_size_w=0, src_image_size_h=0),
            model(3, 224, 225),
            KERNEL,
            "src_image_size_w",
            f"the width of input `pixels (3×224×225)`, which is the source's too, {EVEN}, not 225: {PAIRS}",
            "src_image_size_w 226, and crop: true with crop_size_w 225",
        ),
        (
            replace(NV12, src_image_size_h=255, crop=True, crop_size_w=224, crop_size_h=224),
            model(),
            KERNEL,
            "src_image_size_h",
            f"`src_image_size_h` {EVEN}, not 255: {PAIRS}",
            "src_image_size_h 256, and crop: true with crop_size_h 255",
        ),
        (
            replace(PADDED, left_padding_size=40, right_padding_size=0, crop_size_w=184),
            model(),
            KERNEL,
            "left_padding_size",
            "`left_padding_size` must be 0 to 32, not 40",
            "add the rest of the border on the host",
        ),
        (
            replace(PADDED, right_padding_size=13),
            model(),
            KERNEL,
            "crop_size_w",
            "crop_size_w 200 + 25 of padding must be the width of input `pixels (3×224×224)`: 224, not 225",
            "crop_size_w 199, or 24 of padding",
        ),
        (
            replace(PADDED, crop_size_w=0),
            model(),
            KERNEL,
            "crop_size_w",
            "`crop_size_w` must be set with crop: true and padding: true",
            "add crop_size_w: the width that is cut out",
        ),
        (
            replace(GREY, csc_switch=True),
            model(1, 32, 100),
            KERNEL,
            "csc_switch",
            "`csc_switch` must be false with input_format YUV400_U8: grey has no colour to convert",
            "write csc_switch: false",
        ),
        (
            replace(RGB, min_chn_0=300.0),
            model(),
            KERNEL,
            "min_chn_0",
            "`min_chn_0` must be 0 to 255, not 300",
            "write what is to be subtracted from pixels of 0 to 255",
        ),
        (
            replace(RGB, mean_chn_3=256),
            model(),
            KERNEL,
            "mean_chn_3",
            "`mean_chn_3` must be 0 to 255, not 256",
            "write what is to be subtracted from pixels of 0 to 255",
        ),
        (
            replace(NV12, matrix_r0c0=(32768,)),
            model(),
            KERNEL,
            "matrix_r0c0",
            "`matrix_r0c0` must be -32768 to 32767, not 32768",
            "write a published conversion (docs/aipp.md)",
        ),
        (
            replace(NV12, output_bias_2=(256,)),
            model(),
            KERNEL,
            "output_bias_2",
            "`output_bias_2` must be 0 to 255, not 256",
            "write a published conversion (docs/aipp.md)",
        ),
        (
            replace(RGB, src_image_size_w=1),
            model(3, 224, 1),
            KERNEL,
            "src_image_size_w",
            "`src_image_size_w` must be 2 to 4096, not 1",
            "scale the pictures on the host",
        ),
        (
            replace(RGB, src_image_size_w=4100),
            model(3, 224, 4100),
            KERNEL,
            "src_image_size_w",
            "`src_image_size_w` must be 2 to 4096, not 4100",
            "scale the pictures on the host",
        ),
        (
            RGB,
            model(17),
            KERNEL,
            "related_input_rank",
            "input `pixels (17×224×224)` must have 16 channels at most for AIPP",
            "write the rank of the image input",
        ),
        (
            replace(PADDED, padding_value=0.5),
            model(dtype="int8"),
            KERNEL,
            "padding_value",
            "`padding_value` must be whole where AIPP writes int8, not 0.5",
            "write a whole number",
        ),
        (
            replace(RGB, aipp_mode=""),
            model(),
            GRAPH,
            "aipp_mode",
            "`aipp_mode` must be set; allowed: static, dynamic",
            "write aipp_mode: static",
        ),
        (
            replace(RGB, aipp_mode="7"),
            model(),
            GRAPH,
            "aipp_mode",
            "`aipp_mode` must not be 7; allowed: static, dynamic",
            "write aipp_mode: static",
        ),
        (
            replace(DYNAMIC, max_src_image_size=0),
            model(),
            GRAPH,
            "max_src_image_size",
            "`max_src_image_size` must be above 0 with aipp_mode dynamic",
            "add max_src_image_size: batch × the bytes of the largest picture that a program may send",
        ),
        (
            replace(RGB, input_format=""),
            model(),
            GRAPH,
            "input_format",
            "`input_format` must be set with aipp_mode static; allowed: YUV420SP_U8, XRGB8888_U8, RGB888_U8, YUV400_U8",
            "add input_format: RGB888_U8, or what the pictures have",
        ),
        (
            replace(RGB, load_start_pos_w=-1),
            model(),
            GRAPH,
            "load_start_pos_w",
            "`load_start_pos_w` must not be negative, but is -1; allowed: 0 to 4095",
            "write load_start_pos_w: 0, or delete it",
        ),
        (
            replace(RGB, var_reci_chn_0=(0.5, 0.5)),
            model(),
            GRAPH,
            "var_reci_chn_0",
            "`var_reci_chn_0` must be set once, not 2 times",
            "keep one line var_reci_chn_0: 0.5",
        ),
        (
            replace(RGB, related_input_rank=1),
            model(),
            ("E10052", "graph"),
            "related_input_rank",
            "`related_input_rank` must be the rank of an input, not 1; allowed: 0 (pixels)",
            "write the rank of the image input",
        ),
        (
            replace(RGB, related_input_rank=0, related_input_name="pixels"),
            model(),
            ("E10052", "graph"),
            "related_input_name",
            "`related_input_name` must not be set: ATC finds names in Caffe models only",
            "use related_input_rank",
        ),
        (
            DYNAMIC,
            Outline((Port("ids", "float32", (1, 77)),), (), (), (), 8),
            ("E10001", "graph"),
            "related_input_rank",
            "input `ids` must have 3 or 4 axes for dynamic AIPP, not 2",
            "write the rank of the image input",
        ),
    ],
)
def test_what_every_chip_refuses(op, network, where, field, message, fix, soc):
    report = judged(op, soc, network)
    assert not report.ok
    assert errors(report) == [(*where, field)]
    assert only(report.errors) == (field, message, fix)
    assert errors(judged(op, None, network)) == [(*where, field)], "what all refuse is an error without a SoC"


@pytest.mark.parametrize(
    ("op", "network", "field", "refusing"),
    [
        (
            replace(NV12, src_image_size_w=256, load_start_pos_w=15, crop=True, crop_size_w=224, crop_size_h=224),
            model(),
            "load_start_pos_w",
            {"Ascend310", "Ascend310P3", "Ascend910A"},
        ),
        (
            replace(RGB, padding=True, left_padding_size=16, right_padding_size=16, src_image_size_w=1088),
            model(3, 224, 1120),
            "padding",
            {"Ascend310", "Ascend310P3", "Ascend910A"},
        ),
        (replace(RGB, input_format="ARGB8888_U8"), model(), "input_format", set(OWNED)),
        (replace(RGB, resize=True), model(), "resize", set(OWNED)),
        (
            replace(RGB, input_format="NC1HWC0DI_FP16"),
            model(),
            "input_format",
            {"Ascend310B4", "Ascend910A", "Ascend910B4", "Ascend910_9391"},
        ),
        (replace(RGB, input_format="RAW16"), model(1), "input_format", set(OWNED) - {"Ascend310B4"}),
        (replace(RGB, input_format="99"), model(), "input_format", set(OWNED)),
    ],
)
def test_what_some_chips_refuse(op, network, field, refusing):
    found = {soc for soc in OWNED if errors(judged(op, soc, network)) == [("E81012", "kernel", field)]}
    assert found == refusing
    assert all(judged(op, soc, network).ok for soc in set(OWNED) - refusing)


def test_without_a_soc_what_some_refuse_is_a_doubt_that_names_them():
    op = replace(NV12, src_image_size_w=256, load_start_pos_w=15, crop=True, crop_size_w=224, crop_size_h=224)
    report = judged(op, None)
    assert report.ok
    assert only(report.lint) == (
        "load_start_pos_w",
        f"`load_start_pos_w` {EVEN}, not 15: {PAIRS}, on Ascend310, Ascend310P, Ascend910",
        "load_start_pos_w 14 or 16",
    )


@pytest.mark.parametrize(
    ("soc", "said"),
    [
        ("Ascend310B4", "1120 columns after padding: CANN 8.1 takes 1080 on Ascend310B, newer documents 4096"),
        ("Ascend910B4", "1120 columns after padding: CANN 8.1 takes 1080 on Ascend910B, newer documents 4096"),
    ],
)
def test_where_cann_and_documents_disagree_it_is_a_doubt(soc, said):
    op = replace(RGB, padding=True, left_padding_size=16, right_padding_size=16, src_image_size_w=1088)
    assert only(judged(op, soc, model(3, 224, 1120)).lint)[1] == said


def test_chips_of_set_top_boxes_scale_and_want_aligned_rows():
    scaled = replace(RGB, src_image_size_w=448, resize=True, resize_output_w=224, resize_output_h=224)
    assert judged(scaled, "SD3403").ok
    assert errors(judged(replace(scaled, resize_output_w=8), "SD3403", model(3, 224, 8)))[0][2] == "resize_output_w"
    assert errors(judged(replace(RGB, src_image_size_w=226), "SD3403", model(3, 224, 226))) == [
        ("E81012", "kernel", "src_image_size_w")
    ]


def test_a_chip_without_static_aipp():
    [error] = judged(RGB, "Ascend035").errors
    assert (error.code, error.gate, error.field) == ("E81012", "kernel", "")
    assert error.message == "Ascend035 has no static AIPP in CANN 8.1"


def lint_text(text, **asked):
    return lint(read(text), Question(**asked))


def test_two_blocks_of_one_input():
    report = lint(read(write([RGB, RGB])), Question(model=model()))
    assert errors(report) == [("E10052", "graph", "related_input_rank")]
    assert report.errors[0].field == "aipp_op[1].related_input_rank"
    assert report.errors[0].message == "line 16: `related_input_rank` must differ between blocks, but is 0 as on line 1"
    two = model(before=(Port("other", "float32", (1, 3, 224, 224)),))
    assert lint(read(write([RGB, replace(RGB, related_input_rank=1)])), Question(model=two)).ok


def test_names_and_ranks_do_not_mix():
    report = lint(read(write([RGB, replace(RGB, related_input_name="b")])))
    assert errors(report) == [("E10052", "graph", "related_input_name")]


def test_a_name_may_be_meant_for_caffe_as_long_as_no_model_says_otherwise():
    report = lint(read(write([replace(RGB, related_input_name="data")])))
    assert report.ok
    assert "refuses it with ONNX" in only(report.lint)[1]


@pytest.mark.parametrize(
    ("op", "fields"),
    [
        (RGB, ["src_image_size_w", "src_image_size_h"]),
        (replace(CROPPED, src_image_size_w=0, src_image_size_h=0), ["crop"]),
        (replace(RGB, src_image_size_w=0, src_image_size_h=0), []),
    ],
)
def test_gears(op, fields):
    gears = ((224, 224), (448, 448))
    report = judged(op, network=model(3, "h", "w"), image_sizes=gears)
    graph = [error for error in report.errors if error.gate == "graph"]
    assert [(error.code, error.field) for error in graph] == [("E10052", f"aipp_op[0].{field}") for field in fields]
    assert not [error for error in report.errors if "448, not 224" in error.message], "delete it, or make it 448?"


def test_every_gear_is_a_size_of_the_network():
    op = replace(NV12, src_image_size_w=0, src_image_size_h=0)
    assert judged(op, network=model(3, "h", "w"), image_sizes=((224, 224), (448, 448))).ok
    report = judged(op, network=model(3, "h", "w"), image_sizes=((224, 224), (225, 448)))
    assert errors(report) == [("E81012", "kernel", "src_image_size_h")]


def test_grey_is_not_told_to_have_a_matrix_that_it_must_not_have():
    report = judged(replace(GREY, csc_switch=True), network=model(1, 32, 100))
    assert errors(report) == [("E81012", "kernel", "csc_switch")]
    assert report.lint == ()


@pytest.mark.parametrize("shape", [(10,), ("batch", 77), (1, 3, 8, 224, 224)])
def test_what_has_not_four_axes_is_hardly_a_picture(shape):
    report = judged(RGB, network=Outline((Port("ids", "float32", shape),), (), (), (), 8))
    assert report.ok
    assert only(report.lint) == (
        "related_input_rank",
        f"input `ids` is hardly a picture: those have 4 axes, not {len(shape)}",
        "write the rank of the image input",
    )


@pytest.mark.parametrize("name", ["ARGB8888_U8", "XRGB8888_U8", "AYUV444_U8"])
def test_the_fourth_channel_need_not_be_divided_unless_the_network_has_it(name):
    op = replace(RGB, input_format=name)
    assert "var_reci_chn_3" not in [doubt.field.rpartition(".")[2] for doubt in judged(op, None).lint]


@pytest.mark.parametrize("value", [-70000.0, 70000.0])
def test_a_border_beyond_fp16(value):
    op = replace(PADDED, padding_value=value)
    assert only(judged(op).lint) == (
        "padding_value",
        f"`padding_value` {value:g} is infinite in fp16",
        "write -65504 to 65504",
    )


SCALED = replace(RGB, src_image_size_w=448, resize=True, resize_output_w=224, resize_output_h=224)
RAW = AippOp("static", input_format="RAW16", raw_rgbir_to_f16_n=15)


@pytest.mark.parametrize(
    ("soc", "op", "field", "most", "beyond"),
    [
        ("310P3", RGB, "src_image_size_w", 4096, 4097),
        ("310P3", RGB, "src_image_size_w", 2, 1),
        ("310P3", RGB, "src_image_size_h", 1, -1),
        ("310P3", CROPPED, "load_start_pos_w", 32, 33),
        ("310P3", PADDED, "bottom_padding_size", 32, 33),
        ("310P3", RGB, "mean_chn_0", 255, 256),
        ("310P3", RGB, "mean_chn_0", 0, -1),
        ("310P3", RGB, "min_chn_2", 255.0, 255.5),
        ("310P3", RGB, "var_reci_chn_1", (65504.0,), (65504.5,)),
        ("310P3", RGB, "var_reci_chn_1", (-65504.0,), (-65504.5,)),
        ("310P3", NV12, "matrix_r0c0", (32767,), (32768,)),
        ("310P3", NV12, "matrix_r2c2", (-32768,), (-32769,)),
        ("310P3", NV12, "input_bias_0", (255,), (256,)),
        ("310P3", NV12, "output_bias_2", (0,), (-1,)),
        ("310P3", RGB, "input_edge_idx", (0, 1), None),
        ("SD3403", RAW, "raw_rgbir_to_f16_n", 15, 32),
        ("310B4", RAW, "raw_rgbir_to_f16_n", 999, None),
        ("SD3403", SCALED, "resize_output_h", 3584, 3600),
        ("SD3403", SCALED, "resize_output_w", 1920, 1921),
        ("SD3403", replace(RGB, input_format="RGB16"), "mean_chn_0", 65535, 65536),
    ],
)
def test_the_last_value_that_is_taken_and_the_first_that_is_not(soc, op, field, most, beyond):
    """Of ranges; whether the result has the network's size is not asked."""

    def refused(value):
        report = lint(read(write([replace(op, **{field: value})])), Question(soc=resolve(soc).soc))
        return field in [error.field.partition(".")[2] for error in report.errors]

    assert most is None or not refused(most)
    assert beyond is None or refused(beyond)


@pytest.mark.parametrize(("soc", "most"), [("310P3", 1080), ("910A", 1080), ("310B4", 4096), ("910B4", 4096)])
def test_the_widest_result_with_a_border(soc, most):
    for width, wide in ((most, False), (most + 1, True)):
        op = replace(RGB, src_image_size_w=width - 32, padding=True, left_padding_size=32)
        assert ("padding" in [field for _, _, field in errors(judged(op, soc, model(3, 224, width)))]) is wide


def test_no_border_of_less_than_nothing_is_advised():
    assert [error.fix for error in judged(PADDED, network=model(3, 100, 224)).errors] == ["crop_size_h 76"]


@pytest.mark.parametrize("model_says", [True, False])
def test_a_negative_height_to_cut(model_says):
    """GE looks at the width only; the kernel finds that no network is as high."""
    op = replace(CROPPED, crop_size_h=-5)
    report = judged(op) if model_says else lint(read(write([op])))
    assert errors(report) == [(*KERNEL, "crop_size_h")]


@pytest.mark.parametrize(("shape", "ok"), [((224, 224), False), ((3, 224, 224), True), ((1, 3, 224, 224), True)])
def test_axes_that_dynamic_aipp_takes(shape, ok):
    assert judged(DYNAMIC, network=Outline((Port("x", "float32", shape),), (), (), (), 8)).ok is ok


@pytest.mark.parametrize("switch", ["crop", "padding"])
@pytest.mark.parametrize("mode", ["static", "dynamic"])
def test_gears_want_neither_a_cut_nor_a_border(switch, mode):
    op = AippOp(mode, input_format="RGB888_U8", max_src_image_size=10**7, **{switch: True}, **THIRDS)
    report = judged(op, network=model(3, "h", "w"), image_sizes=((224, 224),))
    assert ("E10052", "graph", switch) in errors(report)


def test_a_block_that_goes_with_no_gear_is_judged_for_the_rest():
    report = judged(replace(RGB, min_chn_0=300.0), network=model(3, "h", "w"), image_sizes=((224, 224),))
    assert ("E81012", "kernel", "min_chn_0") in errors(report)


def test_the_batch_of_the_model_counts_for_the_largest_picture():
    fits = replace(DYNAMIC, max_src_image_size=4 * 416 * 416)
    assert judged(fits, network=model(3, 416, 416)).lint == ()
    [doubt] = judged(fits, network=model(3, 416, 416, batch=2)).lint
    assert "no room for 2 of 416×416 pixels" in doubt.message


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_rows_of_pixels_are_recognised_by_their_last_axis(channels):
    network = Outline((Port("x", "float32", (1, 224, 224, channels)),), (), (), (), 8)
    assert errors(judged(RGB, network=network)) == []


@pytest.mark.parametrize(
    ("op", "said"),
    [
        (replace(RGB, min_chn_0=1.0, mean_chn_0=1), "`mean_chn_0` 1 and `min_chn_0` 1 are both subtracted"),
        (replace(RGB, min_chn_0=0.675, mean_chn_0=123), ""),
        (replace(RGB, var_reci_chn_0=(1.5,)), "`var_reci_chn_0` 1.5: pixels are 0 to 255"),
        (
            replace(NV12, matrix_r0c2=(403,), matrix_r1c1=(-48,)),
            "the matrix is YUV→RGB BT.601 full range but for matrix_r0c2 403 for 359, matrix_r1c1 -48 for -88",
        ),
        (replace(NV12, matrix_r0c2=(1,), matrix_r1c1=(2,), matrix_r1c2=(3,)), "the matrix is no published conversion"),
    ],
)
def test_where_a_doubt_begins(op, said):
    found = [doubt.message.partition(": ")[2] for doubt in judged(op).lint]
    assert any(message.startswith(said) for message in found) if said else not found


def test_options_of_atc_that_do_not_go_with_it():
    [error] = judged(RGB, dynamic_dims=True).errors
    assert (error.code, error.gate) == ("E10001", "graph")
    [error] = judged(RGB, fp16_inputs=("pixels",)).errors
    assert (error.code, error.gate) == ("E10034", "graph")
    assert judged(RGB, fp16_inputs=("other",)).ok
    with pytest.raises(UsageError, match="--input-fp16-nodes must come with --model") as caught:
        lint(read(write([RGB])), Question(fp16_inputs=("pixels",)))
    assert caught.value.id == "ASC2204"


BARE = "aipp_op { aipp_mode: static input_format: RGB888_U8 "


@pytest.mark.parametrize(
    ("text", "gate", "field"),
    [
        (BARE + "crop: true crop_size_w: 10 crop_size_h: 10 }", "kernel", "src_image_size_w"),
        (BARE + "src_image_size_w: 5000 }", "kernel", "src_image_size_w"),
        (
            BARE + "src_image_size_w: 10 src_image_size_h: 10 padding: true left_padding_size: 33 }",
            "kernel",
            "left_padding_size",
        ),
    ],
)
def test_without_a_model_the_file_itself_decides(text, gate, field):
    assert {(error.gate, error.field.partition(".")[2]) for error in lint_text(text).errors} >= {(gate, field)}


def test_without_a_model_the_network_s_size_is_not_judged():
    assert lint_text(write([replace(CROPPED, crop_size_w=200)])).ok
    assert not lint_text(write([replace(CROPPED, crop_size_w=200)]), size=(224, 224)).ok


@pytest.mark.parametrize(
    ("op", "network", "field", "said", "fix"),
    [
        (
            replace(RGB, var_reci_chn_0=(), var_reci_chn_1=(), var_reci_chn_2=()),
            model(),
            "var_reci_chn_0",
            "no `var_reci_chn_0` to `_2`: the network sees values up to 255, which few are trained on",
            "add var_reci_chn: 1 / (255 × standard deviation), or 1/255",
        ),
        (
            replace(RGB, var_reci_chn_1=()),
            model(),
            "var_reci_chn_1",
            "`var_reci_chn_1` not set: channel 1 is not divided, others are",
            "add var_reci_chn_1",
        ),
        (
            replace(RGB, mean_chn_0=124),
            model(),
            "mean_chn_0",
            "`mean_chn_0` 124 and `min_chn_0` 123.675 are both subtracted",
            "delete one, or leave the fraction alone in min_chn",
        ),
        (
            replace(RGB, var_reci_chn_0=(4.36681,)),
            model(),
            "var_reci_chn_0",
            "`var_reci_chn_0` 4.36681: pixels are 0 to 255, so what the network sees is up to 573",
            "write 1 / (255 × standard deviation): 0.0171247 if this is 1 / standard deviation",
        ),
        (
            replace(RGB, var_reci_chn_0=(58.395,)),
            model(),
            "var_reci_chn_0",
            "`var_reci_chn_0` 58.395: pixels are 0 to 255, so what the network sees is up to 7.67e+03",
            "write the reciprocal of the standard deviation: 0.0171248",
        ),
        (
            replace(RGB, min_chn_0=0.485, min_chn_1=0.456, min_chn_2=0.406),
            model(),
            "min_chn_0",
            "`min_chn_0` 0.485: means are of pixels of 0 to 255, and these are below 1",
            "write 255 times as much: min_chn_0: 123.675",
        ),
        (
            replace(RGB, input_format="YUV420SP_U8"),
            model(),
            "csc_switch",
            "input_format YUV420SP_U8 without csc_switch: the network sees YUV, not RGB",
            "add csc_switch: true with a YUV→RGB matrix (ascendc aipp derive)",
        ),
        (
            replace(NV12, matrix_r1c1=()),
            model(),
            "csc_switch",
            "csc_switch without matrix_r1c1: the kernel takes what is missing from YUV→BGR BT.601, whatever comes in",
            "write all nine coefficients (docs/aipp.md)",
        ),
        (
            replace(NV12, input_bias_0=()),
            model(),
            "csc_switch",
            "csc_switch without input_bias_0: the kernel takes 16, 128, 128",
            "write all three of input_bias_0 to _2",
        ),
        (
            replace(NV12, input_bias_0=(16,)),
            model(),
            "input_bias_0",
            "the matrix is YUV→RGB BT.601 full range, whose input_bias is 0, 128, 128, not 16, 128, 128",
            "write input_bias 0, 128, 128, or the matrix that goes with 16, 128, 128",
        ),
        (
            replace(NV12, matrix_r1c1=(88,)),
            model(),
            "matrix_r1c1",
            "the matrix is YUV→RGB BT.601 full range but for matrix_r1c1 88 for -88",
            "check the coefficients",
        ),
        (
            replace(NV12, matrix_r1c2=(40000,)),
            model(),
            "matrix_r1c2",
            "`matrix_r1c2` must be -32768 to 32767, not 40000; CANN 8.1 forgets to look, and takes 16 bits",
            None,
        ),
        (
            derive(IMAGENET, "nv12", standard="bt709", range="narrow"),
            model(),
            "matrix_r0c0",
            "the matrix is YUV→RGB BT.709 narrow range: for HD video. JPEG pictures are BT.601 full range",
            "keep it for HD video, else use YUV→RGB BT.601 full range",
        ),
        (
            replace(NV12, input_format="RGB888_U8", output_bias_0=(0,), output_bias_1=(0,), output_bias_2=(0,)),
            model(),
            "matrix_r0c0",
            "the matrix is YUV→RGB BT.601 full range, but input_format RGB888_U8 loads RGB",
            "write a matrix that begins with RGB (docs/aipp.md)",
        ),
        (
            replace(RGB, single_line_mode=True),
            model(),
            "single_line_mode",
            "`single_line_mode` has no effect: nothing reads it",
            "delete it",
        ),
        (
            replace(RGB, crop_size_w=200, crop_size_h=200),
            model(),
            "crop_size_w",
            "`crop_size_w` and 1 more have no effect without crop: true",
            "add crop: true, or delete what belongs to it",
        ),
        (
            replace(RGB, max_src_image_size=1000),
            model(),
            "max_src_image_size",
            "`max_src_image_size` has no effect with aipp_mode static",
            "delete it",
        ),
        (
            replace(RGB, ax_swap_switch=True),
            model(),
            "ax_swap_switch",
            "`ax_swap_switch` has no effect with input_format RGB888_U8: it has no fourth channel",
            "delete it",
        ),
        (
            RGB,
            model(1),
            "input_format",
            "the block gives 3 channels, but input `pixels (1×224×224)` has 1",
            "write the rank of the image input, or the format that the model expects",
        ),
        (
            RGB,
            model(dtype="uint8"),
            "related_input_rank",
            "input `pixels` is uint8: means and reciprocals have no effect on it",
            "export the model with a float input",
        ),
        (
            replace(PADDED, padding_value=114.0),
            model(),
            "padding_value",
            "`padding_value` 114 is written after normalisation, whose largest value is 0.592",
            "write padding_value: -0.03922 for a border of 114",
        ),
        (
            replace(DYNAMIC, max_src_image_size=100_000),
            model(3, 416, 416),
            "max_src_image_size",
            f"`max_src_image_size` 100000 has no room for 1 of 416×416 pixels: {ROOM} bytes",
            "write max_src_image_size: 692224, or what the largest source needs",
        ),
    ],
)
def test_what_is_accepted_and_doubtful(op, network, field, said, fix):
    report = judged(op, network=network)
    assert report.ok
    found = [(d.field.partition(".")[2], d.message.partition(": ")[2], d.fix) for d in report.lint]
    assert (field, said) in [(one, message) for one, message, _ in found]
    assert fix is None or (field, said, fix) in found


def test_a_batch_needs_as_much_room_again():
    op = replace(DYNAMIC, max_src_image_size=700_000)
    assert judged(op, network=model(3, 416, 416)).lint == ()
    assert "no room for 4 of" in judged(op, network=model(3, 416, 416), batch=4).lint[0].message
    assert "no room for 2 of" in judged(op, network=model(3, 416, 416, batch=2)).lint[0].message


def test_a_file_without_blocks():
    report = lint(read("# nothing"))
    assert report.ok
    assert [doubt.message for doubt in report.lint] == ["the file has no aipp_op block: nothing is inserted"]


def test_static_and_dynamic_in_one_file():
    report = lint(read(write([RGB, replace(DYNAMIC, related_input_rank=1)])))
    assert [doubt.message for doubt in report.lint] == ["documents want all blocks static or all dynamic"]


def test_an_unreadable_value_leaves_the_block_s_meaning_open_and_an_unknown_field_does_not():
    text = BARE + "src_image_size_w: 5000 "
    assert [error.gate for error in lint_text(text + "crop: maybe }").errors] == ["parse"]
    assert [error.gate for error in lint_text(text + "croop: 1 }").errors] == ["parse", "kernel"]


def test_errors_come_in_the_order_of_the_gates():
    text = "aipp_op { input_format: RGB888_U8 src_image_size_w: 5000 wrong: 1 }"
    assert [error.gate for error in lint_text(text).errors] == ["parse", "graph", "kernel"]


def test_what_becomes_of_the_input():
    [block] = judged(CROPPED).ops
    assert (block.line, block.input, block.source, block.bytes, block.result) == (
        1,
        "pixels",
        (256, 256),
        196608,
        (224, 224),
    )
    assert block.fields["crop"] is True
    assert block.fields["load_start_pos_w"] == 16
    [block] = lint_text(write([NV12])).ops
    assert (block.input, block.bytes) == (None, 75264)


@settings(deadline=None, max_examples=120)
@given(st.lists(ops(), max_size=3), st.sampled_from([None, *OWNED]), st.booleans())
def test_whatever_is_written_is_judged(blocks, soc, known):
    asked = Question(soc=resolve(soc).soc if soc else None, model=model() if known else None)
    report = lint(read(write(blocks)), asked)
    assert report.ok == (not report.errors)
    assert all(finding.message and finding.fix for finding in (*report.errors, *report.lint))
