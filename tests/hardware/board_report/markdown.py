"""The report as text to paste into the form .github/ISSUE_TEMPLATE/hardware-report.yml, which limits its length."""

from typing import Iterable, Iterator, List, Optional, Sequence

from .isolate import tail
from .report import FAILED, PASSED, SKIPPED, Report, Step
from .rows import Timing

SIMULATED = "SIMULATED: no hardware was involved, and this says nothing about any. Do not file it."
CONSENT = "- [ ] I have read this report, and agree that it is published."
LENGTH = 60000
"""Characters of the text at most: GitHub takes 65,536 in an issue, and the form has other fields."""

CELL = 400
"""Characters of a cell of a table at most; hardware-report.json has all of it."""

_CUT = "\n… cut here; hardware-report.json has all of it.\n"
_MODES = {0: "on the board itself (0)", 1: "on a host with a card (1)"}


def markdown(report: Report) -> str:
    """The report in at most `LENGTH` characters; a simulated one begins with SIMULATED.

    What the tables leave is shared among the logs.
    """
    text = "\n".join([*([SIMULATED, ""] if report.simulated else []), *_lines(report), ""])
    if len(text) > LENGTH:
        return text[: LENGTH - len(_CUT)] + _CUT
    logs = [step for step in report.steps if step.log]
    for number, step in enumerate(logs):
        room = (LENGTH - len(text)) // (len(logs) - number)
        text += _log(step, room)
    return text


def _log(step: Step, room: int) -> str:
    """The end of a step's log in a fence that nothing in it can close; nothing where 200 characters are too many."""
    fence = "~~~~"
    while fence in step.log:
        fence += "~"
    around = len(f"\n### Log of {step.name}\n\n{fence}\n\n{fence}\n")
    if room < around + 200:
        return ""
    return f"\n### Log of {step.name}\n\n{fence}\n{tail(step.log, room - around)}\n{fence}\n"


def verdicts(report: Report) -> str:
    """``5 passed, 1 failed, 1 skipped``."""
    found = [step.verdict for step in report.steps]
    return ", ".join(f"{found.count(word)} {word}" for word in (PASSED, FAILED, SKIPPED) if word in found)


def _lines(report: Report) -> Iterator[str]:
    machine = report.machine
    yield f"## {machine.soc or 'unknown chip'}: {verdicts(report)}"
    yield from ("", CONSENT, "")
    yield from _table(("", ""), _about(report))
    yield from _section("Steps", ("step", "verdict", "why"), ((s.name, s.verdict, s.reason) for s in report.steps))
    yield from _section(
        "OMs",
        ("part", "sha256", "bytes", "chip, by the file", "inputs", "outputs", "gears", "ascendc's reader"),
        (
            (
                *(om.part, om.sha256, str(om.size), om.soc or "not said"),
                *("; ".join(om.inputs), "; ".join(om.outputs), ", ".join(map(str, om.gears)), om.reader),
            )
            for om in report.oms
        ),
    )
    yield from _section(
        "Golden test",
        ("part", "engine", "error / sample distance", "limit"),
        ((g.part, g.engine, _figure(g.error, "{:.1e}"), _figure(g.limit, "{:.0e}")) for g in report.golden),
    )
    held = sum(not check.complaint for check in report.conformance)
    broken = [(check.part, check.check, check.complaint) for check in report.conformance if check.complaint]
    yield from ("", "### Conformance", "", f"{held} of {len(report.conformance)} checks hold.")
    yield from _table(("part", "check", "complaint"), broken) if broken else ()
    yield from _benchmark(report)
    yield from _section(
        "Soak",
        ("part", "runs", "host grew, kB", "device grew, kB", "live handles"),
        (
            (s.part, str(s.runs), str(s.host_growth_kb), _figure(s.device_growth_kb, "{}"), ", ".join(s.live) or "none")
            for s in report.soak
        ),
    )


def _about(report: Report) -> Iterator["tuple[str, str]"]:
    machine, bundle = report.machine, report.bundle
    yield "ascendc", f"{report.ascendc} ({report.commit or 'no git'})"
    yield "chip", f"{machine.soc or 'unknown'} × {machine.devices if machine.devices is not None else 'unknown'}"
    yield "runs", _MODES.get(-1 if machine.run_mode is None else machine.run_mode, "unknown")
    yield "memory of the device", f"{machine.device_free_mb} of {machine.device_total_mb} MB free"
    yield "driver", machine.driver or "unknown"
    yield "CANN", ", ".join(machine.cann) or "unknown"
    yield "system", f"{machine.arch}, glibc {machine.glibc}, {machine.memory_mb} MB"
    yield "Python", f"{machine.python}, numpy {machine.numpy}"
    for name, reason in machine.missing.items():
        yield f"{name} could not be read", reason
    if bundle is not None:
        yield "bundle", f"{bundle.name} for {bundle.target} ({bundle.soc}), {bundle.source}, by {bundle.created_by}"
        yield "manifest", bundle.manifest_sha256


def _benchmark(report: Report) -> Iterator[str]:
    if report.simulated:
        yield from ("", "### Benchmark", "", "Left out: simulated latency means nothing.")
        return
    head = ("part", "batch", "runs", "execute", "bare", "OmSession", "overhead")
    yield from _section("Benchmark, ms: median / P95", head, map(_timing, report.benchmark))


def _timing(row: Timing) -> Sequence[str]:
    pairs = (
        (row.execute_median_ms, row.execute_p95_ms),
        (row.bare_median_ms, row.bare_p95_ms),
        (row.session_median_ms, row.session_p95_ms),
    )
    figures = [f"{_figure(median, '{:.3f}')} / {_figure(p95, '{:.3f}')}" for median, p95 in pairs]
    return (row.part, str(row.batch), str(row.runs), *figures, _figure(row.overhead_median_ms, "{:.3f}"))


def _figure(value: Optional[float], form: str) -> str:
    return "–" if value is None else form.format(value)


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    found: List[Sequence[str]] = list(rows)
    if found:
        yield from ("", f"### {title}", "", *_table(head, found))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(map(_cell, row)) + " |"


def _cell(text: str) -> str:
    line = " ".join(text.split())
    return (line if len(line) <= CELL else line[: CELL - 1] + "…").replace("|", "\\|")
