"""Every rule that takes the ONNX model to be seen."""
# ruff: noqa: E501

import pytest

from ascendc.cann.outline import Node, Outline, Port

IMAGE = Port("pixel_values", "float32", ("batch", 3, 224, 224))
IDS = Port("input_ids", "int64", (1, 77))
NODES = (
    Node("Conv_0", "Conv", "", ("pixel_values",), ("c",)),
    Node("Split_1", "Split", "", ("c",), ("a", "b")),
    Node("Add_2", "Add", "", ("a", "input_ids"), ("embeds:0",)),
)


def model(*inputs, nodes=NODES, opsets=(("", 13),)):
    return Outline(inputs or (IMAGE, IDS), (Port("embeds:0", "float32", None),), nodes, opsets, 7)


STATIC = "--input_shape='pixel_values:1,3,224,224'"


@pytest.mark.parametrize(
    ("bad", "said", "good"),
    [
        ("", "E10001 input_shape: must say a shape for `pixel_values`, whose axes the model leaves open (pixel_values: float32 batch×3×224×224)", STATIC),
        ("--input_shape='pixel_value:1,3,224,224;pixel_values:1,3,224,224'", "E10016 input_shape: names `pixel_value`, which the model does not have; its inputs: pixel_values, input_ids", STATIC),
        ("--input_shape='pixel_values:1,3,224,224;Conv_0:1'", "E10017 input_shape: names `Conv_0`, which is a node inside the model, not an input", STATIC),
        ("--input_shape='pixel_values:1,3,224'", "E19999 input_shape: gives `pixel_values` 3 axes, the model has 4 (pixel_values: float32 batch×3×224×224); ATC fails without saying so", STATIC),
        ("--input_shape='pixel_values:-1,3,224'", "E10049 input_shape", "--input_shape='pixel_values:-1,3,224,224'"),
        ("--input_shape='pixel_values:1~8,4,224,224'", "E10050 input_shape: gives axis 1 of `pixel_values` 4; the model fixes it at 3, which is outside", "--input_shape='pixel_values:1~8,3,224,224'"),
        ("--input_shape='pixel_values:-1,3,224,224' --dynamic_batch_size=1,2", "E10001 input_shape: must list every input beside gears; `input_ids` is missing", "--input_shape='pixel_values:-1,3,224,224;input_ids:1,77' --dynamic_batch_size=1,2"),
        (f"{STATIC} --input_fp16_nodes=pixels", "E10016 input_fp16_nodes", f"{STATIC} --input_fp16_nodes=pixel_values"),
        (f"{STATIC} --out_nodes=Conv_1:0", "E10016 out_nodes: names the node `Conv_1`, which the model does not have", f"{STATIC} --out_nodes=Conv_0:0"),
        (f"{STATIC} --out_nodes=Conv_0:1", "E10003 out_nodes: `Conv_0:1` is out of range: `Conv_0` has 1 output", f"{STATIC} --out_nodes='Split_1:0;Split_1:1'"),
        (f"{STATIC} --out_nodes=embeds:0", "E10016 out_nodes: `embeds:0` is a tensor; ATC reads it as output 0 of a node `embeds`, which is not there", f"{STATIC} --out_nodes=Add_2:0"),
        (f"{STATIC} --out_nodes='b;d'", "E11017 out_nodes: names the tensor `d`, which no node of the model makes", f"{STATIC} --out_nodes='b;c'"),
    ],
)  # fmt: skip
def test_an_error_and_its_cure(check, bad, said, good):
    found = check(bad, model=model()).errors
    assert found == [said] or [text.partition(": ")[0] for text in found] == [said]
    assert check(good, model=model()).errors == []


def test_a_name_that_looks_like_one_is_the_fix():
    from ascendc.cann.atc.lint import lint_argv

    argv = [
        "--framework=5",
        "--model=m",
        "--output=m",
        "--soc_version=Ascend310",
        "--input_shape=pixelvalues:1,3,224,224",
    ]
    report = lint_argv(argv, model=model(IMAGE))
    assert [error.fix for error in report.errors] == ["pixel_values", '--input_shape="pixel_values:1,3,224,224"']


def test_a_size_that_the_model_fixes_is_a_doubt(check):
    found = check("--input_shape='pixel_values:1,4,224,224'", model=model())
    assert found.errors == []
    assert found.warnings == [
        "advice input_shape: gives axis 1 of `pixel_values` 4; the model fixes it at 3, and ATC goes on with 4"
    ]


def test_shapes_by_position(check):
    assert check("--input_shape='-1,3,224,224;1,77'", model=model()).errors == []
    assert check("--input_shape='-1,3,224;1,77'", model=model()).codes == ["E10049 input_shape"]


def test_what_the_shell_knows_is_not_held_against_the_model(check):
    for text in ('--input_shape="$shapes"', '--input_shape="x:$bs,3"', '"$@"'):
        assert check(text, model=model()).errors == []


@pytest.mark.parametrize(
    ("opsets", "cann", "errors", "warnings"),
    [
        ((("", 13),), None, [], []),
        ((("", 17),), "8.1.RC1", [], []),
        ((("", 17),), None, [], ["advice model: has opset 17; every CANN takes 11 to 13 (which every CANN from 5.0.4 on takes)"]),
        ((("", 20),), "8.1.RC1", [], ["advice model: has opset 20; CANN 8.1.RC1 takes 11 to 18 (ATC documents of CANN 8)"]),
        ((("", 13), ("", 13)), None, ["E16005 model: imports the opset of `ai.onnx` more than once"], []),
        ((("", 13), ("npu", 1)), None, [], []),
    ],
)  # fmt: skip
def test_opsets(check, opsets, cann, errors, warnings):
    assert check(STATIC, model=model(opsets=opsets), cann=cann) == (errors, warnings)


def test_a_node_without_a_name_may_be_the_one_that_is_meant(check):
    nodes = (Node("", "Conv", "", ("pixel_values",), ("c",)),)
    found = check(f"{STATIC} --out_nodes=Conv_7:0", model=model(nodes=nodes))
    assert found.errors == []
    assert found.warnings == ["E10016 out_nodes: names `Conv_7`, which may be ATC's name for a node that has none"]


def test_the_only_input_is_what_aipp_feeds(check):
    text = f"{STATIC} --insert_op_conf=a.cfg --input_fp16_nodes=pixel_values"
    assert check(text, model=model(IMAGE)).codes == ["E10034 input_fp16_nodes"]
    assert check(text, model=model()).errors == []


def test_other_frameworks_are_not_compared(check):
    assert check("--framework=3 --input_shape=x:1", model=model()).errors == []
