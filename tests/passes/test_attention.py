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
COMPUTED = """agraph (float[n, 4, 4] x, bool[n, 1, 4] keep) => (float[n, 4, 4] y) {
    one = Constant<value = float {1}>()
    kept = Cast<to = 1>(keep)
    dropped = Sub(one, kept)
    mask = Mul(dropped, low)
    masked = Add(x, mask)
    y = Softmax<axis = -1>(masked)
}"""
GUARDED = """agraph (float[n, 4, 4] x) => (float[n, 4, 4] y) {
    scores = MatMul(x, x)
    masked = Add(scores, mask)
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
    keep = np.array([[[1, 1, 1, 0]], [[1, 0, 0, 0]]], bool)
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
    assert ops(model) == ["MatMul", "Add", "Softmax"]
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


@pytest.mark.parametrize(
    "outputs",
    ["float[n, 4, 4] y, float[n, 4, 4] once", "float[n, 4, 4] y, float[n, 4, 4] other"],
    ids=["output", "read"],
)
def test_a_sum_that_is_read_elsewhere_keeps_its_mask(graph, run, apply, x, outputs):
    text = TWO_MASKS.replace("float[n, 4, 4] y", outputs).replace("twice =", "other = Abs(once) \n twice =")
    bias, again = np.full((4, 4), 3, np.float32), np.full((1, 4), 5, np.float32)
    model, before = (graph(text, causal=bias, padding=again) for _ in range(2))
    assert apply(ClampMask(), model) == 0
    for got, wanted in zip(run(model, x=x), run(before, x=x), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_what_is_multiplied_with_numbers_is_no_mask(graph, run, apply, x):
    text = COMPUTED.replace("bool[n, 1, 4] keep", "float[n, 1, 4] keep")
    model, before = (graph(text, low=np.array(-50000, np.float32)) for _ in range(2))
    keep = 1 - np.array([[[0, 1, 2, 3]], [[3, 0, 0, 1]]], np.float32) * np.float32(1e-4)
    assert apply(ClampMask(), model) == 0
    np.testing.assert_array_equal(run(model, x=x, keep=keep)[0], run(before, x=x, keep=keep)[0])


WHERE = """
    low = Constant<value = float {-inf}>()
    none = Constant<value = float {0}>()
    scores = MatMul(x, x)"""
FILLED = f"{WHERE} \n masked = Where(keep, scores, low)"
BOOLEAN = f"{WHERE} \n mask = Where(keep, none, low) \n masked = Add(scores, mask)"
UNSQUEEZED = f"""{WHERE}
    small = Squeeze(keep)
    mask = Where(small, none, low)
    axes = Constant<value = int64[1] {{0}}>()
    wide = Unsqueeze(mask, axes)
    masked = Add(scores, wide)"""


@pytest.mark.parametrize("clamped", [False, True], ids=["alone", "clamped"])
@pytest.mark.parametrize("body", [FILLED, BOOLEAN, UNSQUEEZED], ids=["filled", "boolean", "unsqueezed"])
def test_a_guard_over_a_mask_from_an_input_stays(graph, run, apply, ops, x, body, clamped):
    text = GUARDED.replace("x)", "x, bool[1, 4, 4] keep)", 1).replace("    scores = MatMul(x, x)\n", "")
    text = text.replace("    masked = Add(scores, mask)", body).replace("-inf", "-3.0e38" if clamped else "low")
    text = text.replace("low = Constant<value = float {low}>()", "")
    model = graph(text) if clamped else graph(text, low=np.array(-np.inf, np.float32))
    if clamped:
        ClampMask().rewrite(model)
    assert apply(DropNanGuard(), model) == 0
    assert "IsNaN" in ops(model)
    if not clamped:
        keep = np.tri(4, dtype=bool)[None].copy()
        keep[0, 2] = False
        assert not run(model, x=x, keep=keep)[0][:, 2].any()


@pytest.mark.parametrize("clamped", [False, True], ids=["alone", "clamped"])
def test_a_guard_over_two_half_masks_stays(graph, apply, clamped):
    text = GUARDED.replace("masked = Add(scores, mask)", "once = Add(scores, left) \n masked = Add(once, right)")
    left = np.array([0, 0, -np.inf, -np.inf], np.float32)
    model = graph(text, left=left, right=left[::-1].copy())
    if clamped:
        ClampMask().rewrite(model)
    assert apply(DropNanGuard(), model) == 0


def test_a_guard_over_a_clamped_row_without_an_entry_stays(graph, apply):
    model = graph(GUARDED, mask=np.full((4, 4), -np.inf, np.float32))
    assert apply(ClampMask(), model) == 1
    assert apply(DropNanGuard(), model) == 0


def test_a_guard_of_scores_that_are_an_input_stays(graph, apply):
    text = GUARDED.replace("    scores = MatMul(x, x)\n", "").replace("Add(scores,", "Add(x,")
    assert apply(DropNanGuard(), graph(text, mask=CAUSAL)) == 0
