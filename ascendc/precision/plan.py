"""How a model is told to ATC so that its answers survive float16: a ladder of precision modes, climbed rung by rung."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ascendc.errors import GateError
from ascendc.model import Use
from ascendc.precision.forecaster import Forecaster
from ascendc.precision.modes import Mode
from ascendc.precision.notes import Notes, fingerprint
from ascendc.precision.rewrites import candidates, rewritten
from ascendc.precision.search import Found, Search, keep_dtype, never

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import onnx_ir as ir

    from ascendc.precision.units import Unit

    Array = npt.NDArray[Any]

LADDER: tuple[Mode, ...] = ("force_fp16", "allow_mix_precision", "must_keep_origin_dtype")
"""From what is fastest to what loses nothing."""

SHARE = 0.05
"""Of the units that are in float16: a set that is kept is reasonable up to it."""

FEW = 10
"""Units that are a reasonable set in a small graph, too: `SHARE` of 200."""


@dataclass(frozen=True)
class PrecisionPlan:
    """What ATC is told, and what the graph becomes before."""

    mode: Mode
    """ATC's ``--precision_mode``."""
    keep: tuple[str, ...]
    """ONNX node names for ``--keep_dtype``, in the graph as `uses` leave it; of what fuses, all nodes."""
    types: tuple[str, ...]
    """GE types for the black list of ``--modify_mixlist``; then `keep` is empty."""
    uses: tuple[Use, ...]
    """Rewrites that are applied to the graph before; usually none."""
    before: float | None
    """Error of the worst output with nothing kept, relative to the distance between samples; None: a number is lost."""
    after: float
    """With the plan."""
    limit: float
    units: int
    """Computed in float16 by the mode."""
    trials: int


def find_plan(
    model: ir.Model,
    samples: Mapping[str, Array],
    limit: float,
    *,
    fixed: Callable[[Unit], bool] = never,
    cache: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> PrecisionPlan:
    """The lowest rung of `LADDER` on which the outputs stay within the limit, under the fused bound.

    Args:
        model: any ONNX graph whose types can be inferred; it learns them, and stays as it is.
        samples: inputs, samples first.
        limit: what an output may differ, relative to the median distance between samples.
        fixed: units that the chip cannot compute in float32: they are never kept.
        cache: a file of trials; a search that is interrupted goes on from it.
        say: hears of each trial that is run.

    Raises:
        GateError: no rung suffices (ASC2705).
        StageError: the graph cannot be computed (ASC1504, ASC2701 to ASC2704), or a node that must be kept has no name
            (ASC2716).
        UsageError: the samples do not fit the inputs (ASC2711 to ASC2714).
    """
    ladder = Ladder(Forecaster(model, samples), samples, limit, fixed=fixed, cache=cache, say=say)
    found, uses = ladder.climb()
    keep_dtype(found.keep)  # every node has a name
    return PrecisionPlan(
        mode=found.mode,
        keep=tuple(name for one in found.keep for name in one.nodes),
        types=found.types,
        uses=uses,
        before=found.before,
        after=found.after,
        limit=limit,
        units=found.units,
        trials=ladder.trials,
    )


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

        A rung is good enough where it keeps a reasonable set (`reasonable`). Of one that is not and the next that
        suffices, the one with fewer units in float32 wins.

        Args:
            modes: the rungs.

        Raises:
            GateError: none suffices (ASC2705).
        """
        bare = self._search(self._forecaster, modes[0])
        graph, uses = self._forecaster, tuple[Use, ...]()
        if len(modes) > 1 and bare.before() > self._limit:
            graph, uses = self._rewrite()
        found: list[Found] = []
        for mode in modes:
            search = self._search(graph, mode, uses)
            one = search.run() if search.possible else None
            found += [one] if one is not None else []
            if len(found) > 1 or (found and reasonable(found[0])):
                break
        if not found:
            raise self._none(bare)
        best = replace(min(found, key=lambda one: one.exact), before=_number(bare.before()))
        return self._without_idle(best, uses)

    def _rewrite(self) -> tuple[Forecaster, tuple[Use, ...]]:
        """The graph with all rewrites that apply."""
        wanted = candidates(self._forecaster.units, self._fixed)
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
        return GateError(
            "ASC2705",
            f"no precision mode keeps the outputs within {self._limit:g} of the distance between samples: the chip "
            f"computes `{worst.name}` ({worst.kind}) in float16 only, and numbers are lost there or become too coarse",
            hint="ascendc forecast MODEL.onnx says what float16 does at each node; a larger limit lets it pass",
        )


def reasonable(found: Found) -> bool:
    """Whether what is kept is `FEW` units, or `SHARE` of those that the mode computes in float16."""
    return len(found.keep) <= max(SHARE * found.units, FEW)


def _number(error: float) -> float | None:
    return error if error != float("inf") else None
