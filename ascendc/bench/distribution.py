"""Latencies, summed up: mean, spread, percentiles, and how sure the median is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

CONFIDENCE = 0.95
"""Of every interval."""

RESAMPLES = 2000
"""How often a series is drawn anew; the ends of the interval then move by about a hundredth of its width."""

Origin = Literal["measured"]


@dataclass(frozen=True)
class Distribution:
    """How long one thing took, over all timed runs."""

    origin: Origin
    runs: int
    mean_ms: float
    std_ms: float
    """Of the runs (n - 1)."""
    min_ms: float
    max_ms: float
    p50_ms: float
    p50_low_ms: float
    """Lower end of the 95 % confidence interval of the median, by the moving-block bootstrap."""
    p50_high_ms: float
    p95_ms: float
    """Percentiles interpolate between runs: of 100 runs, P99 rests on the slowest two."""
    p99_ms: float
    per_second: float
    """Items a second, one run after the other: batch ÷ mean."""


def distribution(milliseconds: Sequence[float], items: int) -> Distribution:
    """Sum up the runs of one thing.

    Args:
        milliseconds: one per run, in the order in which they were made; at least one.
        items: how many items one run takes.
    """
    taken = np.asarray(milliseconds, np.float64)
    low, high = interval(medians(taken, seed=0))
    p50, p95, p99 = (float(value) for value in np.percentile(taken, (50, 95, 99)))
    mean = float(taken.mean())
    return Distribution(
        origin="measured",
        runs=len(taken),
        mean_ms=mean,
        std_ms=float(taken.std(ddof=1)) if len(taken) > 1 else 0.0,
        min_ms=float(taken.min()),
        max_ms=float(taken.max()),
        p50_ms=p50,
        p50_low_ms=low,
        p50_high_ms=high,
        p95_ms=p95,
        p99_ms=p99,
        per_second=items / mean * 1e3 if mean else 0.0,
    )


def medians(taken: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    """Medians of `RESAMPLES` series that could as well have been measured, by the moving-block bootstrap.

    Latencies are skewed, with a tail, so an interval by Student's t would not hold; and a busy moment slows several
    runs in a row, so that drawing runs one by one would make it too narrow. Blocks of n^(1/3) consecutive runs are
    drawn instead (Künsch 1989; that growth of the length: Hall, Horowitz and Jing 1995).

    Args:
        taken: the runs in their order.
        seed: of the draws.
    """
    runs = len(taken)
    length = max(1, round(runs ** (1 / 3)))
    blocks = -(-runs // length)
    starts = np.random.default_rng(seed).integers(0, runs - length + 1, (RESAMPLES, blocks))
    drawn = taken[(starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, :runs]]
    found: npt.NDArray[np.float64] = np.median(drawn, axis=1)
    return found


def interval(drawn: npt.NDArray[Any]) -> tuple[float, float]:
    """The middle 95 % of what was drawn."""
    low, high = np.percentile(drawn, (50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)))
    return float(low), float(high)
