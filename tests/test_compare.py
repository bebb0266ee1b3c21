from __future__ import annotations

import numpy as np
import pytest

from ascendc.compare import compare
from ascendc.errors import GateError


def test_the_figures():
    reference = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    candidate = reference + np.array([[0.0, 0.0], [0.1, 0.0]], np.float32)

    comparison = compare("embeds", reference, candidate)

    assert comparison.relative == pytest.approx(0.1 / np.sqrt(2), rel=1e-5)
    assert comparison.max_abs == pytest.approx(0.1, rel=1e-5)
    assert comparison.cosine == pytest.approx(1.0)


def test_a_cosine_of_almost_one_is_still_a_large_error_between_close_samples():
    reference = np.ones((4, 8)) + np.arange(4)[:, None] * np.eye(8)[:4] * 1e-3
    wrong = reference + 1e-3 * np.eye(8)[4:]

    comparison = compare("embeds", reference, wrong)

    assert comparison.cosine > 0.999999
    assert comparison.relative > 0.3


@pytest.mark.parametrize(
    ("candidate", "text"),
    [
        (np.ones((2, 3)), "output `embeds`: the candidate must have the reference's shape 2×2, not 2×3"),
        (np.full((2, 2), np.nan), "output `embeds`: the candidate holds 4 of 4 values that are not finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(candidate, text):
    with pytest.raises(GateError) as caught:
        compare("embeds", np.ones((2, 2)), candidate)
    assert caught.value.message == text
