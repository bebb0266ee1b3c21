from __future__ import annotations

import numpy as np
import pytest

from ascendc.passes import Rescale

NORM = """agraph (float[n, 4] x) => (float[n, 4] y) {
    square = Mul(x, x)
    total = ReduceSum<keepdims = 1>(square, axes)
    safe = Add(total, eps)
    root = Sqrt(safe)
    y = Div(x, root)
}"""
AXES, EPS = np.array([1]), np.float32(1e-5)


@pytest.fixture
def x(rng):
    return (rng.standard_normal((3, 4)) * 3000).astype(np.float32)


@pytest.fixture
def named(graph):
    """Nodes are called as what they make."""

    def make(text, **initializers):
        model = graph(text, **initializers)
        for node in model.graph:
            node.name = node.outputs[0].name
        return model

    return make


def every_number(model, run, **feeds):
    """The largest magnitude of what any node makes."""
    for node in tuple(model.graph):
        model.graph.outputs.append(node.outputs[0])
    return max(float(np.abs(array).max()) for array in run(model, **feeds))


def test_a_norm_whose_square_fp16_cannot_hold(named, run, apply, ops, x):
    model, before = named(NORM, axes=AXES, eps=EPS), named(NORM, axes=AXES, eps=EPS)
    assert apply(Rescale(["square"], 7), model) == 1
    assert ops(model) == ["Mul", "Mul", "ReduceSum", "Add", "Sqrt", "Mul", "Div"]
    np.testing.assert_array_equal(run(model, x=x)[0], run(before, x=x)[0])
    assert [node.name for node in model.graph][1:5] == ["square", "total", "safe", "root"], "names stay"


def test_nothing_on_the_way_is_beyond_fp16(named, run, x):
    model = named(NORM, axes=AXES, eps=EPS)
    Rescale(["square"], 7).rewrite(model)
    wide = named(NORM, axes=AXES, eps=EPS)
    for made in (model, wide):
        for node in made.graph:
            node.outputs[0].dtype = made.graph.inputs[0].dtype
    assert every_number(model, run, x=x) < 65504 < every_number(wide, run, x=x)


def test_a_square_by_power_and_one_that_is_not(named, apply):
    text = NORM.replace("Mul(x, x)", "Pow(x, two)")
    assert apply(Rescale(["square"], 7), named(text, axes=AXES, eps=EPS, two=np.float32(2))) == 1
    assert apply(Rescale(["square"], 7), named(text, axes=AXES, eps=EPS, two=np.float32(3))) == 0


def test_a_chain_is_scaled_once_though_two_of_its_nodes_are_named(named, run, apply, ops, x):
    model, before = named(NORM, axes=AXES, eps=EPS), named(NORM, axes=AXES, eps=EPS)
    assert apply(Rescale(["square", "total"], 7), model) == 1
    assert ops(model).count("Mul") == 3
    np.testing.assert_array_equal(run(model, x=x)[0], run(before, x=x)[0])


@pytest.mark.parametrize("end", ["y = Div(total, number)", "a = Mul(total, number) \n y = Mul(number, a)"])
def test_a_sum_that_a_constant_makes_small_again(named, run, apply, ops, x, end):
    text = f"""agraph (float[n, 4] x) => (float[n, 1] y) {{
        total = ReduceSum<keepdims = 1>(x, axes)
        {end}
    }}"""
    number = np.float32(0.3)
    model, before = (named(text, axes=AXES, number=number) for _ in range(2))
    assert apply(Rescale(["total"], 3), model) == 1
    assert ops(model)[0] == "Mul"
    assert len(ops(model)) == len(ops(before)) + 1, "the constant takes the factor in"
    np.testing.assert_array_equal(run(model, x=x)[0], run(before, x=x)[0])


@pytest.mark.parametrize(
    "text",
    [
        NORM.replace("(float[n, 4] y)", "(float[n, 4] y, float[n, 4] square)"),
        NORM.replace("y = Div(x, root)", "z = Div(x, root) \n y = Add(z, square)"),
        NORM.replace("root = Sqrt(safe)", "root = Exp(safe)"),
        NORM.replace("Add(total, eps)", "Add(total, x)"),
    ],
    ids=["an output", "read elsewhere", "no end", "something else is added"],
)
def test_what_is_left_alone(named, apply, text):
    initializers = {"axes": AXES} if "Add(total, x)" in text else {"axes": AXES, "eps": EPS}
    assert apply(Rescale(["square"], 7), named(text, **initializers)) == 0


def test_other_nodes_are_left_alone(named, apply):
    assert apply(Rescale(["y", "root", "nowhere"], 7), named(NORM, axes=AXES, eps=EPS)) == 0


def test_an_option_that_does_nothing_is_refused():
    with pytest.raises(ValueError, match=r"^option `by` of pass `rescale` must be 1 or more, not 0$"):
        Rescale(["square"], 0)
