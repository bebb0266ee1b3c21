"""The rows of a benchmark, filled round by round."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ascendc.bench import gears
from ascendc.bench.clock import WarmUp, load_of
from ascendc.bench.distribution import distribution
from ascendc.bench.footprint import Footprint
from ascendc.bench.gears import RULE, Scaling
from ascendc.bench.judgement import judge, limit_of
from ascendc.bench.result import Case, Validation
from ascendc.bench.roofline import Roofline, roofline
from ascendc.bench.work import ColdStart, Timed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ascendc.bench.configuration import Configuration, Runtime
    from ascendc.bench.feeds import Arrays
    from ascendc.bench.subject import Measurable
    from ascendc.bench.work import Done, Opened, Undone
    from ascendc.devices import Device


TOGETHER = "+"
"""Between the names of parts that are run together."""


@dataclass(frozen=True)
class Row:
    """A part on a configuration, or several together, without a batch size."""

    configuration: Configuration
    parts: tuple[str, ...]
    precisions: tuple[str, ...]
    """Of each."""

    @property
    def part(self) -> str:
        """As results name it."""
        return TOGETHER.join(self.parts)

    @property
    def precision(self) -> str:
        """Of all, if it is one."""
        return TOGETHER.join(dict.fromkeys(self.precisions))


@dataclass(frozen=True)
class _Round:
    """What one process told of one batch size."""

    cold_start: ColdStart
    timed: Timed | None
    validation: Validation


class Table:
    """All rows, in the order in which they were first tried."""

    def __init__(self, model: Measurable) -> None:
        self._model = model
        self._rounds: dict[tuple[Row, int], list[_Round]] = {}
        self._cases: dict[tuple[Row, int], Case] = {}

    @property
    def cases(self) -> tuple[Case, ...]:
        """The rows."""
        return tuple(self._cases.values())

    def left(self, row: Row, batches: Iterable[int]) -> tuple[int, ...]:
        """Those that another round adds to: not what failed, even once, is not there, or has no figures."""
        found = ((batch, self._cases.get((row, batch))) for batch in batches)
        return tuple(batch for batch, case in found if case is None or case.latency is not None)

    def undone(self, row: Row, batches: Iterable[int], answer: Undone) -> Iterator[Case]:
        """Rows without figures."""
        for batch in batches:
            self._cases[row, batch] = replace(_blank(row, batch), state=answer.state, reason=answer.reason)
            yield self._cases[row, batch]

    def done(self, row: Row, opened: Opened, answer: Done) -> Case:
        """A row, with this round's figures added to those of the rounds before."""
        blank = replace(_blank(row, answer.batch), engine=opened.engine, inputs=opened.inputs)
        judged = (
            self._judged(row.configuration, part, precision, answer.answers[part])
            for part, precision in zip(row.parts, row.precisions, strict=True)
        )
        rounds = self._rounds.setdefault((row, answer.batch), [])
        rounds.append(_Round(opened.cold_start, answer.timed, _worst(judged)))
        case = _filled(blank, rounds)
        if len(row.parts) == 1 and case.latency:
            case = replace(case, roofline=self._roofline(case))
        self._cases[row, answer.batch] = case
        return case

    def _judged(self, configuration: Configuration, part: str, precision: str, answers: Arrays) -> Validation:
        golden, artefact = self._model.golden[part], self._model.artefact(part, configuration.target)
        limit = limit_of(configuration.runtime, precision, golden.limit, artefact)
        return judge(golden.outputs, answers, limit)

    def _roofline(self, case: Case) -> Roofline | None:
        """Of what a chip has run; the graph is the bundle's ONNX."""
        bundle, taken = self._model.bundle, case.compute or case.latency
        if case.device != "npu" or bundle is None or taken is None:
            return None
        onnx = bundle.folder / (self._model.artefact(case.part, case.target) or bundle.artefact(case.part)).onnx
        return roofline(onnx, _chip(case.engine), case.precision, case.batch, taken.p50_ms)


def scalings(cases: Sequence[Case]) -> Iterator[Scaling]:
    """By configuration and part, where more than one batch size was measured."""
    series: dict[tuple[Runtime, Device, str, str, str], dict[int, float]] = {}
    for case in cases:
        # Gears are of parts.
        if case.state == "measured" and case.latency is not None and TOGETHER not in case.part:
            key = (case.runtime, case.device, case.precision, case.target, case.part)
            series.setdefault(key, {})[case.batch] = case.latency.p50_ms
    for key, medians in series.items():
        if len(medians) > 1:
            points = gears.points(medians)
            yield Scaling("measured", *key, points=points, gears=gears.gears(points), rule=RULE)


def _filled(case: Case, rounds: Sequence[_Round]) -> Case:
    worst = _worst(one.validation for one in rounds)
    timed = [one.timed for one in rounds if one.timed is not None]
    case = replace(case, validation=worst)
    if not timed:
        case = replace(
            case,
            state="simulated",
            origin="simulated",
            reason="it ran on the simulated device, whose times are not a chip's",
        )
    else:
        case = replace(_measured(case, timed), cold_starts=tuple(one.cold_start for one in rounds))
    return case if worst.ok else replace(case, state="refused", reason=_refused(worst))


def _worst(found: Iterable[Validation]) -> Validation:
    """What comes nearest to its limit, or is farthest beyond."""
    return max(found, key=lambda one: (not one.ok, (one.error or 0.0) / one.limit))


def _measured(case: Case, timed: Sequence[Timed]) -> Case:
    compute, whole = [one.compute_ms for one in timed], [one.whole_ms for one in timed]
    loads = zip(*(one.loads for one in timed), strict=True)
    return replace(
        case,
        state="measured",
        origin="measured",
        latency=distribution([one.latency_ms for one in timed], case.batch),
        compute=distribution(compute, case.batch) if all(compute) else None,
        whole=distribution(whole, case.batch) if all(whole) else None,
        loads=tuple(load_of(load, case.batch) for load in loads),
        memory=_most([one.memory for one in timed]),
        warm_up=WarmUp(
            "measured",
            sum(one.warm_up.runs for one in timed),
            sum(one.warm_up.seconds for one in timed),
            all(one.warm_up.steady for one in timed),
        ),
        samples_ms=tuple(one.latency_ms for one in timed),
    )


def _most(footprints: Sequence[Footprint]) -> Footprint:
    """What was needed in the round that needed most."""
    return max(footprints, key=lambda one: (one.peak or 0, one.process_peak))


def _chip(engine: str) -> str:
    """The chip in ``pyACL Ascend310P3`` or ``torch 2.7.1 npu Ascend910B4 fp16 (autocast)``; else empty."""
    words = [*engine.split(), ""]
    return next((after for word, after in pairwise(words) if word in ("pyACL", "npu")), "")


def _refused(found: Validation) -> str:
    beyond = f"{found.error or 0:.2g} of the sample distance; allowed: {found.limit:.2g}"
    return f"its answers are wrong: {found.complaint or beyond}"


def _blank(row: Row, batch: int) -> Case:
    return Case(
        runtime=row.configuration.runtime,
        device=row.configuration.device,
        precision=row.precision,
        target=row.configuration.target,
        part=row.part,
        batch=batch,
        state="unavailable",
        reason="",
        origin=None,
        engine="",
        inputs=None,
        latency=None,
        compute=None,
        whole=None,
        loads=(),
        memory=None,
        cold_starts=(),
        warm_up=None,
        validation=None,
        roofline=None,
        samples_ms=(),
    )
