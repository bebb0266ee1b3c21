"""Results for people: per part and batch the rows, best first; how batches scale; what was not measured, and why."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ascendc.bench.result import Case, Results
    from ascendc.bench.setting import Machine, Setting

_HEADS = (
    "configuration",
    "mean ms",
    "std",
    "min",
    "P50 (95 % CI)",
    "P95",
    "P99",
    "max",
    "items/s",
    "without copies",
    "with preprocessing",
    "memory",
    "relative",
)

_UNKNOWN = "–"


def lines(results: Results) -> Iterator[str]:
    """Everything, line by line."""
    yield from _machine(results.machine, results.setting)
    measured = [case for case in results.cases if case.latency is not None]
    for part, batch in dict.fromkeys((case.part, case.batch) for case in measured):
        rows = [case for case in measured if (case.part, case.batch) == (part, batch)]
        yield ""
        yield f"{part}, batch {batch}, measured: {_times(results, rows)}, {_inputs(rows)}"
        yield from columns([_HEADS, *_ranked(rows)])
    yield from _scaling(results)
    yield from _loads(measured, client_processes=results.client_processes)
    yield from _device_memory(measured)
    yield from _beginnings(measured)
    yield from _answers(measured)
    yield from _missing(results.cases)
    yield from (f"note: {note}" for note in results.notes)


def name_of(case: Case) -> str:
    """``torch npu fp16``; an OM with its target: ``om npu fp16 @ card``."""
    words = f"{case.runtime} {case.device} {case.precision}".rstrip()
    return f"{words} @ {case.target}" if case.runtime == "om" else words


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [f"{first:<{widths[0]}}", *(f"{o:>{w}}" for o, w in zip(others, widths[1:], strict=True))]
        yield ("  " + "  ".join(cells)).rstrip()


def _machine(machine: Machine, setting: Setting) -> Iterator[str]:
    memory = f", {machine.memory / 1e9:.1f} GB" if machine.memory else ""
    governor = f"governor {setting.governor}" if setting.governor else "governor not told"
    load = _UNKNOWN if setting.load_before is None else f"{setting.load_before:.1f}"
    cann = f"CANN {setting.cann}" if setting.cann else "no CANN"
    yield f"{machine.cpu}, {machine.cores} cores{memory}, {machine.system}; Python {setting.python}, {cann}"
    busy = ": BUSY, figures are not of a quiet machine" if (setting.load_before or 0) > machine.cores / 2 else ""
    yield f"load before {load}, {governor}{busy}"


def _times(results: Results, rows: Sequence[Case]) -> str:
    """As many as were made: rounds take equal shares, rounded up, and an interrupt leaves less."""
    runs = "-".join(str(count) for count in sorted({sum(map(len, row.samples_ms)) for row in rows}))
    rounds = max(len(row.samples_ms) for row in rows)
    return f"{runs} runs" + (f" in {rounds} rounds" if results.rounds > 1 else "")


def _inputs(rows: Sequence[Case]) -> str:
    return "on what was given" if any(row.inputs == "given" for row in rows) else "on golden inputs"


def _ranked(rows: Sequence[Case]) -> Iterator[tuple[str, ...]]:
    """Best first, by mean latency; what answers wrong comes last and is the measure of nothing."""
    ranked = sorted(rows, key=lambda case: (case.state == "refused", case.latency.mean_ms if case.latency else 0.0))
    best = next((case.latency.mean_ms for case in ranked if case.state == "measured" and case.latency), None)
    for case in ranked:
        taken = case.latency
        assert taken is not None
        relative = "WRONG" if case.state == "refused" or best is None else f"{100 * best / taken.mean_ms:.1f} %"
        yield (
            name_of(case),
            _ms(taken.mean_ms),
            _ms(taken.std_ms),
            _ms(taken.min_ms),
            f"{_ms(taken.p50_ms)} ({_ms(taken.p50_low_ms)}-{_ms(taken.p50_high_ms)})",
            _ms(taken.p95_ms),
            _ms(taken.p99_ms),
            _ms(taken.max_ms),
            _rate(taken.per_second),
            _rate(case.compute.per_second) if case.compute else _UNKNOWN,
            _rate(case.whole.per_second) if case.whole else _UNKNOWN,
            _memory(case),
            relative,
        )


def _memory(case: Case) -> str:
    if case.memory is None:
        return _UNKNOWN
    if case.memory.peak is not None:
        return _megabytes(case.memory.peak)
    return f"{case.memory.process_peak / 1e6:.0f} MB RSS"


def _scaling(results: Results) -> Iterator[str]:
    for scaling in results.scaling:
        yield ""
        where = f" @ {scaling.target}" if scaling.runtime == "om" else ""
        yield f"{scaling.part} by batch, {scaling.runtime} {scaling.device} {scaling.precision}{where}:"
        rows = [(str(p.batch), _ms(p.p50_ms), _rate(p.per_second)) for p in scaling.points]
        yield from columns([("batch", "P50 ms", "items/s"), *rows])
        chosen = ", ".join(map(str, scaling.gears))
        yield f"  gears: batch: [{chosen}]" if len(scaling.gears) > 1 else f"  gears: none; batch: {chosen}"
    if results.scaling:
        yield f"  by this rule: {results.scaling[0].rule}"


def _loads(measured: Sequence[Case], *, client_processes: bool) -> Iterator[str]:
    rows = [
        (
            f"{name_of(case)}, {case.part}, batch {case.batch}",
            str(load.clients),
            _rate(load.per_second),
            *(_ms(value) for value in (load.latency.p50_ms, load.latency.p95_ms, load.latency.p99_ms)),
            f"{load.evenness:.2f}",
        )
        for case in measured
        for load in case.loads
    ]
    if rows:
        yield ""
        kind = "processes with a session each" if client_processes else "threads that share a session"
        yield f"Clients at once, {kind} (least ÷ most: the calls that single clients got):"
        yield from columns([("configuration", "clients", "items/s", "P50 ms", "P95", "P99", "least ÷ most"), *rows])


def _device_memory(measured: Sequence[Case]) -> Iterator[str]:
    """What torch's allocator counts; the table above has its peak."""
    rows = [
        (f"{name_of(case)}, {case.part}, batch {case.batch}", *map(_megabytes, (at.allocated, at.reserved, at.peak)))
        for case in measured
        if (at := case.memory) is not None and at.peak is not None
    ]
    if rows:
        yield ""
        yield "Memory on the device:"
        yield from columns([("configuration", "allocated", "reserved", "peak"), *rows])


def _megabytes(count: int | None) -> str:
    return _UNKNOWN if count is None else f"{count / 1e6:.1f} MB"


def _beginnings(measured: Sequence[Case]) -> Iterator[str]:
    """Cold starts, once a process; warm-ups that never came to rest."""
    rows = {(name_of(case), case.part): (f"{name_of(case)}, {case.part}", *_cold(case)) for case in reversed(measured)}
    if rows:
        yield ""
        yield "From nothing to the first answer, in a fresh process (median of the rounds):"
        yield from columns([("configuration", "process s", "open s", "first run ms"), *reversed(rows.values())])
    restless = [f"{name_of(c)}, {c.part}, batch {c.batch}" for c in measured if c.warm_up and not c.warm_up.steady]
    if restless:
        yield f"note: never steady while warming up, so believe the spread: {'; '.join(restless)}"


def _cold(case: Case) -> tuple[str, str, str]:
    starts = case.cold_starts
    process, opened = (median(figures) for figures in zip(*((s.process_s, s.open_s) for s in starts), strict=True))
    return f"{process:.2f}", f"{opened:.2f}", _ms(median(start.first_run_ms for start in starts))


def _answers(measured: Sequence[Case]) -> Iterator[str]:
    checked = [case.validation for case in measured if case.validation is not None]
    errors = [found.error for found in checked if found.error is not None and found.ok]
    if errors:
        right = sum(found.ok for found in checked)
        yield ""
        yield (
            f"answers: {right} of {len(checked)} rows agree with the golden outputs, "
            f"at worst {max(errors):.1e} of the sample distance"
        )
    for case in measured:
        if case.roofline is not None:
            bound = f"{case.roofline.share:.0%} of the estimated bound of {case.roofline.soc}"
            yield f"roofline: {name_of(case)}, {case.part}, batch {case.batch}: {bound}"


def _missing(cases: Sequence[Case]) -> Iterator[str]:
    """One line for rows that have the same reason."""
    reasons: dict[tuple[str, str, str], list[Case]] = {}
    for case in cases:
        if case.state != "measured":
            reasons.setdefault((name_of(case), case.state, case.reason), []).append(case)
    if reasons:
        yield ""
    for (name, state, reason), rows in reasons.items():
        parts = ", ".join(dict.fromkeys(case.part for case in rows))
        batches = ", ".join(str(batch) for batch in dict.fromkeys(case.batch for case in rows))
        yield f"{name}: {state} ({parts}; batch {batches}): {reason}"


def _ms(value: float) -> str:
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def _rate(per_second: float) -> str:
    return f"{per_second:.1f}" if per_second < 1000 else f"{per_second:.0f}"
