"""The smallest set of nodes that must stay in float32 for the outputs to stay within their limit."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

from ascendc.precision.forecast import CANDIDATES, by_own_error, module
from ascendc.precision.kept import Found, Kept
from ascendc.precision.mixlist import ge_types, listed
from ascendc.precision.modes import KEPT, MIXED, Mode, in_half
from ascendc.precision.notes import Notes
from ascendc.precision.units import is_float

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ascendc.precision.forecaster import Forecaster
    from ascendc.precision.units import Unit

MOST_TYPES = 4
"""Types of operators that are taken off float16 as wholes, before single nodes are looked for."""


def never(_: Unit) -> bool:
    """Every unit can be computed in float32."""
    return False


class Search:
    """Trials over one model in one mode, each remembered."""

    def __init__(
        self,
        forecaster: Forecaster,
        mode: Mode,
        limit: float,
        *,
        say: Callable[[str], None] = lambda _: None,
        fixed: Callable[[Unit], bool] = never,
        notes: Notes | None = None,
        subject: str = "",
    ) -> None:
        """Prepare.

        Args:
            forecaster: the model and samples.
            mode: what everything that is not kept is computed in.
            limit: what an output may differ, relative to the median distance between samples.
            say: hears of each trial that is run.
            fixed: units that the chip cannot compute in float32.
            notes: of trials, this search's and others'.
            subject: tells this model and these samples from others in the notes.
        """
        self._forecaster, self._mode, self._limit, self._say = forecaster, mode, limit, say
        self._units = forecaster.units
        self._fixed = frozenset(i for i, unit in enumerate(self._units) if unit.rounds and fixed(unit))
        self._half = self._in_half()
        bare = "".join("01"[one] for one in self._half)  # other tables of the chip's are another search
        self._notes, self._subject = notes or Notes(), f"{subject} {mode} {limit!r} {bare}"
        self.tried: set[str] = set()

    @property
    def possible(self) -> bool:
        """Whether the chip has the mode: none that keeps every type, where it cannot compute a unit in float32."""
        return self._mode not in KEPT or not self._fixed

    def before(self) -> float:
        """The error with nothing kept; infinite where a number is lost."""
        return self._trial(self._half, "nothing in float32")

    def run(self) -> Found | None:
        """Search.

        Mixed modes: a few types of operators, where they suffice. Else nodes: start from the units that do most damage,
        or from all of the worst types, whichever are fewer, then drop what is not needed.

        Returns:
            None where nothing suffices, because of what cannot be kept.
        """
        keep: list[int] | None = []
        kinds: tuple[str, ...] = ()
        if self.before() > self._limit:
            ranked = [i for i in self.ranked() if i not in self._fixed]
            kinds = self._kinds(ranked) if self._mode in MIXED else ()
            keep = [] if kinds else self._enough(ranked)
        if keep is None:
            return None
        keep = self._shrink(keep) if keep else keep
        before = self.before()
        half = self._in_half(kinds) if kinds else self._but(keep)
        return Found(
            mode=self._mode,
            bound=self._forecaster.bound,
            limit=self._limit,
            before=before if before != float("inf") else None,
            after=self._without(kinds) if kinds else self._error(keep),
            types=tuple(dict.fromkeys(name for kind in kinds for name in ge_types(kind))),
            keep=tuple(_kept(self._units[i]) for i in keep),
            units=self._rounded(self._half),
            exact=sum(unit.rounds for unit in self._units) - self._rounded(half),
            casts=self._casts(half),
            trials=len(self.tried),
        )

    def ranked(self) -> list[int]:
        """Units that round, by what each does alone to the outputs; those that were not tried by their own error."""
        return self._notes.integers(self._key("ranked"), self._rank)

    def lost(self) -> dict[str, int]:
        """Of each node whose result goes beyond float16 the power of two that its largest number stays below."""
        found = self._notes.integers(self._key("lost"), self._lost)
        return {self._units[i].name: power for i, power in zip(found[::2], found[1::2], strict=True)}

    def worst_fixed(self) -> Unit | None:
        """The unit that cannot be kept and does most damage; None: any can be kept."""
        return next((self._units[i] for i in self.ranked() if i in self._fixed), None)

    def error(self, keep: Sequence[Kept], types: Sequence[str]) -> float:
        """Where what another search found is kept; infinite where this graph has not all of it."""
        places = {unit.name: i for i, unit in enumerate(self._units)}
        if not all(one.nodes[-1] in places for one in keep):
            return float("inf")
        kinds = [unit.kind for unit in self._units if listed(unit.kind, types)]
        return self._without(tuple(dict.fromkeys(kinds))) if types else self._error([places[k.nodes[-1]] for k in keep])

    def _in_half(self, kinds: Sequence[str] = ()) -> tuple[bool, ...]:
        half = in_half(self._units, self._mode, kinds)
        return tuple(one or i in self._fixed for i, one in enumerate(half))

    def _but(self, keep: Sequence[int]) -> tuple[bool, ...]:
        return tuple(half and i not in keep for i, half in enumerate(self._half))

    def _casts(self, half: Sequence[bool]) -> int:
        pairs = [(unit, one) for unit, one in zip(self._units, half, strict=True) if unit.rounds]
        made = {value: one for unit, one in pairs for value in unit.outputs if is_float(value)}
        return len({value for unit, one in pairs for value in unit.inputs if made.get(value, one) != one})

    def _rounded(self, half: Sequence[bool]) -> int:
        return sum(one and unit.rounds for one, unit in zip(half, self._units, strict=True))

    def _kinds(self, ranked: Sequence[int]) -> tuple[str, ...]:
        """Kinds of units without which mixed precision suffices, none of them for nothing; empty: too many."""
        kinds = [kind for kind in self._worst_kinds(ranked) if ge_types(kind)][:MOST_TYPES]
        for count in range(1, len(kinds) + 1):
            if self._without(kinds[:count]) <= self._limit:
                chosen = kinds[:count]
                for kind in reversed(chosen[:-1]):
                    rest = [one for one in chosen if one != kind]
                    chosen = rest if self._without(rest) <= self._limit else chosen
                return tuple(chosen)
        return ()

    def _without(self, kinds: Sequence[str]) -> float:
        return self._trial(self._in_half(kinds), f"every {' and '.join(kinds)} in float32")

    def _worst_kinds(self, ranked: Sequence[int]) -> list[str]:
        return list(dict.fromkeys(self._units[i].kind for i in ranked))

    def _enough(self, ranked: list[int]) -> list[int] | None:
        """Units that suffice, worst first: all of a few types, or the first of the ranking, whichever are fewer."""
        kinds = self._worst_kinds(ranked)[:MOST_TYPES]
        of_types = [[i for i in ranked if self._units[i].kind in kinds[:count]] for count in range(1, len(kinds) + 1)]
        first = [ranked[: 1 << power] for power in range(len(ranked).bit_length())]
        sets = sorted([*of_types, *first, ranked], key=len)
        return next((keep for keep in sets if keep and self._error(keep) <= self._limit), None)

    def _shrink(self, keep: list[int]) -> list[int]:
        """Drop blocks, then smaller ones, down to single units, as long as the rest suffices: none can be dropped then.

        This is delta debugging's minimisation (Zeller and Hildebrandt, 2002).
        """
        size = max(len(keep) // 2, 1)
        while True:
            smaller = self._sweep(keep, size)
            if len(smaller) == len(keep) and size == 1:
                return keep
            size = size if len(smaller) < len(keep) else size // 2
            keep = smaller

    def _sweep(self, keep: list[int], size: int) -> list[int]:
        """Drop each block that can go, from the end: the least harmful first."""
        for end in range(len(keep), 0, -size):
            rest = keep[: max(end - size, 0)] + keep[end:]
            if self._error(rest) <= self._limit:
                keep = rest
        return keep

    def _rank(self) -> list[int]:
        seen = self._forecaster.seen(self._half)
        effects = self._forecaster.effects(self._half, by_own_error(self._half, seen)[:CANDIDATES])
        rest = [i for i, half in enumerate(self._half) if half and i not in effects and self._units[i].rounds]
        return [
            *sorted(effects, key=lambda i: (-effects[i], -seen[i].blur, i)),
            *sorted(rest, key=lambda i: (-seen[i].blur, i)),
        ]

    def _lost(self) -> list[int]:
        seen = enumerate(self._forecaster.seen(self._half))
        powers = [(i, math.frexp(one.largest)[1]) for i, one in seen if one.overflows and math.isfinite(one.largest)]
        return [number for pair in powers for number in pair]

    def _order(self) -> list[int]:
        """Samples, those that suffer most first: a trial that fails does so early."""
        return self._notes.integers(self._key("order"), lambda: self._forecaster.order(self._half))

    def _error(self, keep: Sequence[int]) -> float:
        """Where `keep` stays in float32."""
        return self._trial(self._but(keep), f"{len(keep)} of {self._rounded(self._half)} nodes in float32")

    def _trial(self, half: tuple[bool, ...], what: str) -> float:
        """Of the worst output. It is told of once it is noted: who hears may end the search there."""
        key = self._key("".join("01"[one] for one in half))
        self.tried.add(key)
        known = self._notes.knows(key)
        error = self._notes.number(key, lambda: self._run(half))
        if not known:
            said = "numbers are lost" if error == float("inf") else f"error {error:.2g}"
            self._say(f"trial {len(self.tried)}: {what}: {said}")
        return error

    def _run(self, half: tuple[bool, ...]) -> float:
        return self._forecaster.worst(half, self._order() if half != self._half else (), self._limit)

    def _key(self, what: str) -> str:
        return hashlib.sha256(f"{self._subject} {what}".encode()).hexdigest()


def _kept(unit: Unit) -> Kept:
    return Kept(tuple(node.name or "" for node in unit.nodes), unit.kind, module(unit))
