from __future__ import annotations

import numpy as np
import pytest

from ascendc.passes import DropCasts, FoldConstants, FoldScale, ReduceL2

NORM = """agraph (float[n, 3] x) => (float[n, 1] y) {
    axes = Constant<value = int64[1] {-1}>()
    y = ReduceL2<keepdims = 1>(x, axes)
}"""


def test_the_axes_of_opset_18_are_an_input_that_atc_does_not_read(graph, run, apply, ops, rng):
    model, before = graph(NORM, opset=18), graph(NORM, opset=18)
    norm = before.graph.node(-1)
    assert len(norm.inputs) == 2
    assert "axes" not in norm.attributes
    x = rng.standard_normal((4, 3)).astype(np.float32)
    assert apply(ReduceL2(), model) == 1
    assert ops(model) == ["Constant", "Mul", "ReduceSum", "Sqrt"]
    np.testing.assert_allclose(run(model, x=x)[0], run(before, x=x)[0], rtol=1e-6)


def test_below_18_the_axes_are_an_attribute_and_nothing_is_to_do(graph, apply):
    text = "agraph (float[n, 3] x) => (float[n, 1] y) { y = ReduceL2<axes = [-1]>(x) }"
    assert apply(ReduceL2(), graph(text, opset=17)) == 0


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("a = Mul(x, two) \n y = Mul(a, two)", ["Mul"]),
        ("a = Div(x, two) \n y = Mul(two, a)", []),
        ("a = Mul(two, x) \n b = Div(a, two) \n y = Mul(b, two)", ["Mul"]),
        ("a = Div(x, two) \n y = Div(a, two)", ["Mul"]),
    ],
)
def test_numbers_meet(graph, run, apply, ops, body, left):
    text = f"""agraph (float[n] v) => (float[n] w) {{
        two = Constant<value = float {{2}}>()
        x = Abs(v)
        {body}
        w = Neg(y)
    }}"""
    model, before = graph(text), graph(text)
    v = np.array([1, -2, 3], np.float32)
    assert apply(FoldScale(), model) > 0
    assert [op for op in ops(model) if op in ("Mul", "Div")] == left
    np.testing.assert_array_equal(run(model, v=v)[0], run(before, v=v)[0])


@pytest.mark.parametrize(
    "body", ["y = Div(x, two)", "y = Mul(x, x)", "a = Mul(x, two) \n b = Mul(a, two) \n y = Add(a, b)"]
)
def test_what_stays(graph, apply, body):
    text = f"agraph (float[n] x) => (float[n] y) {{ two = Constant<value = float {{3}}>() \n {body} }}"
    assert apply(FoldScale(), graph(text)) == 0


@pytest.mark.parametrize(
    ("kind", "factor", "x"),
    [("float", 1e20, 1e-30), ("float", 1e-20, 1e30), ("float16", 1e-4, 3e4), ("float16", 300, 1e-2)],
)
def test_numbers_whose_product_the_type_cannot_hold_stay_apart(graph, run, apply, kind, factor, x):
    text = f"agraph ({kind}[n] x) => ({kind}[n] y) {{ a = Mul(x, number) \n y = Mul(a, number) }}"
    dtype = np.float32 if kind == "float" else np.float16
    model, before = (graph(text, number=np.array(factor, dtype)) for _ in range(2))
    feed = np.array([x], dtype)
    assert apply(FoldScale(), model) == 0
    np.testing.assert_array_equal(run(model, x=feed)[0], run(before, x=feed)[0])


@pytest.mark.parametrize(
    ("pass_", "line"),
    [(FoldScale, "z = Mul(y, one)"), (DropCasts, "z = Cast<to = 1>(y)"), (FoldConstants, "z = Identity(y)")],
)
@pytest.mark.parametrize("reversed_", [False, True], ids=["as made", "reversed"])
def test_two_outputs_keep_their_names(graph, run, apply, pass_, line, reversed_):
    outputs = "float[n] z, float[n] y" if reversed_ else "float[n] y, float[n] z"
    text = f"agraph (float[n] x) => ({outputs}) {{ one = Constant<value = float {{1}}>() \n y = Abs(x) \n {line} }}"
    model = graph(text)
    pass_().rewrite(model)
    apply(pass_(), model)  # what ONNX accepts
    assert [value.name for value in model.graph.outputs] == (["z", "y"] if reversed_ else ["y", "z"])
    x = np.array([-1, 2], np.float32)
    for got in run(model, x=x):
        np.testing.assert_array_equal(got, abs(x))
