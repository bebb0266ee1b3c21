from __future__ import annotations

import pytest

from ascendc.errors import StageError
from ascendc.passes import AssertStatic


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("agraph (float[n, 2] x) => (int64[2] y) { y = Shape(x) }", "Shape (`it`)"),
        ("agraph (bool[n] c, float[n] x) => (float[n] y) { y = Where(c, x, x) }", "Where (`it`)"),
        ("agraph (float[n] x) => (bool[n] y) { y = IsNaN(x) }", "IsNaN (`it`)"),
        ("agraph (int64[n] a) => (int64[n] y) { y = Add(a, a) }", "Add in int64 (`it`)"),
        (
            "agraph (int32[n, 3] a) => (int64[n] y) { y = ArgMax<axis = 1, keepdims = 0>(a) }",
            "ArgMax of integers (`it`)",
        ),
    ],
)
def test_what_is_left_is_named(graph, text, found):
    model = graph(text)
    model.graph.node(0).name = "it"
    with pytest.raises(StageError) as caught:
        AssertStatic().rewrite(model)
    assert caught.value.id == "ASC1531"
    assert caught.value.message == (
        f"the fixed graph must hold no shape operators and no int64 arithmetic; it holds {found}"
    )


def test_constant_shapes_and_scores_are_fine(graph, apply):
    text = """agraph (float[n, 4] x) => (float[n, 2, 2] y, float[n] z) {
        shape = Constant<value = int64[3] {0, 2, 2}>()
        y = Reshape(x, shape)
        axes = Constant<value = int64[1] {1}>()
        z = ReduceSum<keepdims = 0>(x, axes)
    }"""
    assert apply(AssertStatic(), graph(text)) == 0
