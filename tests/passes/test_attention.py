from __future__ import annotations

import numpy as np
import pytest

from ascendc.passes import ClampMask, DropNanGuard, OneScale

LOWEST = np.finfo(np.float32).min
CAUSAL = np.where(np.tri(4, dtype=bool), 0, LOWEST).astype(np.float32)
INFINITE = np.where(np.tri(4, dtype=bool), 0, -np.inf).astype(np.float32)
PADDING = np.array([[0, 0, 0, LOWEST]], np.float32)

TWO_MASKS = """agraph (float[n, 4, 4] x) => (float[n, 4, 4] y) {
    once = Add(x, causal)
    twice = Add(once, padding)
    y = Softmax<axis = -1>(twice)
}"""
ONE_MASK = """agraph (float[n, 4, 4] x) => (float[n, 4, 4] y) {
    masked = Add(x, mask)
    y = Softmax<axis = -1>(masked)
}"""
COMPUTED = """agraph (float[n, 4, 4] x, float[n, 1, 4] keep) => (float[n, 4, 4] y) {
    one = Constant<value = float {1}>()
    dropped = Sub(one, keep)
    mask = Mul(dropped, low)
    masked = Add(x, mask)
    y = Softmax<axis = -1>(masked)
}"""
GUARDED = """agraph (float[n, 4, 4] x) => (float[n, 4, 4] y) {
    masked = Add(x, mask)
    p = Softmax<axis = -1>(masked)
    broken = IsNaN(p)
    zero = Constant<value = float {0}>()
    y = Where(broken, zero, p)
}"""


def softmax(x):
    with np.errstate(invalid="ignore"):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)


def half(x):
    with np.errstate(over="ignore"):
        return x.astype(np.float16)


@pytest.fixture
def x(rng):
    return rng.standard_normal((2, 4, 4)).astype(np.float32)


def test_the_failure_two_minima_are_nan_in_fp16_and_two_clamped_ones_are_not(x):
    hopeless = np.full((4, 4), LOWEST, np.float32)
    with np.errstate(over="ignore"):
        assert np.isnan(softmax(half(x) + half(hopeless) + half(hopeless))).all()
        assert np.isneginf(np.float16(-65504) + np.float16(-65504))  # the clamp that others use
    clamped = np.maximum(hopeless, -10000)
    assert np.isfinite(softmax(half(x) + half(clamped) + half(clamped))).all()
    assert np.exp(np.float16(-10000)) == 0


def test_two_masks_become_one_and_finite(graph, run, apply, ops, x):
    model, before = (graph(TWO_MASKS, causal=CAUSAL, padding=PADDING) for _ in range(2))
    wanted = run(before, x=x)[0]
    assert apply(ClampMask(), model) == 1
    assert ops(model) == ["Add", "Softmax"]
    (mask,) = (value.const_value.numpy() for value in model.graph.initializers.values())
    assert set(np.unique(mask)) == {0, -10000}
    np.testing.assert_allclose(run(model, x=x)[0], wanted, atol=1e-7)


@pytest.mark.parametrize("mask", [CAUSAL, INFINITE], ids=["lowest", "infinite"])
def test_one_mask_is_clamped(graph, run, apply, x, mask):
    model, before = (graph(ONE_MASK, mask=mask) for _ in range(2))
    assert apply(ClampMask(), model) == 1
    assert min(value.const_value.numpy().min() for value in model.graph.initializers.values()) == -10000
    np.testing.assert_array_equal(run(model, x=x)[0], run(before, x=x)[0])


def test_masks_of_equal_content_become_one_initializer(graph, apply):
    text = """agraph (float[n, 4, 4] x) => (float[n, 4, 4] y) {
        a = Add(x, mask)
        b = Softmax<axis = -1>(a)
        c = Add(b, again)
        y = Softmax<axis = -1>(c)
    }"""
    model = graph(text, mask=CAUSAL, again=CAUSAL.copy())
    assert apply(ClampMask(), model) == 2
    assert len(model.graph.initializers) == 1


def test_a_mask_computed_from_an_input_is_clamped_at_its_constant(graph, run, apply, x):
    model, before = (graph(COMPUTED, low=np.array(LOWEST)) for _ in range(2))
    keep = np.array([[[1, 1, 1, 0]], [[1, 0, 0, 0]]], np.float32)
    assert apply(ClampMask(), model) == 1
    low = next(value for name, value in model.graph.initializers.items() if name.endswith("clamped"))
    assert low.const_value.numpy() == -10000
    np.testing.assert_allclose(run(model, x=x, keep=keep)[0], run(before, x=x, keep=keep)[0], atol=1e-7)


def test_a_floor_of_ones_own(graph, apply):
    model = graph(ONE_MASK, mask=CAUSAL)
    apply(ClampMask(floor=-500.0), model)
    assert min(value.const_value.numpy().min() for value in model.graph.initializers.values()) == -500


def test_a_bias_is_no_mask(graph, apply):
    assert apply(ClampMask(), graph(ONE_MASK, mask=np.ones((4, 4), np.float32))) == 0


def test_a_guard_that_cannot_act_goes(graph, run, apply, ops, x):
    model, before = (graph(GUARDED, mask=CAUSAL) for _ in range(2))
    assert {"IsNaN", "Where"} < set(ops(before))
    assert apply(DropNanGuard(), model) == 1
    assert ops(model) == ["Add", "Softmax"]
    np.testing.assert_array_equal(run(model, x=x)[0], run(before, x=x)[0])


def test_a_guard_over_a_row_without_an_entry_stays(graph, run, apply, x):
    hopeless = INFINITE.copy()
    hopeless[2] = -np.inf
    model = graph(GUARDED, mask=hopeless)
    assert apply(DropNanGuard(), model) == 0
    assert not run(model, x=x)[0][:, 2].any()


def test_a_scale_on_both_sides_moves_behind_the_product(graph, run, apply, ops, rng):
    text = """agraph (float[n, 4, 3] q, float[n, 3, 4] k) => (float[n, 4, 4] y) {
        half = Constant<value = float {0.5}>()
        a = Mul(q, half)
        b = Mul(half, k)
        scores = MatMul(a, b)
        y = Softmax<axis = -1>(scores)
    }"""
    model, before = graph(text), graph(text)
    q, k = (rng.standard_normal(shape).astype(np.float32) for shape in ((2, 4, 3), (2, 3, 4)))
    assert apply(OneScale(), model) == 1
    assert ops(model) == ["MatMul", "Mul", "Softmax"]
    np.testing.assert_allclose(run(model, q=q, k=k)[0], run(before, q=q, k=k)[0], atol=1e-6)


def test_a_scale_on_one_side_stays(graph, apply):
    text = """agraph (float[n, 4, 3] q, float[n, 3, 4] k) => (float[n, 4, 4] y) {
        half = Constant<value = float {0.5}>()
        a = Mul(q, half)
        scores = MatMul(a, k)
        y = Softmax<axis = -1>(scores)
    }"""
    assert apply(OneScale(), graph(text)) == 0
