import numpy as np
import pytest

from ascendc.runtime import MetricsError, max_abs_error, min_cosine, relative_error

SAMPLES = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 8.0]])  # distances 5, 8 and 5: median 5


def test_relative_error_is_the_worst_sample_over_the_median_distance():
    candidate = SAMPLES + np.array([[0.0, 0.1], [0.3, 0.4], [0.0, 0.0]])
    assert relative_error(SAMPLES, candidate) == pytest.approx(0.5 / 5)


def test_relative_error_flattens_samples():
    reference = SAMPLES.reshape(3, 1, 2)
    assert relative_error(reference, reference + 0.5) == pytest.approx(np.hypot(0.5, 0.5) / 5)


def test_relative_error_of_equal_arrays_is_0():
    assert relative_error(SAMPLES, SAMPLES.copy()) == 0
    assert relative_error(np.zeros((2, 2)), np.zeros((2, 2))) == 0


def test_relative_error_of_one_sample_is_on_the_scale_of_its_norm():
    assert relative_error(np.array([[3.0, 4.0]]), np.array([[3.0, 3.0]])) == pytest.approx(1 / 5)


def test_relative_error_of_equal_samples_is_on_the_scale_of_their_norm():
    assert relative_error(np.full((3, 1), 2.0), np.full((3, 1), 3.0)) == pytest.approx(0.5)


def test_relative_error_without_any_scale_is_infinite():
    assert relative_error(np.zeros((2, 2)), np.ones((2, 2))) == float("inf")


def test_relative_error_sees_what_a_cosine_does_not():
    direction = np.ones(512)
    offsets = np.random.RandomState(0).randn(8, 512) * 0.001
    reference = direction + offsets
    candidate = direction + offsets[::-1]  # every sample has another one's answer
    assert min_cosine(reference, candidate) > 0.99999
    assert relative_error(reference, candidate) > 0.9


def test_small_dtypes_do_not_overflow():
    reference = np.array([[60000.0], [-60000.0]], np.float16)
    assert relative_error(reference, -reference) == pytest.approx(1)
    assert max_abs_error(np.array([250], np.uint8), np.array([5], np.uint8)) == 245


def test_max_abs_error_is_elementwise():
    assert max_abs_error(SAMPLES, SAMPLES - [[0, 0], [0, 0.25], [0, 0]]) == 0.25


def test_min_cosine_is_of_the_worst_sample():
    assert min_cosine(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[5.0, 0.0], [3.0, 4.0]])) == pytest.approx(0.6)


def test_min_cosine_of_zero_vectors():
    zero, one = np.zeros((1, 2)), np.ones((1, 2))
    assert min_cosine(zero, zero) == 1
    assert min_cosine(zero, one) == 0


@pytest.mark.parametrize("metric", [relative_error, max_abs_error, min_cosine])
@pytest.mark.parametrize(
    ("reference", "candidate", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), "the candidate must have the reference's shape 2×3, not 2×4"),
        (np.ones((1, 3)), np.ones(3), "the candidate must have the reference's shape 1×3, not 3"),
        (np.ones((0, 3)), np.ones((0, 3)), "there is nothing to compare: the shape is 0×3"),
        (np.float32(1), np.float32(1), "there is nothing to compare: the shape is ()"),
        (np.array([np.nan, 1.0]), np.ones(2), "the reference holds 1 of 2 values that are not finite"),
        (np.ones(2), np.array([np.inf, -np.inf]), "the candidate holds 2 of 2 values that are not finite"),
        (np.ones(1), np.array(["1"]), "the candidate must hold numbers, not <U1"),
    ],
)
def test_what_cannot_be_compared_is_refused(metric, reference, candidate, message):
    with pytest.raises(MetricsError) as error:
        metric(reference, candidate)
    assert str(error.value) == message
