"""The ladder of precision modes, climbed rung by rung, with a model as it is and rewritten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ascendc.errors import GateError
from ascendc.model import Use
from ascendc.precision.forecaster import Forecaster
from ascendc.precision.modes import Mode
from ascendc.precision.notes import Notes, fingerprint
from ascendc.precision.rewrites import candidates, rewritten
from ascendc.precision.search import Search, never

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import onnx_ir as ir

    from ascendc.precision.kept import Found
    from ascendc.precision.units import Unit

    Array = npt.NDArray[Any]

LADDER: tuple[Mode, ...] = ("force_fp16", "allow_mix_precision", "must_keep_origin_dtype")
"""From what is fastest to what loses nothing."""

SHARE = 0.05
"""Of the units that are in float16: a set that is kept is reasonable up to it."""

FEW = 10
"""Units that are a reasonable set in a small graph, too: `SHARE` of 200."""


class Ladder:
    """Searches over one model, on rung after rung, as it is and rewritten."""

    def __init__(
        self,
        forecaster: Forecaster,
        samples: Mapping[str, Array],
        limit: float,
        *,
        fixed: Callable[[Unit], bool] = never,
        cache: Path | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Prepare.

        Args:
            forecaster: the model, with these samples.
            samples: inputs, samples first.
            limit: as `find_plan`.
            fixed: as `find_plan`.
            cache: as `find_plan`.
            say: as `find_plan`.
        """
        self._forecaster, self._samples, self._limit = forecaster, samples, limit
        self._fixed, self._notes, self._say = fixed, Notes(cache), say
        self._subject = "" if cache is None else fingerprint(forecaster.model, samples)
        self._searches: list[Search] = []

    @property
    def trials(self) -> int:
        """How many there were on all rungs."""
        return len({key for search in self._searches for key in search.tried})

    def climb(self, modes: Sequence[Mode] = LADDER) -> tuple[Found, tuple[Use, ...]]:
        """What a search found on the first rung that is good enough, and the rewrites it needs.

        A rung is good enough where it keeps a reasonable set (`reasonable`). Where it does not, the next is tried, and
        the cheapest of those that suffice (`Found.cost`) wins.

        Args:
            modes: the rungs.

        Raises:
            GateError: none suffices (ASC2705).
        """
        bare = self._search(self._forecaster, modes[0])
        graph, uses = self._forecaster, tuple[Use, ...]()
        if len(modes) > 1 and bare.before() > self._limit:
            graph, uses = self._rewrite(bare)
        found: list[Found] = []
        for mode in modes:
            search = self._search(graph, mode, uses)
            one = search.run() if search.possible else None
            found += [one] if one is not None else []
            if one is not None and reasonable(one):
                break
        if not found:
            raise self._none(bare)
        best = replace(min(found, key=lambda one: one.cost), before=_number(bare.before()))
        return self._without_idle(best, uses)

    def _rewrite(self, bare: Search) -> tuple[Forecaster, tuple[Use, ...]]:
        """The graph with all rewrites that apply."""
        wanted = candidates(self._forecaster.units, self._fixed, bare.lost())
        model, uses = rewritten(self._forecaster.model, wanted)
        return (self._opened(model) if uses else self._forecaster), uses

    def _without_idle(self, found: Found, uses: tuple[Use, ...]) -> tuple[Found, tuple[Use, ...]]:
        """Drop each rewrite without which the same is enough."""
        for use in reversed(uses):
            model, rest = rewritten(self._forecaster.model, [one for one in uses if one != use])
            search = self._search(self._opened(model) if rest else self._forecaster, found.mode, rest)
            error = search.error(found.keep, found.types)
            if error <= self._limit:
                found, uses = replace(found, after=error), rest
        return found, uses

    def _opened(self, model: ir.Model) -> Forecaster:
        """A rewritten model, judged by the outputs of the original one."""
        first = self._forecaster
        return Forecaster(model, self._samples, first.bound, first.overflow, first.exact)

    def _search(self, forecaster: Forecaster, mode: Mode, uses: Sequence[Use] = ()) -> Search:
        said = f"{mode} after {' and '.join(use.name for use in uses)}" if uses else mode
        search = Search(
            forecaster,
            mode,
            self._limit,
            say=lambda line: self._say(f"{said}, {line}"),
            fixed=self._fixed,
            notes=self._notes,
            subject=f"{self._subject} {forecaster.bound} {forecaster.overflow} {uses!r}",
        )
        self._searches.append(search)
        return search

    def _none(self, bare: Search) -> GateError:
        worst = bare.worst_fixed()
        why = (
            "in float32 they are not either: that is less than two programs differ by"
            if worst is None
            else f"the chip computes `{worst.name}` ({worst.kind}) in float16 only, and numbers are lost there or "
            "become too coarse"
        )
        return GateError(
            "ASC2705",
            f"no precision mode keeps the outputs within {self._limit:g} of the distance between samples: {why}",
            hint="ascendc forecast MODEL.onnx says what float16 does at each node; a larger limit lets it pass",
        )


def reasonable(found: Found) -> bool:
    """Whether what is kept is `FEW` units, or `SHARE` of those that the mode computes in float16."""
    return len(found.keep) <= max(SHARE * found.units, FEW)


def _number(error: float) -> float | None:
    return error if error != float("inf") else None
