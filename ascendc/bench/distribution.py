"""Latencies, summed up: mean, spread, percentiles, and how sure the median is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

CONFIDENCE = 0.95
"""Of every interval."""

RESAMPLES = 1000
"""How often a series is drawn anew; the ends of the interval then move by a few hundredths of its width."""

AT_ONCE = 2_000_000
"""Runs that are drawn at a time: all draws of a hundred thousand runs would take gigabytes."""

Origin = Literal["measured"]

Rounds = Sequence[Sequence[float]]
"""Milliseconds of runs in their order, by round: a round is a process of its own."""


@dataclass(frozen=True)
class Distribution:
    """How long one thing took, over all timed runs of all rounds."""

    origin: Origin
    runs: int
    mean_ms: float
    std_ms: float
    """Of the runs (n - 1)."""
    min_ms: float
    max_ms: float
    p50_ms: float
    p50_low_ms: float
    """Lower end of the 95 % confidence interval of the median, by a bootstrap of rounds and of blocks in them."""
    p50_high_ms: float
    p95_ms: float
    """Percentiles interpolate between runs: of 100 runs, P99 rests on the slowest two."""
    p99_ms: float
    per_second: float
    """Items a second, one run after the other: batch ÷ mean."""


def distribution(rounds: Rounds, items: int) -> Distribution:
    """Sum up the runs of one thing.

    Args:
        rounds: milliseconds of each run, in the order in which they were made; at least one.
        items: how many items one run takes.
    """
    taken = np.concatenate([np.asarray(one, np.float64) for one in rounds])
    low, high = interval(medians(rounds, seed=0))
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


def medians(rounds: Rounds, seed: int) -> npt.NDArray[np.float64]:
    """Medians of `RESAMPLES` benchmarks that could as well have been measured, by a bootstrap in two levels.

    Latencies are skewed, with a tail, so an interval by Student's t would not hold. Processes differ (where memory
    lies, what else runs), so rounds are drawn first (Kalibera and Jones 2013). And a busy moment slows several runs in
    a row, so that within a round blocks of n^(1/3) consecutive runs are drawn, not single ones (Künsch 1989; that
    length: Hall, Horowitz and Jing 1995). Of few rounds it is somewhat too narrow: three tell little of others.

    Args:
        rounds: milliseconds of each run, by round.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    series = [np.asarray(one, np.float64) for one in rounds]
    size = min(map(len, series))
    at_once = max(len(series), min(RESAMPLES, AT_ONCE // (size * len(series))))
    counts = [min(at_once, RESAMPLES - start) for start in range(0, RESAMPLES, at_once)]
    return np.concatenate([_medians(series, size, count, random) for count in counts])


def _medians(
    series: Sequence[npt.NDArray[np.float64]], size: int, count: int, random: np.random.Generator
) -> npt.NDArray[np.float64]:
    drawn = np.stack([_redrawn(one, size, count, random) for one in series])
    chosen = random.integers(0, len(series), (count, len(series)))
    # The same round may be chosen twice: then from another of its own draws.
    shifted = (np.arange(count)[:, None] + np.arange(len(series)) * (count // len(series))) % count
    found: npt.NDArray[np.float64] = np.median(drawn[chosen, shifted].reshape(count, -1), axis=1)
    return found


def _redrawn(
    taken: npt.NDArray[np.float64], size: int, count: int, random: np.random.Generator
) -> npt.NDArray[np.float64]:
    """`count` series of `size` runs, made of blocks of one round."""
    length = max(1, round(len(taken) ** (1 / 3)))
    starts = random.integers(0, len(taken) - length + 1, (count, -(-size // length)))
    drawn: npt.NDArray[np.float64] = taken[(starts[:, :, None] + np.arange(length)).reshape(count, -1)[:, :size]]
    return drawn


def interval(drawn: npt.NDArray[Any]) -> tuple[float, float]:
    """The middle 95 % of what was drawn."""
    low, high = np.percentile(drawn, (50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)))
    return float(low), float(high)
