"""What `ascendc compare` found of two sides: outputs, the task's figures, layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.report.charts import Bar, Chart
from ascendc.report.numbers import UNKNOWN, small
from ascendc.report.page import Column, Figure, Origin, Remark, Section, table
from ascendc.report.words import Said, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.judge.result import Figures, Layers, Output, Verdict
    from ascendc.report.given import Given
    from ascendc.report.page import Block

MOST_LAYERS = 48
"""That have a bar: those with the largest errors, in the order of the graph."""

_OUTPUTS = (
    Column(Text("output", "输出")),
    Column(Text("error", "误差"), numeric=True),
    Column(Text("allowed", "允许"), numeric=True),
    Column(Text("cosine", "余弦"), numeric=True),
    Column(Text("relative L2", "相对 L2"), numeric=True),
    Column(Text("max abs", "最大绝对"), numeric=True),
    Column("top-1", numeric=True),
    Column("top-5", numeric=True),
    Column(Text("nearest", "最近邻"), numeric=True),
    Column(Text("verdict", "结论")),
)

_TASK = (Column(Text("figure", "指标")), Column(Text("value", "值"), numeric=True))


def comparison(given: Given) -> Section | None:
    """The section; None where nothing was compared."""
    blocks = [block for verdict in given.comparisons for block in _blocks(verdict)]
    return Section("comparison", Text("Comparison", "对比"), tuple(blocks)) if blocks else None


def _blocks(verdict: Verdict) -> Iterator[Block]:
    simulated = any(one.simulated for side in (verdict.reference, verdict.candidate) for one in side.answered)
    origin = Origin.SIMULATED if simulated else Origin.MEASURED
    agrees = Text("agrees", "一致") if verdict.ok else Text("differs", "不一致")
    names = {"candidate": verdict.candidate.name, "reference": verdict.reference.name}
    lead = Text(
        "{candidate} against {reference}: {verdict} ({origin}).",
        "{candidate} 对比 {reference}：{verdict}（{origin}）。",
    )
    yield Remark(lead.fill(**names, verdict=agrees, origin=origin.value), "good" if verdict.ok else "warning")
    caption = Text("Outputs of {candidate} against {reference}", "{candidate} 与 {reference} 的输出对比").fill(**names)
    yield table(
        caption,
        origin,
        _OUTPUTS,
        tuple(map(_output, verdict.outputs)),
        note=Text("Inputs: {it}.", "输入：{it}。").fill(it=verdict.samples),
    )
    if verdict.task is not None:
        yield Remark(verdict.task.summary, "good" if verdict.task.ok else "warning")
        rows = tuple((name, f"{value:.4g}") for name, value in verdict.task.figures.items())
        if rows:
            yield table(Text("The task's figures", "任务指标"), origin, _TASK, rows, folded=len(rows) > 6)
    for layers in verdict.layers:
        yield from _layers(layers)
    yield from map(Remark, verdict.notes)


def _output(one: Output) -> tuple[Said, ...]:
    name = f"{one.part}: {one.name}" if one.part else one.name
    if one.refused is not None or one.figures is None:
        said = Text("refused: {why}", "拒绝：{why}").fill(why=one.refused.text if one.refused else UNKNOWN)
        return (name, *(UNKNOWN,) * (len(_OUTPUTS) - 2), said)
    return name, *_figures(one.figures, one.limit), Text("agrees", "一致") if one.ok else Text("differs", "不一致")


def _figures(seen: Figures, limit: float) -> tuple[Said, ...]:
    infinite = Text("infinite", "无穷")
    shares = (UNKNOWN if share is None else f"{share:.0%}" for share in (seen.top1, seen.top5, seen.neighbours))
    return (
        infinite if seen.error is None else small(seen.error),
        small(limit),
        f"{seen.cosine_min:.7f}",
        infinite if seen.relative_l2 is None else small(seen.relative_l2),
        small(seen.max_abs),
        *shares,
    )


def _layers(found: Layers) -> Iterator[Block]:
    off = [Bar(layer.tensor, layer.error) for layer in found.layers if layer.error]  # the others are equal, or refused
    least = sorted((bar.value for bar in off), reverse=True)[:MOST_LAYERS]
    bars = tuple(bar for bar in off if bar.value >= least[-1])[:MOST_LAYERS]
    first = Text("none goes beyond the limit", "均未超限") if found.first is None else found.first
    note = Text(
        "{matched} of {total} tensors are on both sides; the first beyond {limit}: {first}.",
        "两侧共有 {total} 个张量中的 {matched} 个；首个超出 {limit} 的：{first}。",
    )
    filled = note.fill(matched=str(found.matched), total=str(found.total), limit=small(found.limit), first=first)
    if bars:
        yield Figure(
            Text("Error layer by layer: {part}", "逐层误差：{part}").fill(part=found.part),
            Origin.SIMULATED if found.simulated else Origin.MEASURED,
            Chart("bars", bars, Text("error of the sample distance", "误差（占样本间距离）")),
            filled,
        )
    else:
        yield Remark(filled)
