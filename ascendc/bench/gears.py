"""How a part scales with its batch, and which batch sizes are worth a gear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ascendc.bench.configuration import Runtime
from ascendc.bench.distribution import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

WORTH = 0.10
"""Share of throughput that a larger batch must add to be worth its latency and its memory."""

RULE = (
    "the smallest batch, and each larger one that gives at least 10 % more items a second (batch ÷ P50) than the last"
)


@dataclass(frozen=True)
class Point:
    """One batch size."""

    batch: int
    p50_ms: float
    per_second: float
    """Batch ÷ P50: unlike a mean, one hiccup does not move it."""


@dataclass(frozen=True)
class Scaling:
    """A part on one configuration, over its batch sizes."""

    origin: Origin
    runtime: Runtime
    device: Literal["npu", "cuda", "cpu"]
    precision: str
    target: str
    part: str
    points: tuple[Point, ...]
    """By batch, ascending."""
    gears: tuple[int, ...]
    """What a recipe may say as `batch:`. The largest is the knee: beyond it latency grows as fast as the batch."""
    rule: str
    """By which gears are chosen."""


def points(medians: Mapping[int, float]) -> tuple[Point, ...]:
    """By batch, from milliseconds of P50."""
    return tuple(Point(batch, p50, batch / p50 * 1e3) for batch, p50 in sorted(medians.items()))


def gears(measured: tuple[Point, ...]) -> tuple[int, ...]:
    """The batch sizes that are worth a gear, by `RULE`."""
    kept: list[Point] = []
    for point in measured:
        if not kept or point.per_second >= kept[-1].per_second * (1 + WORTH):
            kept.append(point)
    return tuple(point.batch for point in kept)
