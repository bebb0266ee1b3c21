"""How far outputs are from a reference. The host's gates and the board's golden test use the same figures.

Python 3.7, numpy.
"""

from typing import Tuple

import numpy as np

from .session import shape_text


class MetricsError(ValueError):
    """The arrays cannot be compared: the message says which of them and why."""


def relative_error(reference: np.ndarray, candidate: np.ndarray) -> float:
    """The largest error of a sample, on the scale of how far apart different samples are.

    ``max_i |candidate_i - reference_i| / median_{i<j} |reference_i - reference_j|``, all L2 over a flattened sample.
    A cosine cannot do this: with random weights a wrong model still reaches 0.99998.

    Where distances give no scale, because there is one sample or most samples are equal, the scale is the median
    L2 norm of the reference samples instead.

    Args:
        reference: samples first, any numeric dtype.
        candidate: of the same shape.

    Returns:
        0 where the arrays are equal; infinity where they differ and the scale is 0.

    Raises:
        MetricsError: shapes differ, there is nothing to compare, or a value is not finite.
    """
    return float(sample_errors(reference, candidate).max())


def sample_errors(reference: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """What `relative_error` is the largest of: one error a sample, float64.

    Raises:
        MetricsError: as `relative_error`.
    """
    wanted, got = _samples(reference, candidate)
    errors: np.ndarray = np.linalg.norm(got - wanted, axis=1)
    if not errors.any():
        return errors
    scale = _median_distance(wanted) or float(np.median(np.linalg.norm(wanted, axis=1)))
    return errors / scale if scale else np.where(errors > 0, np.inf, 0.0)


def max_abs_error(reference: np.ndarray, candidate: np.ndarray) -> float:
    """The largest absolute difference of two elements.

    Raises:
        MetricsError: as `relative_error`.
    """
    wanted, got = _samples(reference, candidate)
    return float(np.abs(got - wanted).max())


def min_cosine(reference: np.ndarray, candidate: np.ndarray) -> float:
    """The smallest cosine between a sample and its reference; 1 for two zero vectors, 0 for one.

    Raises:
        MetricsError: as `relative_error`.
    """
    return float(sample_cosines(reference, candidate).min())


def sample_cosines(reference: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """What `min_cosine` is the smallest of: one cosine a sample, float64.

    Raises:
        MetricsError: as `relative_error`.
    """
    wanted, got = _samples(reference, candidate)
    norms = np.linalg.norm(wanted, axis=1), np.linalg.norm(got, axis=1)
    product = norms[0] * norms[1]
    both_zero = (norms[0] == 0) & (norms[1] == 0)
    cosines: np.ndarray = np.divide(
        (wanted * got).sum(axis=1), product, out=both_zero.astype(np.float64), where=product > 0
    )
    return cosines


def _median_distance(samples: np.ndarray) -> float:
    """Median L2 distance over the pairs of rows; 0 for a single row."""
    rows = [np.linalg.norm(samples[i + 1 :] - samples[i], axis=1) for i in range(len(samples) - 1)]
    return float(np.median(np.concatenate(rows))) if rows else 0.0


def _samples(reference: np.ndarray, candidate: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Both arrays as float64 rows, one per sample, after every check that a comparison needs first."""
    arrays = []
    for name, array in (("reference", np.asarray(reference)), ("candidate", np.asarray(candidate))):
        if array.dtype.kind not in "biuf":
            raise MetricsError("the {} must hold numbers, not {}".format(name, array.dtype))
        arrays.append(array)
    wanted, got = arrays
    if wanted.shape != got.shape:
        shapes = shape_text(wanted.shape), shape_text(got.shape)
        raise MetricsError("the candidate must have the reference's shape {}, not {}".format(*shapes))
    if wanted.ndim == 0 or wanted.size == 0:
        raise MetricsError("there is nothing to compare: the shape is {}".format(shape_text(wanted.shape)))
    for name, array in (("reference", wanted), ("candidate", got)):
        bad = int(array.size - np.isfinite(array).sum())
        if bad:
            raise MetricsError("the {} holds {} of {} values that are not finite".format(name, bad, array.size))
    rows = len(wanted)
    return wanted.reshape(rows, -1).astype(np.float64), got.reshape(rows, -1).astype(np.float64)
