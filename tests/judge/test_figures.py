"""Refusals and figures of one tensor."""

import numpy as np
import pytest

from ascendc.judge.figures import figures
from ascendc.judge.refusal import refusal
from ascendc.judge.result import Place

ROWS = np.array([[0.0, 0.0, 1.0], [3.0, 4.0, 0.0], [0.0, 8.0, 2.0]], np.float32)


def changed(at, value, dtype=np.float32):
    array = ROWS.astype(dtype)
    array[at] = value
    return array


def test_a_shape_is_refused_before_a_dtype_and_that_before_nan():
    lost = changed((1, 2), np.nan)
    found = refusal(ROWS, lost[:, :2].astype(np.int32))
    assert (found.reason, found.text) == ("shape", "the shape must be 3×3, and is 3×2")
    found = refusal(ROWS, ROWS.astype(np.int32))
    assert (found.reason, found.text) == ("dtype", "the dtype must be like float32, and is int32")
    found = refusal(ROWS, lost)
    assert found.text == (
        "the candidate holds 1 of 9 values that are not finite, in 1 of 3 samples; the first is nan at sample 1, "
        "index [2]"
    )
    assert (found.reason, found.place, found.count) == ("not finite", Place(1, (2,), 0.0, None), 1)


def test_an_infinite_reference_is_refused_too():
    assert refusal(changed((2, 1), -np.inf), ROWS).text == (
        "the reference holds 1 of 9 values that are not finite, in 1 of 3 samples; the first is -inf at sample 2, "
        "index [1]"
    )


def test_nothing_is_no_agreement():
    assert refusal(ROWS[:0], ROWS[:0]).text == "there is nothing to compare: the shape is 0×3"


def test_another_width_is_no_refusal():
    assert refusal(ROWS, ROWS.astype(np.float16)) is None
    assert refusal(np.arange(3, dtype=np.int64), np.arange(3, dtype=np.int32)) is None


def test_figures_say_how_far_and_where():
    found = figures(ROWS, changed((1, 1), 4.5))
    assert found.error == pytest.approx(0.5 / np.sqrt(29))  # the middle one of the three distances
    assert (found.worst_sample, found.where, found.max_abs) == (1, Place(1, (1,), 4.0, 4.5), 0.5)
    assert found.relative_l2 == pytest.approx(0.1)
    assert found.cosine_min == pytest.approx(27 / (np.hypot(3, 4) * np.hypot(3, 4.5)))
    assert found.cosine_median == 1
    assert (found.samples, found.top1, found.top5, found.neighbours) == (3, 1.0, None, pytest.approx(2 / 3))


def test_ranks_and_neighbours_are_counted():
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((4, 10)).astype(np.float32)
    swapped = rows.copy()
    best, least = rows[0].argmax(), rows[0].argmin()
    swapped[0, [best, least]] = rows[0, [least, best]]
    found = figures(rows, swapped)
    assert (found.top1, found.top5) == (0.75, pytest.approx((4 + 5 * 3) / 20))
    near = np.array([[0.0], [1.0], [3.0], [10.0]])
    assert figures(near, np.array([[0.0], [2.5], [3.0], [10.0]])).neighbours == 0.75


def test_integers_are_counted_not_measured():
    found = figures(np.array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 400]]))
    assert (found.error, found.worst_sample, found.top1) == (0.25, 1, None)


def test_what_no_number_says_is_null():
    """The reference answers every sample with zeros, and the candidate does not."""
    found = figures(np.zeros((2, 3)), np.ones((2, 3)))
    assert (found.error, found.relative_l2) == (None, None)


def test_a_scalar_is_one_sample():
    assert figures(np.float32(2), np.float32(3)).where == Place(0, (), 2.0, 3.0)


def test_values_whose_squares_are_infinite_have_figures():
    rows = np.random.default_rng(0).standard_normal((4, 6))
    small, large = (figures(rows * scale, rows * scale * 1.001) for scale in (1, 1e200))
    assert large.error == pytest.approx(small.error)
    assert (large.cosine_min, large.relative_l2) == pytest.approx((1, 1e-3))
    assert large.max_abs == pytest.approx(small.max_abs * 1e200)
