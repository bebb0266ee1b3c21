"""From nothing to the first answer, in a fresh process."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from ascendc.bench.table import name_of
from ascendc.report.numbers import ms, seconds
from ascendc.report.page import Column, Origin, Section, table
from ascendc.report.words import Said, Text

if TYPE_CHECKING:
    from ascendc.bench.result import Case
    from ascendc.report.given import Given

_COLUMNS = (
    Column(Text("configuration", "配置")),
    Column(Text("part", "部件")),
    Column(Text("process", "进程启动"), numeric=True),
    Column(Text("open", "加载模型"), numeric=True),
    Column(Text("first run ms", "首次运行 ms"), numeric=True),
)


def cold_start(given: Given) -> Section | None:
    """The section; None where nothing was started."""
    cases = [case for results in given.benches for case in results.cases if case.cold_starts]
    rows = dict.fromkeys(map(_row, cases))  # those of all batch sizes are the same
    caption = Text("From nothing to the first answer, median of the processes", "从零到第一个结果，各进程的中位数")
    blocks = (table(caption, Origin.MEASURED, _COLUMNS, tuple(rows)),)
    return Section("cold-start", Text("Cold start", "冷启动"), blocks) if rows else None


def _row(case: Case) -> tuple[Said, ...]:
    process, opened, first = (
        median(figures)
        for figures in zip(*((s.process_s, s.open_s, s.first_run_ms) for s in case.cold_starts), strict=True)
    )
    return name_of(case), case.part, seconds(process), seconds(opened), ms(first)
