from __future__ import annotations

import numpy as np
import pytest

from ascendc.passes import PatchMatMul

CONV = """agraph (float[n, 3, 8, 12] x) => (float[n, 5, 2, 3] y) {
    y = Conv<strides = [4, 4], kernel_shape = [4, 4]>(x, w)
}"""
TOKENS = """agraph (float[n, 3, 8, 12] x) => (float[n, 6, 5] y) {
    c = Conv<strides = [4, 4]>(x, w, b)
    f = Reshape(c, shape)
    y = Transpose<perm = [0, 2, 1]>(f)
}"""


@pytest.fixture
def x(rng):
    return rng.standard_normal((2, 3, 8, 12)).astype(np.float32)


@pytest.fixture
def w(rng):
    return rng.standard_normal((5, 3, 4, 4)).astype(np.float32)


@pytest.fixture
def b(rng):
    return rng.standard_normal(5).astype(np.float32)


def test_windows_that_do_not_overlap_are_rows_of_a_matrix(graph, run, apply, ops, x, w):
    model, before = graph(CONV, w=w), graph(CONV, w=w)
    assert apply(PatchMatMul(), model) == 1
    assert ops(model) == ["Reshape", "Transpose", "Reshape", "MatMul", "Transpose", "Reshape"]
    np.testing.assert_allclose(run(model, x=x)[0], run(before, x=x)[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(0, 5, -1), (-1, 5, 6), (2, 5, 6)])
def test_tokens_are_made_without_a_detour(graph, run, apply, ops, x, w, b, shape):
    model, before = (graph(TOKENS, w=w, b=b, shape=np.array(shape)) for _ in range(2))
    model.graph.node(0).name = "/embed/Conv"
    assert apply(PatchMatMul(), model) == 1
    assert ops(model) == ["Reshape", "Transpose", "Reshape", "MatMul", "Add"]
    assert model.graph.node(3).name == "/embed/Conv/MatMul"
    np.testing.assert_allclose(run(model, x=x)[0], run(before, x=x)[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("old", "new"),
    [("perm = [0, 2, 1]", "perm = [0, 1, 2]"), ("=> (float[n, 6, 5] y)", "=> (float[n, 6, 5] y, float[n, 5, 6] f)")],
    ids=["another order", "an output"],
)
def test_what_is_not_only_turned_to_tokens_is_a_picture_again(graph, run, apply, ops, x, w, b, old, new):
    text = TOKENS.replace(old, new)
    text = text.replace("float[n, 6, 5] y", "float[n, 5, 6] y") if "0, 1, 2" in new else text
    model, before = (graph(text, w=w, b=b, shape=np.array([0, 5, 6])) for _ in range(2))
    assert apply(PatchMatMul(), model) == 1
    assert ops(model)[-4:] == ["Transpose", "Reshape", "Reshape", "Transpose"]
    for got, wanted in zip(run(model, x=x), run(before, x=x), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("strides = [4, 4]", "strides = [2, 4]"),
        ("kernel_shape = [4, 4]", "pads = [1, 1, 1, 1]"),
        ("kernel_shape = [4, 4]", "dilations = [2, 2]"),
        ("kernel_shape = [4, 4]", 'auto_pad = "SAME_UPPER"'),
        ("float[n, 3, 8, 12] x", "float[n, 3, 8, 14] x"),
        ("float[n, 3, 8, 12] x", "float[n, 3, 8, m] x"),
    ],
)
def test_other_convolutions_are_left_alone(graph, apply, w, old, new):
    text = CONV.replace(old, new).replace("=> (float[n, 5, 2, 3] y)", "=> (float[n, 5, p, q] y)")
    assert apply(PatchMatMul(), graph(text, w=w)) == 0


def test_groups_are_left_alone(graph, apply, rng):
    text = CONV.replace("strides", "group = 3, strides").replace("[n, 5,", "[n, 6,")
    assert apply(PatchMatMul(), graph(text, w=rng.standard_normal((6, 1, 4, 4)).astype(np.float32))) == 0
