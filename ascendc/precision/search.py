"""The smallest set of nodes that must stay in float32 for the outputs to stay within their limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.errors import StageError
from ascendc.precision.forecast import CANDIDATES, by_own_error, module
from ascendc.precision.mixlist import ge_types, mixlist
from ascendc.precision.modes import MIXED, Mode, in_half
from ascendc.precision.units import Bound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ascendc.precision.forecast import Forecaster
    from ascendc.precision.units import Unit

MOST_TYPES = 4
"""Types of operators that are taken off float16 as wholes, before single nodes are looked for."""


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
    types: tuple[str, ...]
    """GE types that suffice, as mixed modes take them off float16; then `keep` is empty."""
    keep: tuple[Kept, ...]
    """Worst first; empty where nothing needs to be kept."""
    units: int
    """That the mode computes in float16."""
    trials: int
    """Runs of the model, over all samples or over as many as decide."""

    @property
    def option(self) -> str:
        """ATC's option that takes `text`."""
        return "modify_mixlist" if self.types else "keep_dtype"

    @property
    def text(self) -> str:
        """The file."""
        return mixlist(self.types) if self.types else keep_dtype(self.keep)


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
        self._errors: dict[tuple[bool, ...], float] = {}
        self._order: list[int] = []
        self._limit = float("inf")

    def run(self, limit: float) -> Found:
        """Search.

        Mixed modes: a few types of operators, where they suffice. Else nodes: grow the set along the units that do most
        damage until it suffices, then drop what is not needed.

        Args:
            limit: what an output may differ, relative to the median distance between samples.
        """
        self._limit, before = limit, self._trial(self._half, "nothing in float32")
        self._order = self._forecaster.order(self._half)
        keep: list[int] = []
        kinds: tuple[str, ...] = ()
        after = before
        if before > limit:
            ranked = self._ranked()
            kinds = self._kinds(ranked) if self._mode in MIXED else ()
            if not kinds:
                keep = self._shrink(self._grow(ranked))
            after = self._without(kinds) if kinds else self._error(keep)
        units = self._forecaster.units
        return Found(
            mode=self._mode,
            bound=self._forecaster.bound,
            limit=limit,
            before=before if before != float("inf") else None,
            after=after,
            types=tuple(dict.fromkeys(name for kind in kinds for name in ge_types(kind))),
            keep=tuple(_kept(units[i]) for i in keep),
            units=sum(half and unit.rounds for half, unit in zip(self._half, units, strict=True)),
            trials=len(self._errors),
        )

    def _kinds(self, ranked: Sequence[int]) -> tuple[str, ...]:
        """Kinds of units without which mixed precision suffices, none of them for nothing; empty: too many."""
        units = self._forecaster.units
        kinds = [kind for kind in dict.fromkeys(units[i].kind for i in ranked) if ge_types(kind)][:MOST_TYPES]
        for count in range(1, len(kinds) + 1):
            if self._without(kinds[:count]) <= self._limit:
                chosen = kinds[:count]
                for kind in reversed(chosen[:-1]):
                    rest = [one for one in chosen if one != kind]
                    chosen = rest if self._without(rest) <= self._limit else chosen
                return tuple(chosen)
        return ()

    def _without(self, kinds: Sequence[str]) -> float:
        half = in_half(self._forecaster.units, self._mode, kinds)
        return self._trial(half, f"every {' and '.join(kinds)} in float32")

    def _grow(self, ranked: list[int]) -> list[int]:
        """The first units of the ranking that suffice, their number doubled from trial to trial."""
        count = 1
        while self._error(ranked[:count]) > self._limit and count < len(ranked):
            count *= 2
        return ranked[:count]

    def _shrink(self, keep: list[int]) -> list[int]:
        """Drop blocks, then smaller ones, down to single units, as long as the rest suffices: none can be dropped then.

        This is delta debugging's minimisation (Zeller and Hildebrandt, 2002).
        """
        size = max(len(keep) // 2, 1)
        while True:
            dropped = False
            for start in range(len(keep) - 1, -1, -size):  # from the end: the least harmful first
                low = max(start - size + 1, 0)
                rest = keep[:low] + keep[start + 1 :]
                if self._error(rest) <= self._limit:
                    keep, dropped = rest, True
                    break
            if not dropped:
                if size == 1:
                    return keep
                size = max(size // 2, 1)

    def _ranked(self) -> list[int]:
        """Units that round, by what each does alone to the outputs; those that were not tried by their own error."""
        seen = self._forecaster.seen(self._half)
        effects = self._forecaster.effects(self._half, by_own_error(self._half, seen)[:CANDIDATES])
        rest = [
            i for i, half in enumerate(self._half) if half and i not in effects and self._forecaster.units[i].rounds
        ]
        return [
            *sorted(effects, key=lambda i: (-effects[i], -seen[i].blur, i)),
            *sorted(rest, key=lambda i: (-seen[i].blur, i)),
        ]

    def _error(self, keep: Sequence[int]) -> float:
        """Where `keep` stays in float32."""
        half = tuple(half and i not in keep for i, half in enumerate(self._half))
        return self._trial(half, f"{len(keep)} of {sum(self._half)} nodes in float32")

    def _trial(self, half: tuple[bool, ...], what: str) -> float:
        """Of the worst output."""
        if half not in self._errors:
            self._errors[half] = error = self._forecaster.worst(half, self._order, self._limit)
            said = "numbers are lost" if error == float("inf") else f"error {error:.2g}"
            self._say(f"trial {len(self._errors)}: {what}: {said}")
        return self._errors[half]


def _kept(unit: Unit) -> Kept:
    return Kept(tuple(node.name or "" for node in unit.nodes), unit.kind, module(unit))


def keep_dtype(keep: Sequence[Kept]) -> str:
    """The file that ATC's ``--keep_dtype`` takes: one node a line (CANN 8.1).

    ATC drops names that it does not know with a line in its log alone, and what it fuses gets another name.

    Raises:
        StageError: a node has no name (ASC2716).
    """
    for one in keep:
        if not all(one.nodes):
            raise StageError(
                "ASC2716",
                f"a {one.op} without a name must stay in float32, and --keep_dtype takes names",
                hint="name the nodes of the ONNX file: ATC's own names change with the graph",
            )
    return "".join(f"{name}\n" for one in keep for name in one.nodes)
