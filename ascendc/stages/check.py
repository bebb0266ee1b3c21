"""check: what ATC would make of each node of a fixed graph, before it runs for minutes or on another machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc import graph as graphs
from ascendc.calls import calls
from ascendc.cann import soc as socs
from ascendc.cann.operators import installed
from ascendc.cann.operators.installed import Install
from ascendc.cann.operators.table import UNKNOWN_FAMILY
from ascendc.cann.operators.verdict import ERRORS, PrecisionMode
from ascendc.cann.version import Cann
from ascendc.check import Finding, Group, check_graph, grouped, operators_of
from ascendc.errors import GateError, UsageError
from ascendc.folded import folded_model
from ascendc.recipe.values import OnErrors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ascendc.cann.soc import Soc
    from ascendc.check import Report
    from ascendc.graph import Graph
    from ascendc.store import Workspace

_OPS = 6
"""Operators of one reason that are named in a line."""


@dataclass(frozen=True)
class CheckSpec:
    """What a check depends on, beside the graph."""

    part: str
    soc: str
    """Value of ``--soc_version``."""
    cann: str | None
    """The version that the target names."""
    precision: PrecisionMode
    batch: int
    """The largest size; a static batch and gears are static graphs alike."""
    findings: OnErrors
    """What a node does to the build that ATC's parser does not know."""
    files: str
    """`files_of` the CANN that is asked; empty for ascendc's tables, which are part of its code."""


@dataclass(frozen=True)
class CheckedGraph:
    """A graph that was looked at, node by node."""

    part: str
    soc: str
    source: str
    """What it was judged by; nothing, where no table knows the SoC."""
    counts: tuple[tuple[str, int], ...]
    """Nodes by status."""
    findings: tuple[Finding, ...]

    @property
    def summary(self) -> str:
        """``120 of 121 nodes on the AI Core``."""
        if not self.counts:
            return f"no table knows {self.soc}"
        counts = dict(self.counts)
        return f"{counts['aicore']} of {sum(counts.values())} nodes on the AI Core"


def check(
    spec: CheckSpec, graph: Graph, install: Install | None, workspace: Workspace, sources: Mapping[str, Path]
) -> CheckedGraph:
    """Judge every node of `graph`; findings are said, those that ATC would stop at end the build.

    Args:
        spec: for whom.
        graph: the fixed graph; its batch is symbolic.
        install: the CANN whose files are asked; None: ascendc's tables are.
        workspace: where to work.
        sources: the model's files, if the graph borrows weights from them.

    Raises:
        GateError: ATC's parser does not know some of the nodes (ASC2331), no file of an installed CANN was asked, and
            the recipe does not let it pass.
        UsageError: a file of the installed CANN is broken (ASC2322).
    """
    soc = socs.table()[spec.soc]
    try:
        known = operators_of(soc, install)
    except UsageError as error:
        if error.id != UNKNOWN_FAMILY:
            raise
        workspace.say(f"not checked: {error.message}")
        return CheckedGraph(spec.part, soc.name, "", (), ())
    cann = Cann.parse(spec.cann) if spec.cann else None
    found = folded_model(lambda: graphs.load(graph, workspace, sources), {}, spec.batch)
    report = check_graph(calls(found), soc, known, spec.precision, cann)
    for note in found.notes:
        workspace.say(f"note: {note}")
    for group in grouped(report):
        workspace.say(f"warning: {line(group)}" + (f"; fix: {group.example.fix}" if group.example.fix else ""))
    if not report.ok and spec.findings == "stop":
        raise _refused(spec, report)
    return CheckedGraph(spec.part, soc.name, report.source, tuple(report.counts.items()), report.findings)


def line(group: Group) -> str:
    """``AI CPU: ArgMax × 2 (/text/ArgMax …): why``."""
    ops = [f"{op} × {n}" if n > 1 else op for op, n in group.ops]
    more = f" and {len(ops) - _OPS} more operators" if len(ops) > _OPS else ""
    name = group.example.node or group.example.output
    node = f" ({name}{' …' if group.count > 1 else ''})" if name else ""
    return f"{group.example.status}: {', '.join(ops[:_OPS])}{more}{node}: {group.example.reason}"


def files_of(install: Install | None, soc: Soc) -> str:
    """One digest over path, size and time of change of CANN's files: a changed CANN is asked anew.

    Empty where none is asked: there is no CANN, or it has no operators of the SoC.
    """
    if install is None or soc.short_opp not in installed.families(install):
        return ""
    text = "\n".join(f"{path}\0{size}\0{changed}" for path, size, changed in installed.stamp(install))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refused(spec: CheckSpec, report: Report) -> GateError:
    groups = [group for group in grouped(report) if group.example.status in ERRORS]
    fixes = dict.fromkeys(group.example.fix for group in groups if group.example.fix)
    return GateError(
        "ASC2331",
        f"part `{spec.part}`: ATC for {report.soc} would refuse the graph: {'; '.join(map(line, groups))} "
        f"({report.source})",
        hint="; ".join([*fixes, "check: {findings: warn} in the recipe lets it pass"]),
    )
