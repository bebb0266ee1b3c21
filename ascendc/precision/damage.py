"""How far outputs in float16 are from themselves in float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.errors import StageError
from ascendc.runtime.metrics import MetricsError, max_abs_error, min_cosine, relative_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Damage:
    """One output in float16 against itself in float32, over all samples; None where a number was lost."""

    cosine: float | None
    """The smallest of a sample."""
    max_abs: float | None
    rel_l2: float | None
    """Over all samples together."""
    rel_to_sample_distance: float | None
    """Largest L2 error of a sample, over the median L2 distance between two samples."""


def between(exact: Array, found: Array) -> Damage:
    """One output, over all samples; of another shape, numbers are lost."""
    if exact.shape != found.shape:
        return Damage(None, None, None, None)
    try:
        error = float(np.linalg.norm(found.astype(np.float64) - exact.astype(np.float64)))
        scale = float(np.linalg.norm(exact.astype(np.float64)))
        share = relative(exact, found)
        return Damage(
            min_cosine(exact, found),
            max_abs_error(exact, found),
            error / scale if scale else (0.0 if not error else None),
            share if np.isfinite(share) else None,
        )
    except MetricsError:
        return Damage(None, None, None, None)


def relative(exact: Array, found: Array) -> float:
    """`Damage.rel_to_sample_distance`; infinite where a number is lost."""
    try:
        return relative_error(exact, found)
    except MetricsError:
        return float("inf")


def check_finite(exact: Mapping[str, Array]) -> None:
    """Refuse outputs that are lost without float16.

    Raises:
        StageError: an output is not finite (ASC2704).
    """
    for name, array in exact.items():
        if not np.isfinite(array).all():
            raise StageError("ASC2704", f"output `{name}` holds NaN or infinity in float32 already, on the samples")


def joined(chunks: Iterable[Mapping[str, Array]]) -> dict[str, Array]:
    """Outputs of several runs, one after another; those without an axis of samples as a row of them."""
    found = list(chunks)
    return {name: np.concatenate([np.atleast_1d(one[name]) for one in found]) for name in found[0]}
