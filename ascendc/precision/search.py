"""The smallest set of nodes that must stay in float32 for the outputs to stay within their limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.precision.forecast import effects_of, module
from ascendc.precision.modes import in_half

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ascendc.precision.forecast import Forecaster
    from ascendc.precision.modes import Mode
    from ascendc.precision.units import Bound, Unit


@dataclass(frozen=True)
class Kept:
    """A unit that stays in float32."""

    nodes: tuple[str, ...]
    """Its nodes, by their names in the ONNX graph."""
    op: str
    module: str | None


@dataclass(frozen=True)
class Found:
    """What a search ended with."""

    mode: Mode
    bound: Bound
    limit: float
    before: float | None
    """Error of the worst output with nothing kept, relative to the distance between samples; None: a number is lost."""
    after: float
    """With `keep`; it is within `limit`, and with any one of them dropped it is not."""
    keep: tuple[Kept, ...]
    """Worst first; empty where nothing needs to be kept."""
    units: int
    """That the mode computes in float16."""
    trials: int
    """Runs of the model over all samples."""


class Search:
    """Trials over one model, each remembered."""

    def __init__(self, forecaster: Forecaster, mode: Mode, say: Callable[[str], None] = lambda _: None) -> None:
        """Prepare.

        Args:
            forecaster: the model and samples.
            mode: what everything that is not kept is computed in.
            say: hears of each trial.
        """
        self._forecaster, self._mode, self._say = forecaster, mode, say
        self._half = in_half(forecaster.units, mode)
        self._errors: dict[frozenset[int], float] = {}
        self._order: list[int] = []
        self._limit = float("inf")

    def run(self, limit: float) -> Found:
        """Search: grow the set along the units that do most damage until it suffices, then drop what is not needed.

        Args:
            limit: what an output may differ, relative to the median distance between samples.
        """
        self._limit, before = limit, self._error(())
        self._order = self._forecaster.order(self._half)
        keep: list[int] = []
        if before > limit:
            keep = self._grow(limit)
            keep = self._shrink(keep, limit)
        units = self._forecaster.units
        return Found(
            mode=self._mode,
            bound=self._forecaster.bound,
            limit=limit,
            before=before if before != float("inf") else None,
            after=self._error(keep),
            keep=tuple(_kept(units[i]) for i in keep),
            units=sum(half and unit.rounds for half, unit in zip(self._half, units, strict=True)),
            trials=len(self._errors),
        )

    def _grow(self, limit: float) -> list[int]:
        """The first units of the ranking that suffice, their number doubled from trial to trial."""
        ranked = self._ranked()
        count = 1
        while self._error(ranked[:count]) > limit and count < len(ranked):
            count *= 2
        return ranked[:count]

    def _shrink(self, keep: list[int], limit: float) -> list[int]:
        """Drop blocks, then smaller ones, down to single units, as long as the rest suffices: none can be dropped then.

        This is delta debugging's minimisation (Zeller and Hildebrandt, 2002).
        """
        size = max(len(keep) // 2, 1)
        while True:
            dropped = False
            for start in range(len(keep) - 1, -1, -size):  # from the end: the least harmful first
                low = max(start - size + 1, 0)
                rest = keep[:low] + keep[start + 1 :]
                if self._error(rest) <= limit:
                    keep, dropped = rest, True
                    break
            if not dropped:
                if size == 1:
                    return keep
                size = max(size // 2, 1)

    def _ranked(self) -> list[int]:
        """Units that round, by what each does alone to the outputs; those that were not tried by their own error."""
        seen = self._forecaster.seen(self._half)
        effects = effects_of(self._forecaster, self._half, seen)
        rest = [
            i for i, half in enumerate(self._half) if half and i not in effects and self._forecaster.units[i].rounds
        ]
        return [
            *sorted(effects, key=lambda i: (-effects[i], -seen[i].own, i)),
            *sorted(rest, key=lambda i: (-seen[i].own, i)),
        ]

    def _error(self, keep: Iterable[int]) -> float:
        """Of the worst output, where `keep` stays in float32."""
        chosen = frozenset(keep)
        if chosen not in self._errors:
            half = [half and i not in chosen for i, half in enumerate(self._half)]
            self._errors[chosen] = self._forecaster.worst(half, self._order, self._limit)
            self._say(f"{len(chosen)} of {len(self._half)} in float32: error {self._errors[chosen]:.2g}")
        return self._errors[chosen]


def _kept(unit: Unit) -> Kept:
    return Kept(tuple(node.name or "" for node in unit.nodes), unit.kind, module(unit))


def keep_dtype(keep: Sequence[Kept]) -> str:
    """The file that ATC's ``--keep_dtype`` takes: one node a line (CANN 8.1).

    ATC drops names that it does not know with a line in its log alone, and what it fuses gets another name.
    """
    return "".join(f"{name}\n" for one in keep for name in one.nodes)
