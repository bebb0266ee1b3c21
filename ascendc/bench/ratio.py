"""How much slower one series of rounds is than another, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from ascendc.bench.distribution import CONFIDENCE, interval, medians

if TYPE_CHECKING:
    from ascendc.bench.distribution import Rounds

_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306)
"""Student's t at 97.5 %, for 1 to 8 degrees of freedom."""


@dataclass(frozen=True)
class Ratio:
    """New ÷ old, of the medians."""

    value: float
    low: float
    """Lower end of the 95 % confidence interval."""
    high: float


def ratio(old: Rounds, new: Rounds) -> Ratio:
    """The ratio of the medians, with the wider of two intervals at either end.

    The bootstrap (`distribution.medians`) knows the noise within a process. Of three rounds, drawn anew, it makes too
    little of how processes differ: where that is a tenth, it calls one in seven pairs of equal benchmarks different.
    Student's t on the logarithms of the rounds' medians, their spread pooled, knows that and nothing else.

    Args:
        old: milliseconds by round.
        new: likewise; both are drawn by themselves, since runs of two benchmarks are no pairs.
    """
    value = float(np.median(np.concatenate(new)) / np.median(np.concatenate(old)))
    low, high = interval(medians(new, seed=1) / medians(old, seed=2))
    before, after = (np.log([np.median(one) for one in rounds]) for rounds in (old, new))
    freedom = len(before) + len(after) - 2
    if freedom < 1:  # one round each: how processes differ is not known
        return Ratio(value, low, high)
    squares = sum(float(((one - one.mean()) ** 2).sum()) for one in (before, after))
    width = student(freedom) * math.sqrt(squares / freedom * (1 / len(before) + 1 / len(after)))
    middle = float(after.mean() - before.mean())
    return Ratio(value, min(low, math.exp(middle - width)), max(high, math.exp(middle + width)))


def student(freedom: int) -> float:
    """Student's t for an interval of 95 %; beyond the table Hill's expansion (1970), right to 0.005."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
