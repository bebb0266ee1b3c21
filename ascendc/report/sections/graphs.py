"""Graphs before and after their passes, each pass with its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.report.charts import Chart, Pair
from ascendc.report.numbers import size
from ascendc.report.page import Column, Figure, Origin, Remark, Section, table
from ascendc.report.words import Said, Text, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.account.findings import GraphChange, GraphFacts
    from ascendc.report.given import Given
    from ascendc.report.page import Block

MOST_OPS = 24
"""Operators that have a row in a chart: those whose number changed most."""

_SIZES = (
    Column(Text("graph", "计算图")),
    Column(Text("nodes", "节点"), numeric=True),
    Column(Text("operators", "算子种类"), numeric=True),
    Column("opset", numeric=True),
    Column(Text("size", "大小"), numeric=True),
)

_RECEIPTS = (
    Column(Text("pass", "改写")),
    Column(Text("places", "处数"), numeric=True),
    Column(Text("why", "原因"), long=True),
)

_BEFORE, _AFTER = Text("before", "改写前"), Text("after", "改写后")


def graphs(given: Given) -> Section | None:
    """The section; None without a record that holds graphs."""
    blocks = [
        block
        for build in given.builds
        if build.record
        for change in build.record.findings.graphs
        for block in _blocks(given.named(build, change.label), change)
    ]
    return Section("graphs", Text("Graphs and passes", "计算图与改写"), tuple(blocks)) if blocks else None


def _blocks(name: str, change: GraphChange) -> Iterator[Block]:
    rows = (_size(_BEFORE, change.before), _size(_AFTER, change.after))
    yield table(Text("Graph {name}", "计算图 {name}").fill(name=name), Origin.RECORDED, _SIZES, rows)
    if pairs := _pairs(change):
        rest = len({*change.before.nodes, *change.after.nodes}) - len(pairs)
        others = Text("The other {n} operators changed less, or not at all.", "其余 {n} 种算子变化更少或不变。")
        yield Figure(
            Text("Nodes of {name} by operator, before and after", "{name} 各算子的节点数，改写前后").fill(name=name),
            Origin.RECORDED,
            Chart("pairs", pairs, Text("nodes", "节点数"), names=(_BEFORE, _AFTER)),
            others.fill(n=str(rest)) if rest else "",
        )
    did = tuple((one.name, str(one.changes), one.why) for one in change.passes if one.changes)
    idle = joined(one.name for one in change.passes if not one.changes)
    nothing = Text("Found nothing to do: {all}.", "无需改动：{all}。").fill(all=idle) if idle.en else ""
    if did:
        caption = Text("What the passes rewrote in {name}", "对 {name} 的改写").fill(name=name)
        yield table(caption, Origin.RECORDED, _RECEIPTS, did, note=nothing)
    elif nothing:
        yield Remark(nothing)


def _size(which: Said, graph: GraphFacts) -> tuple[Said, ...]:
    return which, str(sum(graph.nodes.values())), str(len(graph.nodes)), str(graph.opset), size(graph.bytes)


def _pairs(change: GraphChange) -> tuple[Pair, ...]:
    """Operators whose number changed, most first."""
    before, after = change.before.nodes, change.after.nodes
    names = [name for name in {**before, **after} if before.get(name, 0) != after.get(name, 0)]
    names.sort(key=lambda name: -abs(after.get(name, 0) - before.get(name, 0)))
    return tuple(Pair(name, before.get(name, 0), after.get(name, 0)) for name in names[:MOST_OPS])
