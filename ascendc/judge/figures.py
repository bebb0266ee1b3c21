"""The figures of one tensor: one is judged, the others say what kind of error it is."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.judge.refusal import place
from ascendc.judge.result import Figures
from ascendc.runtime.metrics import sample_cosines, sample_errors

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

K = 5

MOST = 1 << 27
"""Values that samples may have for each pair of them to be looked at: a second of work."""

SQUARABLE = 1e140
"""Up to here the squares of a tensor's values have a sum in float64."""


def figures(reference: Array, candidate: Array) -> Figures:
    """All of them.

    Args:
        reference: samples first, finite.
        candidate: of the same shape and kind.
    """
    wanted, got = np.atleast_1d(reference), np.atleast_1d(candidate)
    floats = wanted.dtype.kind == "f"
    one, other = _squarable(wanted, got)
    errors = sample_errors(one, other) if floats else _differing(wanted, got)
    cosines = sample_cosines(one, other)
    gap = np.abs(got.astype(np.float64) - wanted)
    ranks = floats and wanted.ndim > 1 and wanted.shape[-1] > 1
    return Figures(
        samples=len(wanted),
        error=_number(errors.max() if floats else errors.mean()),
        worst_sample=int(errors.argmax()),
        cosine_min=float(cosines.min()),
        cosine_median=float(np.median(cosines)),
        relative_l2=_number(_relative_l2(one, np.abs(other.astype(np.float64) - one))),
        max_abs=float(gap.max()),
        where=place(tuple(int(axis) for axis in np.unravel_index(gap.argmax(), gap.shape)), wanted, got),
        top1=float((wanted.argmax(-1) == got.argmax(-1)).mean()) if ranks else None,
        top5=_overlap(wanted, got) if ranks and wanted.shape[-1] > K else None,
        neighbours=_same_nearest(one, other) if floats else None,
    )


def _squarable(wanted: Array, got: Array) -> tuple[Array, Array]:
    """Both, or both on a scale on which squares are finite: what is relative does not change by it."""
    largest = max(np.abs(wanted).max(), np.abs(got).max()) if wanted.dtype.itemsize == got.dtype.itemsize == 8 else 0
    return (wanted / largest, got / largest) if largest > SQUARABLE else (wanted, got)


def _differing(wanted: Array, got: Array) -> Array:
    """The share of a sample's values that differ."""
    share: Array = (wanted != got).reshape(len(wanted), -1).mean(axis=1)
    return share


def _relative_l2(wanted: Array, gap: Array) -> float:
    norms = np.linalg.norm(wanted.reshape(len(wanted), -1).astype(np.float64), axis=1)
    errors = np.linalg.norm(gap.reshape(len(wanted), -1), axis=1)
    return float(np.divide(errors, norms, out=np.where(errors > 0, np.inf, 0.0), where=norms > 0).max())


def _overlap(wanted: Array, got: Array) -> float:
    """The mean share of the five largest values of a row that both sides have in common."""
    mine, theirs = (np.argpartition(-array, K, axis=-1)[..., :K] for array in (wanted, got))
    return float((mine[..., :, None] == theirs[..., None, :]).any(-1).mean())


def _same_nearest(wanted: Array, got: Array) -> float | None:
    if len(wanted) < 3 or wanted.size * len(wanted) > MOST:
        return None
    return float((_nearest(wanted) == _nearest(got)).mean())


def _nearest(samples: Array) -> Array:
    """Of each sample the index of the nearest other one."""
    rows = samples.reshape(len(samples), -1).astype(np.float64)
    found = []
    for index, row in enumerate(rows):
        distances = np.linalg.norm(rows - row, axis=1)
        distances[index] = np.inf
        found.append(int(distances.argmin()))
    return np.array(found)


def _number(value: Any) -> float | None:
    """A number that JSON has."""
    return float(value) if isfinite(value) else None
