"""`docs/performance.md` from the results: nothing in it was not measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from . import knowledge, parts
from .bars import BARS
from .process import BLUR, INTERVAL
from .results import Part, Run, Series, gigabytes, ratios, seconds

_PREFACE = Path(__file__).with_name("preface.md")
_COMPARED = ("model", "weights, GB", "tool", "runs", "seconds", "ascendc ÷ tool", "peak memory, GB", "× weights")


def render(found: Mapping[str, Part]) -> str:
    """The document."""
    sections = {"cold": _cold, "rebuild": _rebuild, "sizes": _sizes, "targets": _targets, "answers": _answers}
    preface = _PREFACE.read_text(encoding="utf-8")
    lines = [
        preface.format(command="make bench", interval=INTERVAL * 1000, blur=BLUR - 1),
        *_settings(found),
        "",
        "## The bars",
        "",
    ]
    lines += _table(("bar", "measured", "holds"), (bar.row(found) for bar in BARS))
    for name, section in sections.items():
        if name in found:
            part = found[name]
            lines += ["", *section(found)]
            lines += ["", f"Measured {part.setting}."]
    return "\n".join(lines) + "\n"


def _settings(found: Mapping[str, Part]) -> Iterator[str]:
    """Machine and versions; every part that holds peers names the same."""
    settings = [part.setting for part in found.values()]
    if not settings:
        return
    yield f"Measured on {settings[0].machine}."
    yield ""
    versions = {tool: packages for setting in settings for tool, packages in setting.versions.items()}
    rows = ((tool, ", ".join(f"{name} {v}" for name, v in packages.items())) for tool, packages in versions.items())
    yield from _table(("tool", "its environment"), rows)


def _cold(found: Mapping[str, Part]) -> Iterator[str]:
    yield f"## {parts.SMALL.name} from nothing"
    yield ""
    yield from _table(_COMPARED, _compared(found["cold"]))


def _sizes(found: Mapping[str, Part]) -> Iterator[str]:
    yield "## Against the size of the model"
    yield ""
    shown = [found[name] for name in ("cold", "sizes") if name in found]
    yield from _table(_COMPARED, (row for part in shown for row in _compared(part)))


def _compared(part: Part) -> Iterator[tuple[str, ...]]:
    for case in part.cases():
        for tool in part.tools():
            runs = part.of(case, tool)
            if not runs:
                failed = next((run.failed for run in part.runs if (run.case, run.tool) == (case, tool)), "not run")
                yield case, "", tool, "0", f"fails: {failed}", "", "", ""
                continue
            weights = runs[0].weights
            own = "" if tool == "ascendc" else ratios(part.of(case), runs).text(2)
            memory = gigabytes(runs)
            multiple = Series(tuple(run.peak / weights for run in runs)).median
            figures = (str(len(runs)), seconds(runs).text(1), own, memory.text(2), f"{multiple:.2f}")
            yield case, f"{weights / 1e9:.2f}", tool, *figures


def _rebuild(found: Mapping[str, Part]) -> Iterator[str]:
    yield f"## {parts.SMALL.name} again"
    yield ""
    part = found["rebuild"]
    sets = {case: " ".join(f"`--set {override}`" for override in sets) for case, sets in parts.CHANGES.items()}
    rows = (
        (case, sets.get(case, ""), str(len(runs)), seconds(runs).text(2), gigabytes(runs).text(2), _ran(runs))
        for case in part.cases()
        if (runs := part.of(case))
    )
    yield from _table(("build", "by", "runs", "seconds", "peak memory, GB", "steps that ran"), rows)


def _ran(runs: Sequence[Run]) -> str:
    return ", ".join(runs[-1].steps) or "none"


def _targets(found: Mapping[str, Part]) -> Iterator[str]:
    yield f"## Against the number of targets, {parts.SMALL.name} from nothing"
    yield ""
    yield "Eight targets are four SoCs, two opsets, AIPP on half of them, single batch sizes and gears."
    yield ""
    part = found["targets"]
    one = part.of("1")
    rows = (
        (
            case,
            str(len(runs)),
            seconds(runs).text(1),
            ratios(runs, one).text(2),
            gigabytes(runs).text(2),
            str(len(runs[-1].steps)),
        )
        for case in part.cases()
        if (runs := part.of(case))
    )
    yield from _table(("targets", "runs", "seconds", "to one target", "peak memory, GB", "steps that ran"), rows)


def _answers(found: Mapping[str, Part]) -> Iterator[str]:
    yield "## Answers before ATC runs"
    yield ""
    yield "The file is half of ViT-L/14's image tower, as torch exports it. The peer is what a user writes by hand,"
    yield f"which answers less: Python's `onnx` loads the file and infers its shapes. The chip is {knowledge.SOC}."
    yield ""
    part = found["answers"]
    rows = (
        (
            case,
            tool,
            str(len(runs)),
            seconds(runs).text(2),
            "" if tool == "ascendc" else ratios(part.of(case), runs).text(2),
            gigabytes(runs).text(2),
        )
        for case in part.cases()
        for tool in part.tools()
        if (runs := part.of(case, tool))
    )
    yield from _table(("question", "tool", "runs", "seconds", "ascendc ÷ tool", "peak memory, GB"), rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
