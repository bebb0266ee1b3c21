from __future__ import annotations

import numpy as np
import pytest

from ascendc.errors import StageError
from ascendc.passes import SymbolicBatch

ATTENTION = """agraph (float[5, 4, 6] x) => (float[5, 4, 6] y) {
    split = Constant<value = int64[4] {5, 4, 2, 3}>()
    heads = Reshape(x, split)
    turned = Transpose<perm = [0, 2, 1, 3]>(heads)
    merged = Constant<value = int64[3] {10, 4, 3}>()
    flat = Reshape(turned, merged)
    apart = Constant<value = int64[4] {5, 2, -1, 3}>()
    again = Reshape(flat, apart)
    back = Transpose<perm = [0, 2, 1, 3]>(again)
    joined = Constant<value = int64[3] {5, 4, -1}>()
    whole = Reshape(back, joined)
    y = Add(whole, bias)
}"""


@pytest.fixture
def bias(rng):
    return np.repeat(rng.standard_normal((1, 4, 6)).astype(np.float32), 5, 0)


def test_a_trace_holds_at_its_batch_only_and_the_pass_frees_it(graph, run, apply, rng, bias):
    model, before = graph(ATTENTION, bias=bias), graph(ATTENTION, bias=bias)
    with pytest.raises(Exception, match="INVALID_ARGUMENT"):
        run(before, x=np.zeros((3, 4, 6), np.float32))
    assert apply(SymbolicBatch(), model) == 6
    for batch in (1, 3, 5, 8):
        x = rng.standard_normal((batch, 4, 6)).astype(np.float32)
        np.testing.assert_array_equal(run(model, x=x)[0], x + bias[:1])
    assert [str(value.shape[0]) for value in (*model.graph.inputs, *model.graph.outputs)] == ["batch", "batch"]


def test_a_constant_that_differs_along_the_batch_is_refused(graph, rng):
    model = graph(ATTENTION, bias=rng.standard_normal((5, 4, 6)).astype(np.float32))
    model.graph.node(-1).name = "shift"
    with pytest.raises(StageError) as caught:
        SymbolicBatch().rewrite(model)
    assert caught.value.id == "ASC1522"
    assert str(caught.value) == (
        "the batch cannot be made symbolic, something fixes it to the 5 it was traced at: "
        "`shift` (Add) makes (5, 4, 6)\n"
        "  hint: a pass of its own must rewrite that place first, as `class-token` and `eos-pool` do for CLIP"
    )


def test_a_concat_with_a_constant_is_refused(graph, rng):
    text = "agraph (float[5, 2] x) => (float[5, 3] y) { y = Concat<axis = 1>(x, column) }"
    with pytest.raises(StageError, match="something fixes it to the 5 it was traced at"):
        SymbolicBatch().rewrite(graph(text, column=np.zeros((5, 1), np.float32)))


def test_a_batch_of_one_is_judged_by_the_outputs(graph, apply):
    text = "agraph (float[1, 2] x) => (float[1, 3] y) { y = Concat<axis = 1>(x, column) }"
    with pytest.raises(StageError, match="something fixes it to the 1 it was traced at"):
        SymbolicBatch().rewrite(graph(text, column=np.zeros((1, 1), np.float32)))
    free = graph("agraph (float[1, 2] x) => (float[1, 2] y) { y = Add(x, row) }", row=np.ones((1, 2), np.float32))
    assert apply(SymbolicBatch(), free) == 1


def test_inputs_must_share_a_batch(graph):
    text = "agraph (float[5, 2] a, float[3, 2] b) => (float[8, 2] y) { y = Concat<axis = 0>(a, b) }"
    with pytest.raises(StageError) as caught:
        SymbolicBatch().rewrite(graph(text))
    assert str(caught.value) == "the inputs must have one batch size on axis 0, not `a` 5, `b` 3"


def test_a_reshape_that_changes_nothing_goes(graph, apply, ops):
    text = """agraph (float[5, 4] x) => (float[5, 4] y) {
        shape = Constant<value = int64[2] {-1, 4}>()
        same = Reshape(x, shape)
        y = Abs(same)
    }"""
    model = graph(text)
    assert apply(SymbolicBatch("n"), model) == 2
    assert ops(model) == ["Abs"]
    assert str(model.graph.outputs[0].shape) == "[n,4]"


def test_zero_means_copy_whatever_the_trace_said(graph, run, apply):
    text = """agraph (float[5, 4] x) => (float[5, 2, 2] y) {
        shape = Constant<value = int64[3] {5, 2, 2}>()
        y = Reshape<allowzero = 1>(x, shape)
    }"""
    model = graph(text, opset=18)
    apply(SymbolicBatch(), model)
    assert run(model, x=np.zeros((2, 4), np.float32))[0].shape == (2, 2, 2)


def test_the_batch_is_free_already(graph, apply):
    assert apply(SymbolicBatch(), graph("agraph (float[n, 2] x) => (float[n, 2] y) { y = Abs(x) }")) == 0


def test_a_matrix_with_as_many_rows_as_the_batch_keeps_them(graph, run, apply, rng):
    text = "agraph (float[5, 5] x) => (float[5, 3] y) { y = MatMul(x, weights) }"
    model = graph(text, weights=np.ones((5, 3), np.float32))
    apply(SymbolicBatch(), model)
    x = rng.standard_normal((2, 5)).astype(np.float32)
    np.testing.assert_allclose(run(model, x=x)[0], x @ np.ones((5, 3)), rtol=1e-5)
