"""The bars that ascendc has set itself, and whether the figures hold them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import knowledge, parts, targets
from .results import Part, Series, gigabytes, ratios, seconds

Parts = Mapping[str, Part]


@dataclass(frozen=True)
class Bar:
    """A figure and what it may be at most."""

    what: str
    limit: float
    unit: str
    digits: int
    measured: Callable[[Parts], Series]
    """Its median is judged.

    Raises:
        KeyError: that part was not measured.
    """

    def row(self, found: Parts) -> tuple[str, str, str]:
        """Bar, measured, holds."""
        bar = f"{self.what} ≤ {self.limit:g}{self.unit}"
        try:
            series = self.measured(found)
        except KeyError:
            series = Series(())
        if not any(series.values):
            return bar, "not measured", "–"
        return bar, f"{series.text(self.digits)}{self.unit}", "yes" if series.median <= self.limit else "**no**"


def _to_optimum(found: Parts) -> Series:
    cold, name = found["cold"], parts.SMALL.name
    return ratios(cold.of(name), cold.of(name, "optimum-cli"))


def _second(case: str) -> Callable[[Parts], Series]:
    return lambda found: seconds(found["rebuild"].of(case))


def _per_weights(found: Parts) -> Series:
    runs = found["sizes"].of(parts.LARGER[-1].name)
    return Series(tuple(run.peak / run.weights for run in runs))


def _to_one_target(found: Parts) -> Series:
    part = found["targets"]
    return ratios(part.of(str(targets.COUNTS[-1])), part.of("1"))


def _answer(case: str) -> Callable[[Parts], Series]:
    return lambda found: seconds(found["answers"].of(case))


def _per_file(found: Parts) -> Series:
    return Series(tuple(run.peak / run.weights for run in found["answers"].of(knowledge.CHECK)))


_SMALL, _LARGE = parts.SMALL.name, parts.LARGER[-1].name
BARS = (
    Bar(f"{_SMALL} cold, time", 1.0, " × optimum-cli", 2, _to_optimum),
    Bar(f"{_SMALL} cold, time (the aim)", 0.5, " × optimum-cli", 2, _to_optimum),
    Bar(f"{_SMALL} cold, peak memory", 2.2, " GB", 2, lambda found: gigabytes(found["cold"].of(_SMALL))),
    Bar(f"{_LARGE} cold, peak memory", 1.3, " × weights", 2, _per_weights),
    Bar(f"{_SMALL} again, no change", 0.6, " s", 2, _second("no change")),
    Bar(f"{_SMALL} again, SoC changed", 2, " s", 2, _second("SoC changed")),
    Bar(f"{_SMALL} again, AIPP changed", 2, " s", 2, _second("AIPP changed")),
    Bar(f"`{parts.HELP}`", 0.15, " s", 2, _second(parts.HELP)),
    Bar(f"{targets.COUNTS[-1]} targets, time", 1.5, " × one target", 2, _to_one_target),
    Bar(f"{knowledge.CHECK}, time", 2, " s", 2, _answer(knowledge.CHECK)),
    Bar(f"{knowledge.CHECK}, peak memory", 1.3, " × the file", 2, _per_file),
    *(Bar(case, 0.3, " s", 2, _answer(case)) for case in ("atc lint", "aipp lint", "explain -f", "soc")),
)
