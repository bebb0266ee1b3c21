"""From nothing to the first answer, in a fresh process."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from ascendc.bench.table import name_of
from ascendc.report.numbers import ms, seconds
from ascendc.report.page import Column, Origin, Section, table
from ascendc.report.words import Said, Text

if TYPE_CHECKING:
    from ascendc.bench.result import Case, Results
    from ascendc.report.given import Given
    from ascendc.report.page import Table

_COLUMNS = (
    Column(Text("configuration", "配置")),
    Column(Text("part", "部件")),
    Column(Text("process", "进程启动"), numeric=True),
    Column(Text("open", "加载模型"), numeric=True),
    Column(Text("first run ms", "首次运行 ms"), numeric=True),
)


def cold_start(given: Given) -> Section | None:
    """The section; None where nothing was started."""
    blocks = tuple(_table(results) for results in given.benches if any(case.cold_starts for case in results.cases))
    return Section("cold-start", Text("Cold start", "冷启动"), blocks) if blocks else None


def _table(results: Results) -> Table:
    rows = dict.fromkeys(_row(case) for case in results.cases if case.cold_starts)  # of all batch sizes they are equal
    caption = Text(
        "{name}: from nothing to the first answer, median of the processes",
        "{name}：从零到第一个结果，各进程的中位数",
    )
    return table(caption.fill(name=results.model.name), Origin.MEASURED, _COLUMNS, tuple(rows))


def _row(case: Case) -> tuple[Said, ...]:
    process, opened, first = (
        median(figures)
        for figures in zip(*((s.process_s, s.open_s, s.first_run_ms) for s in case.cold_starts), strict=True)
    )
    return name_of(case), case.part, seconds(process), seconds(opened), ms(first)
