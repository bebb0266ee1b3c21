from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from ascendc.passes import FoldConstants

FLATTEN = """agraph (float[5, 2, 3] x) => (float[5, 6] y) {
    shape = Shape(x)
    zero = Constant<value = int64 {0}>()
    rows = Gather(shape, zero)
    axes = Constant<value = int64[1] {0}>()
    row = Unsqueeze(rows, axes)
    rest = Constant<value = int64[1] {-1}>()
    target = Concat<axis = 0>(row, rest)
    y = Reshape(x, target)
}"""
MASK = """agraph (float[1, 3, 3] x) => (float[1, 3, 3] y) {
    i = Constant<value = int64[1, 3] {0, 1, 2}>()
    j = Constant<value = int64[3, 1] {0, 1, 2}>()
    seen = LessOrEqual(i, j)
    shape = Constant<value = int64[3] {1, 3, 3}>()
    wide = Expand(seen, shape)
    zero = Constant<value = float {0}>()
    low = Constant<value = float {-3.4e38}>()
    mask = Where(wide, zero, low)
    y = Add(x, mask)
}"""


def test_known_shapes_are_computed(graph, apply, ops, run):
    model = graph(FLATTEN)
    assert "Shape" in ops(model)
    x = np.arange(30, dtype=np.float32).reshape(5, 2, 3)
    assert apply(FoldConstants(), model) == 7
    assert ops(model) == ["Reshape"]
    np.testing.assert_array_equal(run(model, x=x)[0], x.reshape(5, 6))


def test_masks_are_computed_in_int64_and_boolean_too(graph, apply, ops):
    model = graph(MASK)
    assert apply(FoldConstants(), model) == 8
    assert ops(model) == ["Add"]
    mask = model.graph.node(0).inputs[1].const_value.numpy()
    np.testing.assert_array_equal(mask[0] == 0, np.tri(3, dtype=bool))


def test_nothing_is_printed(graph, apply, capfd):
    apply(FoldConstants(), graph(MASK))
    assert capfd.readouterr() == ("", "")


def test_quantized_weights_stay_integers(graph, apply):
    text = """agraph (float[n, 2] x) => (float[n, 2] y) {
        scale = Constant<value = float {0.5}>()
        w = DequantizeLinear(q, scale)
        y = MatMul(x, w)
    }"""
    model = graph(text, q=np.ones((2, 2), np.int8))
    apply(FoldConstants(), model)
    assert [node.op_type for node in model.graph] == ["DequantizeLinear", "MatMul"]


def test_nothing_to_fold(graph, apply):
    assert apply(FoldConstants(), graph("agraph (float[n, 2] x) => (float[n, 2] y) { y = Abs(x) }")) == 0


def test_functions_are_written_out(graph, apply, ops, run):
    """ATC does not look into them; constants in them fold like others."""
    text = """<ir_version: 8, opset_import: ["": 13, "mine": 1]>
    agraph (float[2] x) => (float[2] y) { a = mine.Twice(x)  y = mine.Twice(a) }
    <opset_import: ["": 13], domain: "mine"> Twice (v) => (w) {
        one = Constant<value = float {1}>()
        two = Add(one, one)
        w = Mul(v, two)
    }"""
    model = ir.from_proto(onnx.parser.parse_model(text))
    assert apply(FoldConstants(), model) > 0
    assert ops(model) == ["Mul", "Mul"]
    assert not model.functions
    np.testing.assert_array_equal(run(model, x=np.float32([1, 2]))[0], np.float32([4, 8]))
    assert apply(FoldConstants(), model) == 0


@pytest.mark.parametrize(
    ("opset", "body"), [(18, "w = Relu(v)"), (13, "w = mine.Twice(v)")], ids=["another opset", "calls itself"]
)
def test_functions_that_cannot_be_written_out_stay(opset, body):
    text = f"""<ir_version: 8, opset_import: ["": 13, "mine": 1]>
    agraph (float[2] x) => (float[2] y) {{ y = mine.Twice(x) }}
    <opset_import: ["": {opset}, "mine": 1], domain: "mine"> Twice (v) => (w) {{ {body} }}"""
    model = ir.from_proto(onnx.parser.parse_model(text))
    assert FoldConstants().rewrite(model) == 0
    assert [node.op_type for node in model.graph] == ["Twice"]
    assert len(model.functions) == 1
