"""Errors of one output."""

import numpy as np
import pytest

from ascendc.errors import StageError
from ascendc.precision.damage import Damage, between, check_finite, joined
from ascendc.precision.forecaster import Forecaster


def test_an_error_is_on_the_scale_of_how_far_samples_are_apart():
    exact = np.array([[0.0, 3.0], [4.0, 0.0]], np.float32)
    found = between(exact, exact + np.float32(0.5))
    assert found.max_abs == 0.5
    assert found.rel_to_sample_distance == pytest.approx(np.hypot(0.5, 0.5) / 5)
    assert found.rel_l2 == pytest.approx(1 / 5)


def test_a_lost_number_leaves_no_figure():
    exact = np.ones((2, 3), np.float32)
    assert between(exact, np.full_like(exact, np.inf)) == Damage(None, None, None, None)


def test_a_model_that_is_not_finite_by_itself_is_told(graph, x):
    with pytest.raises(StageError) as caught:
        Forecaster(graph("g (float[n,8] x) => (float[n,8] y) { y = Sqrt(x) }"), x)
    assert (caught.value.id, caught.value.message) == (
        "ASC2704",
        "output `y` holds NaN or infinity in float32 already, on the samples",
    )
    check_finite({"y": np.ones(3)})


def test_runs_are_joined_and_a_number_without_samples_is_a_row():
    one = {"y": np.zeros((2, 3)), "z": np.float32(1)}
    assert {name: array.shape for name, array in joined([one, one]).items()} == {"y": (4, 3), "z": (2,)}
