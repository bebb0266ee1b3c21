import json
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ascendc.cli.estimate import schema_text

SCHEMA = Path(__file__).parents[2] / "docs" / "estimate.schema.json"


@pytest.fixture
def linear(tmp_path, monkeypatch):
    """A product with a weight of 1000 × 500, for a symbolic batch."""
    monkeypatch.chdir(tmp_path)
    made = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1000])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 500])],
        [numpy_helper.from_array(np.zeros((1000, 500), np.float32), "w")],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)]), "m.onnx")
    return "m.onnx"


@pytest.fixture
def vit(tmp_path, monkeypatch):
    """The attention of ViT-B/32: 12 layers of 12 heads with 64 numbers each, over 50 tokens, and a convolution."""
    monkeypatch.chdir(tmp_path)
    nodes = [helper.make_node("Conv", ["pixels", "filters"], ["patches"], "conv", strides=[32, 32])]
    query = "query"
    for n in range(12):
        nodes += [
            helper.make_node("MatMul", [query, "key"], [f"scores{n}"], f"scores{n}"),
            helper.make_node("Softmax", [f"scores{n}"], [f"shares{n}"], f"softmax{n}", axis=-1),
            helper.make_node("MatMul", [f"shares{n}", "value"], [f"context{n}"], f"context{n}"),
        ]
        query = f"context{n}"
    sizes = {"pixels": [3, 224, 224], "query": [12, 50, 64], "key": [12, 64, 50], "value": [12, 50, 64]}
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape]) for name, shape in sizes.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("patches", query)],
        [numpy_helper.from_array(np.zeros((1, 3, 32, 32), np.float32), "filters")],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)]), "vit.onnx")
    return "vit.onnx"


CIRCULATING = "note: the bandwidth of Ascend310P3 is a figure in circulation; its product page was not checked\n"


def test_it_says_first_that_it_is_an_estimate_and_how_it_is_made(ascendc, linear):
    ran = ascendc("estimate", linear, "--soc", "310P3", "--batch", "8")
    assert (ran.code, ran.err) == (0, CIRCULATING)
    assert ran.out.splitlines() == [
        "This is an estimate: bounds computed from FLOPs, bytes and figures of the chip; nothing was run or measured.",
        "  latency ≥ max(matrix FLOPs ÷ peak, (weights read + inputs + outputs) ÷ bandwidth), all through memory once",
        "  unfused = the sum over operators of max(matrix FLOPs ÷ peak, (inputs + outputs) ÷ bandwidth)",
        "  peak = 69.47 TFLOPS (derived: 8 × 4096 multiply-accumulates × 2 × 1060 MHz)",
        "  bandwidth = 204 GB/s (quoted: half of an Atlas 300I Duo card: 408 GB/s)",
        "",
        "m.onnx on Ascend310P3 in fp16",
        "  batch  matrix GFLOP  other GFLOP  latency ≥ ms  items/s ≤  limit   unfused ms  weights  activations ≥",
        "  8      0.008         0            0.00502       1,593,750  memory  0.00502     1 MB     24 kB",
        "  memory: at least 1.02 MB of 24 GB (derived): fits",
        "",
        "Where the time goes at batch 8, unfused:",
        "  1 MatMul 100.0%, the others 0.0%",
        "  share   ms       limit   nodes     inputs             the first",
        "  100.0%  0.00502  memory  1 MatMul  8×1000 · 1000×500  product",
        "",
        "AI CPU: no node, by the tables of ascendc check.",
        "Published figures: none of a model like this one.",
    ]


def test_published_figures_of_the_same_shape_are_shown_with_their_share(ascendc, vit):
    lines = ascendc("estimate", vit, "--soc", "310P3").out.splitlines()
    at = lines.index("Published figures of the nearest models:")
    assert lines[at + 3] == (
        "  ViT-B/32-224 on Ascend310P3, batch 8: published 1,440 items/s, 18% of its bound of 7,878 "
        "(the same shape, ModelZoo)"
    )
    assert lines[at + 4].startswith("    at that share this model would reach ")
    assert lines[at + 6].startswith("  open_clip ViT-B-32, image on Ascend910B4, batch 8: published 285 items/s, 1% of")


def test_what_a_name_was_taken_for_and_doubts_go_to_stderr(ascendc, linear):
    ran = ascendc("estimate", linear, "--soc", "310P")
    meant = "note: `310P` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo\n"
    assert ran.err == meant + CIRCULATING
    assert "quoted" in ascendc("estimate", linear, "--soc", "310").out
    assert "its product page was not checked" in ascendc("estimate", linear, "--soc", "310").err


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--batch", "0"), "ASC2355 --batch must be numbers from 1 to 1048576, not `0`\n  hint: --batch 1,8\n"),
        (("--batch", "1,x"), "ASC2355 --batch must be numbers from 1 to 1048576, not `x`\n  hint: --batch 1,8\n"),
        (("--batch", ""), "ASC2355 --batch must be numbers from 1 to 1048576, not ``\n  hint: --batch 1,8\n"),
        (
            ("--batch", "9" * 99),
            f"ASC2355 --batch must be numbers from 1 to 1048576, not `{'9' * 40}`\n  hint: --batch 1,8\n",
        ),
        (("--size", "x"), "ASC2356 --size must be AXIS=N, not `x`\n  hint: --size sequence=77\n"),
        (("--precision", "bf16"), "ASC2351 precision must not be bf16: Ascend310P3 has none; allowed: fp16, fp32\n"),
        (("--size", "a=2"), "ASC2311 no input of `m.onnx` has an axis called `a`; it has: batch\n"),
    ],
)
def test_arguments_that_cannot_be_meant(ascendc, linear, arguments, error):
    ran = ascendc("estimate", linear, "--soc", "310P3", *arguments)
    assert (ran.code, ran.out, ran.err) == (2, "", f"ascendc: {error}")


def test_a_file_that_is_not_there(ascendc, tmp_path):
    ran = ascendc("estimate", tmp_path / "none.onnx", "--soc", "310P3")
    assert (ran.code, ran.err) == (2, f"ascendc: ASC2301 the ONNX file `{tmp_path}/none.onnx` does not exist\n")


def test_the_schema_is_the_one_in_docs():
    assert SCHEMA.read_text() == schema_text()


@pytest.mark.parametrize("chip", ["310P3", "Ascend610"])
def test_the_json_keeps_to_the_schema(ascendc, vit, chip):
    record = json.loads(ascendc("estimate", vit, "--soc", chip, "--json").out)
    jsonschema.validate(record, json.loads(SCHEMA.read_text()))
    assert (record["version"], record["encoder"]) == ("1", "12 layers, width 768, 50 tokens")
    assert record["bounds"][1]["matrix_flops"] == 8 * 2 * (12 * 2 * 12 * 50 * 50 * 64 + 3 * 32 * 32 * 49)
    assert record["basis"].startswith("an estimate: ")
    assert (record["ai_cpu"] is None) == (chip == "Ascend610")
