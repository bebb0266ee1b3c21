from __future__ import annotations

import numpy as np
import pytest

from ascendc.passes import ClassToken, SymbolicBatch

TRACED = """agraph (float[5, 4, 3] x) => (float[5, 5, 3] y) {
    whole = Concat<axis = 1>(token, x)
    y = Add(whole, positions)
}"""


@pytest.fixture
def token(rng):
    return rng.standard_normal((1, 1, 3)).astype(np.float32)


@pytest.fixture
def positions(rng):
    return rng.standard_normal((1, 5, 3)).astype(np.float32)


def test_a_traced_class_token_fixes_the_batch_and_the_pass_frees_it(graph, run, apply, ops, rng, token, positions):
    model = graph(TRACED, token=np.repeat(token, 5, 0), positions=positions)
    before = graph(TRACED, token=np.repeat(token, 5, 0), positions=positions)
    x = rng.standard_normal((5, 4, 3)).astype(np.float32)
    with pytest.raises(Exception, match="something fixes it to the 5 it was traced at"):
        apply(SymbolicBatch(), graph(TRACED, token=np.repeat(token, 5, 0), positions=positions))
    assert apply(ClassToken(), model) == 1
    assert ops(model) == ["Pad", "Add"]
    np.testing.assert_array_equal(run(model, x=x)[0], run(before, x=x)[0])
    apply(SymbolicBatch(), model)
    for batch in (1, 3, 8):
        more = rng.standard_normal((batch, 4, 3)).astype(np.float32)
        wanted = np.concatenate([np.repeat(token, batch, 0), more], 1) + positions
        np.testing.assert_array_equal(run(model, x=more)[0], wanted)


def test_an_expanded_token(graph, run, apply, ops, rng, token, positions):
    text = """agraph (float[n, 4, 3] x) => (float[n, 5, 3] y) {
        shape = Shape(x)
        zero = Constant<value = int64[1] {0}>()
        batch = Gather(shape, zero)
        rest = Constant<value = int64[2] {1, 3}>()
        target = Concat<axis = 0>(batch, rest)
        tokens = Expand(token, target)
        whole = Concat<axis = 1>(tokens, x)
        y = Add(positions, whole)
    }"""
    model, before = (graph(text, token=token, positions=positions) for _ in range(2))
    assert apply(ClassToken(), model) == 1
    assert ops(model) == ["Pad", "Add"]
    x = rng.standard_normal((2, 4, 3)).astype(np.float32)
    np.testing.assert_array_equal(run(model, x=x)[0], run(before, x=x)[0])


def test_tokens_that_differ_are_left_alone(graph, apply, rng, positions):
    model = graph(TRACED, token=rng.standard_normal((5, 1, 3)).astype(np.float32), positions=positions)
    assert apply(ClassToken(), model) == 0


def test_positions_that_differ_between_pictures_are_left_alone(graph, apply, rng, token):
    positions = rng.standard_normal((5, 5, 3)).astype(np.float32)
    assert apply(ClassToken(), graph(TRACED, token=np.repeat(token, 5, 0), positions=positions)) == 0


def test_several_tokens_are_left_alone(graph, apply, positions):
    text = TRACED.replace("5, 4, 3", "5, 3, 3")
    assert apply(ClassToken(), graph(text, token=np.zeros((5, 2, 3), np.float32), positions=positions)) == 0


def test_nothing_to_do(graph, apply):
    text = "agraph (float[n, 2, 3] a, float[n, 2, 3] b) => (float[n, 4, 3] y) { y = Concat<axis = 1>(a, b) }"
    assert apply(ClassToken(), graph(text)) == 0
