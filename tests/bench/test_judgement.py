from __future__ import annotations

import numpy as np
import pytest

from ascendc.bench.judgement import judge, limit_of
from ascendc.bench.result import Validation

WANTED = {"y": np.array([[0.0, 0], [3, 4], [6, 8]], np.float32)}


def test_errors_are_relative_to_how_far_samples_are_apart():
    got = {"called otherwise": WANTED["y"] + np.array([[0, 0], [0, 0.05], [0, 0]], np.float32)}
    found = judge(WANTED, got, 0.02)
    assert found.error == pytest.approx(0.01, rel=1e-4)  # the median distance is 5
    assert found.ok
    assert not judge(WANTED, got, 0.005).ok


@pytest.mark.parametrize(
    ("got", "complaint"),
    [
        ({}, "it has 0 outputs, not 1"),
        ({"y": np.full((3, 2), np.nan, np.float32)}, "the candidate holds 6 of 6 values that are not finite"),
        ({"y": np.zeros((3, 1), np.float32)}, "the candidate must have the reference's shape 3×2, not 3×1"),
    ],
)
def test_what_cannot_be_compared_is_wrong(got, complaint):
    assert judge(WANTED, got, 0.02) == Validation(3, None, 0.02, complaint, ok=False)


def test_an_infinite_error_has_no_figure():
    found = judge({"y": np.zeros((2, 1))}, {"y": np.ones((2, 1))}, 0.02)
    assert (found.error, found.complaint) == (None, "all samples have one answer, and it is another")


def test_limits_are_those_of_the_precision():
    assert [limit_of("torch", p, 2e-4, None) for p in ("fp32", "fp16", "bf16")] == [2e-4, 3e-2, 0.24]
