"""Two results of one machine and model, row by row: faster, slower, or no difference that noise does not explain."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal

from ascendc.bench.configuration import Runtime
from ascendc.bench.ratio import ratio
from ascendc.bench.work import FEWEST
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.bench.distribution import Rounds
    from ascendc.bench.result import Case, Results
    from ascendc.bench.setting import Machine

SMALLEST = 0.05
"""Share of the old median below which a difference is not spoken of: one machine differs from itself by as much from
one hour to the next, which no interval within a run can show."""

_MEMORY = 0.02
"""Share of its memory by which a machine may differ from itself."""

Verdict = Literal["faster", "slower", "no difference", "not comparable"]


@dataclass(frozen=True)
class Difference:
    """A row of both."""

    runtime: Runtime
    device: Literal["npu", "cuda", "cpu"]
    precision: str
    target: str
    part: str
    batch: int
    verdict: Verdict
    old_p50_ms: float | None
    new_p50_ms: float | None
    ratio: float | None
    """New ÷ old, of the medians."""
    low: float | None
    """Lower end of the 95 % confidence interval of the ratio."""
    high: float | None
    reason: str
    """Why rows are not comparable, or that there is noise in which more than the smallest difference could hide."""


@dataclass(frozen=True)
class Comparison:
    """What became of the rows."""

    differences: tuple[Difference, ...]
    smallest: float
    """Share below which there is no difference."""
    notes: tuple[str, ...]
    """What else changed between the two: versions, load, machine."""


def compare(
    old: Results,
    new: Results,
    smallest: float = SMALLEST,
    *,
    across_machines: bool = False,
    across_models: bool = False,
) -> Comparison:
    """Compare row by row.

    A row is slower (or faster) where its ratio is at least `smallest` away from 1 *and* the 95 % confidence interval of
    the ratio of the medians leaves 1 out.

    Args:
        old: before.
        new: after.
        smallest: share of the old median that counts.
        across_machines: whether the machines may differ.
        across_models: whether the models may.

    Raises:
        UsageError: they differ (ASC2620, ASC2621), or no row is in both (ASC2622).
    """
    if _others(old.machine, new.machine) and not across_machines:
        raise UsageError(
            "ASC2620",
            f"the results are of different machines ({_differ(old.machine, new.machine)}): their figures say nothing "
            "of the software",
            hint="measure both on one machine; or --across-machines, to compare machines",
        )
    if old.model != new.model and not across_models:
        raise UsageError(
            "ASC2621",
            f"the results are of different models ({_differ(old.model, new.model)})",
            hint="--across-models, if that is what you want to compare",
        )
    before, after = _rows(old), _rows(new)
    differences = tuple(_difference(before.get(key), after.get(key), smallest) for key in {**before, **after})
    if not set(before) & set(after):
        raise UsageError(
            "ASC2622",
            "the results have no row in common: a row is runtime, device, precision, target, part and batch",
            hint="measure the same configurations: the command stands in each file",
        )
    return Comparison(differences, smallest, tuple(_notes(old, new)))


def slower(comparison: Comparison) -> bool:
    """Whether any row is."""
    return any(difference.verdict == "slower" for difference in comparison.differences)


def lines(comparison: Comparison) -> Iterator[str]:
    """The comparison for people."""
    from ascendc.bench.table import columns

    heads = ("configuration", "old P50 ms", "new P50 ms", "new ÷ old (95 % CI)", "verdict")
    shown = [found for found in comparison.differences if (found.old_p50_ms, found.new_p50_ms) != (None, None)]
    yield from columns([heads, *map(_row, shown)])
    if len(shown) < len(comparison.differences):
        yield f"rows without figures in either: {len(comparison.differences) - len(shown)}"
    yield (
        f"faster, slower: the interval leaves 1 out, and the medians are {comparison.smallest:.0%} apart or more; "
        "the interval knows the noise within each benchmark, not what changed between the two"
    )
    yield from (f"note: {note}" for note in comparison.notes)


def _row(found: Difference) -> tuple[str, ...]:
    where = f" @ {found.target}" if found.runtime == "om" else ""
    name = f"{found.runtime} {found.device} {found.precision}{where}, {found.part}, batch {found.batch}"
    ratio = f"{found.ratio:.3f} ({found.low:.3f}-{found.high:.3f})" if found.ratio is not None else "–"
    verdict = f"{found.verdict}: {found.reason}" if found.reason else found.verdict
    return name, _ms(found.old_p50_ms), _ms(found.new_p50_ms), ratio, verdict


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _rows(results: Results) -> dict[tuple[object, ...], Case]:
    """An ONNX and PyTorch are the same whatever the targets are called."""
    return {
        (c.runtime, c.device, c.precision, c.target if c.runtime == "om" else "", c.part, c.batch): c
        for c in results.cases
    }


def _difference(old: Case | None, new: Case | None, smallest: float) -> Difference:
    case = new or old
    assert case is not None
    found = Difference(
        runtime=case.runtime,
        device=case.device,
        precision=case.precision,
        target=case.target,
        part=case.part,
        batch=case.batch,
        verdict="not comparable",
        old_p50_ms=_median(old),
        new_p50_ms=_median(new),
        ratio=None,
        low=None,
        high=None,
        reason=_why_not("old", old) or _why_not("new", new) or _inputs(old, new),
    )
    if found.reason or old is None or new is None:
        return found
    return _judged(found, old.samples_ms, new.samples_ms, smallest)


def _judged(found: Difference, old: Rounds, new: Rounds, smallest: float) -> Difference:
    between = ratio(old, new)
    value, low, high = between.value, between.low, between.high
    verdict: Verdict = "no difference"
    if value >= 1 + smallest and low > 1:
        verdict = "slower"
    elif value <= 1 - smallest and high < 1:
        verdict = "faster"
    hidden = max(high - 1, 1 - low)
    noise = f"noise could hide {hidden:.0%}" if verdict == "no difference" and hidden > smallest else ""
    return replace(found, verdict=verdict, ratio=value, low=low, high=high, reason=noise)


def _median(case: Case | None) -> float | None:
    return case.latency.p50_ms if case and case.latency else None


def _why_not(which: str, case: Case | None) -> str:
    if case is None:
        return f"not in the {which} results"
    if case.state != "measured":
        return f"{case.state} in the {which} results"
    if (runs := sum(map(len, case.samples_ms))) < FEWEST:
        return f"{runs} runs in the {which} results; at least {FEWEST} are needed"
    return ""


def _inputs(old: Case | None, new: Case | None) -> str:
    if old is None or new is None or old.inputs == new.inputs:
        return ""
    return f"on {old.inputs} inputs in the old results, on {new.inputs} ones in the new"


def _differ(old: object, new: object) -> str:
    names = [field.name for field in fields(old)]  # type: ignore[arg-type]  # a dataclass, as all that is compared
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in names)
    return ", ".join(f"{name} {before} and {after}" for name, before, after in pairs if before != after)


def _others(old: Machine, new: Machine) -> bool:
    """Whether they are two; one machine has a little more or less memory from boot to boot, or under another kernel."""
    alike = old.memory and new.memory and abs(new.memory - old.memory) <= _MEMORY * old.memory
    return old != (replace(new, memory=old.memory) if alike else new)


def _notes(old: Results, new: Results) -> Iterator[str]:
    if _others(old.machine, new.machine):
        yield f"different machines: {_differ(old.machine, new.machine)}"
    if old.model != new.model:
        yield f"different models: {_differ(old.model, new.model)}"
    before, after = old.setting, new.setting
    for name in {**before.versions, **after.versions}:
        versions = before.versions.get(name, "absent"), after.versions.get(name, "absent")
        if versions[0] != versions[1]:
            yield f"{name} {versions[0]}, then {versions[1]}"
    for name in ("python", "kernel", "cann", "driver", "governor", "threads"):
        values = getattr(before, name), getattr(after, name)
        if values[0] != values[1]:
            yield f"{name} {values[0]}, then {values[1]}"
    for which, results in (("old", old), ("new", new)):
        if (results.setting.load_before or 0) > results.machine.cores / 2:
            yield f"the machine was busy before the {which} results: load {results.setting.load_before:.1f}"
        if not results.complete:
            yield f"the {which} results were interrupted"
