"""Stages and times: what ran, for how long, in how much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.report.charts import Bar, Chart
from ascendc.report.numbers import UNKNOWN, seconds, size
from ascendc.report.page import Column, Figure, Origin, Remark, Section, table
from ascendc.report.words import Said, Text, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.account.record import Record, StepRecord
    from ascendc.report.given import Given
    from ascendc.report.page import Block

SHOWN = 0.05
"""Seconds from which a step has a bar."""

MOST_BARS = 40
"""The longest steps."""

_COLUMNS = (
    Column(Text("step", "步骤")),
    Column(Text("time", "耗时"), numeric=True),
    Column(Text("peak memory", "峰值内存"), numeric=True),
    Column(Text("result", "结果"), long=True),
)


def stages(given: Given) -> Section | None:
    """The section; None without the record of a build."""
    blocks = [block for build in given.builds if build.record for block in _blocks(build.name, build.record)]
    return Section("stages", Text("Stages and times", "阶段与耗时"), tuple(blocks)) if blocks else None


def _blocks(name: str, record: Record) -> Iterator[Block]:
    yield Remark(_lead(record))
    ran = [step for step in record.steps if not step.cached and step.seconds >= SHOWN]
    if len(ran) > MOST_BARS:
        least = sorted(step.seconds for step in ran)[-MOST_BARS]
        ran = [step for step in ran if step.seconds >= least][:MOST_BARS]
    if ran:
        bars = tuple(Bar(f"{step.stage} {step.label}".rstrip(), step.seconds) for step in ran)
        yield Figure(
            Text("Time of each step of {name} that ran", "{name} 各执行步骤的耗时").fill(name=name),
            Origin.MEASURED,
            Chart("bars", bars, Text("seconds", "秒")),
            Text("Steps may overlap.", "步骤可能并行。"),
        )
    rows = tuple(map(_row, record.steps))
    caption = Text("Every step of {name}, in the order in which they began", "{name} 的全部步骤，按开始顺序")
    yield table(caption.fill(name=name), Origin.MEASURED, _COLUMNS, rows, folded=len(rows) > 6)
    if record.error:
        failed = Text("The build failed: {id} {message}", "构建失败：{id} {message}")
        yield Remark(failed.fill(id=record.error.id, message=record.error.message), "warning")
        if record.error.hint:
            yield Remark(Text("What helps: {it}", "解决办法：{it}").fill(it=record.error.hint))


def _lead(record: Record) -> Text:
    stored = sum(step.cached for step in record.steps)
    said = [
        Text("{n} steps in {time}", "{n} 个步骤，共 {time}").fill(
            n=str(len(record.steps)), time=seconds(record.seconds)
        )
    ]
    if stored:
        said += [Text("{n} of them were in the store", "其中 {n} 个取自缓存").fill(n=str(stored))]
    if record.peak_rss_bytes is not None:
        said += [Text("peak memory {size}", "峰值内存 {size}").fill(size=size(record.peak_rss_bytes))]
    return Text("{all}.", "{all}。").fill(all=joined(said, Text("; ", "；")))


def _row(step: StepRecord) -> tuple[Said, ...]:
    memory = size(step.peak_rss_bytes) if step.peak_rss_bytes is not None else UNKNOWN
    time: Said = Text("stored", "已缓存") if step.cached else seconds(step.seconds)
    states = {"failed": Text("failed", "失败"), "running": Text("interrupted", "已中断")}
    return f"{step.stage} {step.label}".rstrip(), time, memory, states.get(step.state, step.summary)
