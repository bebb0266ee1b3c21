"""Operators per chip: what `ascendc check` made of every node."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ascendc.account.findings import CheckedGroup, CheckedSoc
from ascendc.check import grouped
from ascendc.report.numbers import UNKNOWN
from ascendc.report.page import Column, Origin, Remark, Section, table
from ascendc.report.words import Said, Text, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ascendc.check import Report
    from ascendc.report.given import Given
    from ascendc.report.page import Block

WORDS = {
    "aicore": Text("AI Core", "AI Core"),
    "aicpu": Text("AI CPU", "AI CPU"),
    "cast": Text("cast needed", "需要类型转换"),
    "static": Text("static shapes only", "仅支持静态形状"),
    "name": Text("name taken", "重名"),
    "opset": Text("wrong opset", "opset 不符"),
    "unmapped": Text("unknown to ATC", "ATC 不支持"),
    "unknown": Text("cannot be told", "无法判断"),
}
"""Statuses, in words."""


def operators(given: Given) -> Section | None:
    """The section; None where nothing was checked."""
    found = [
        replace(one, label=given.named(build, one.label.partition(" @ ")[0]))
        for build in given.builds
        if build.record
        for one in build.record.findings.checks
    ]
    checks = [*found, *map(_of_report, given.checks)]
    blocks = tuple(_blocks(checks)) if checks else ()
    return Section("operators", Text("Operators on each chip", "各芯片的算子支持"), blocks) if blocks else None


def _of_report(report: Report) -> CheckedSoc:
    groups = tuple(
        CheckedGroup(g.example.status, dict(g.ops), g.example.reason, g.example.fix, g.example.node, g.example.module)
        for g in grouped(report)
    )
    return CheckedSoc("", report.soc, report.source, report.counts, groups)


def _blocks(checks: Sequence[CheckedSoc]) -> Iterator[Block]:
    known = [status for status in WORDS if any(one.counts.get(status) for one in checks)]
    columns = (
        Column(Text("graph", "计算图")),
        Column(Text("chip", "芯片")),
        *(Column(WORDS[status], numeric=True) for status in known),
    )
    rows = tuple(
        (
            one.label or UNKNOWN,
            one.soc,
            *(str(one.counts.get(status, 0)) if one.counts else UNKNOWN for status in known),
        )
        for one in checks
    )
    yield table(
        Text("Where each node will run, as far as is known before ATC", "ATC 运行前已知的各节点执行位置"),
        Origin.ESTIMATED,
        columns,
        rows,
        note=joined(dict.fromkeys(one.source for one in checks if one.source), Text("; ", "；")),
    )
    if groups := tuple(_group(one, group) for one in checks for group in one.groups):
        columns = (
            Column(Text("graph", "计算图")),
            Column(Text("chip", "芯片")),
            Column(Text("status", "状态")),
            Column(Text("operators", "算子")),
            Column(Text("reason", "原因"), long=True),
            Column(Text("what helps", "解决办法"), long=True),
        )
        yield table(
            Text("Nodes not simply on the AI Core", "并非直接在 AI Core 上的节点"), Origin.ESTIMATED, columns, groups
        )
    elif all(one.counts for one in checks):
        yield Remark(Text("Every node has a kernel on the AI Core.", "所有节点在 AI Core 上均有算子实现。"), "good")


def _group(one: CheckedSoc, group: CheckedGroup) -> tuple[Said, ...]:
    ops = ", ".join(f"{op} × {n}" if n > 1 else op for op, n in list(group.ops.items())[:8])
    place = group.module or group.node
    reason = f"{group.reason} ({place})" if place else group.reason
    return one.label or UNKNOWN, one.soc, WORDS.get(group.status, group.status), ops, reason, group.fix or UNKNOWN
