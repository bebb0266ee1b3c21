"""What ATC would make of a graph on a SoC, node by node, without ATC: the answers of `ascendc check` and of the stage.

`ascendc.cann.operators` judges plain nodes by tables, or by the files of the CANN that is installed; `ascendc.calls`
takes a graph apart into such nodes, and `ascendc.fixes` has what helps.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ascendc.calls import calls
from ascendc.cann import opset as opsets
from ascendc.cann.operators import installed, judge, live, table
from ascendc.cann.operators.verdict import ERRORS, STATUSES, WORST_FIRST, PrecisionMode, Setting, Status, Verdict
from ascendc.contract import DIALECT, schema_of
from ascendc.fixes import help_for
from ascendc.folded import folded
from ascendc.passes import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ascendc.calls import Calls
    from ascendc.cann.operators.table import Operators
    from ascendc.cann.operators.verdict import Call
    from ascendc.cann.soc import Soc
    from ascendc.cann.version import Cann
    from ascendc.passes.base import Pass

VERSION = "1"
"""Of the JSON."""

_TABLES = (8, 1)
"""The CANN whose op stores ship with ascendc."""


@dataclass(frozen=True)
class Finding:
    """A node that is not simply on the AI Core."""

    node: str
    """As the file names it; may be empty."""
    op: str
    """Its ONNX operator; with the domain, where that is not ONNX's own: ``npu::NPUFastGelu``."""
    status: Status
    """aicpu: on the AI CPU, slower; cast: no engine takes the element type; static: no kernel for open shapes; name:
    another node has its name; opset: ATC's parser does not know it at this opset; unmapped: at none; unknown: the
    tables cannot tell. name, opset and unmapped are errors."""
    tensor: str | None
    """The input or output that it fails for."""
    dtype: str | None
    """Its element type, by numpy's name."""
    reason: str
    """For people."""
    module: str | None
    """The PyTorch module, where the exporter recorded it: ``text.encoder.layers.0.self_attn``."""
    output: str | None
    """Its first output, by which nodes without a name are told apart."""
    fix: str | None
    """For people: a pass, an option of the export, or a command."""


@dataclass(frozen=True)
class Report:
    """What `ascendc check --json` prints for one SoC: one object a line, a line for each SoC, in the order given."""

    ok: bool
    """Whether ATC gets past its parser as far as the tables tell; always, where its own files are read (`source`)."""
    soc: str
    """Value of ``--soc_version``."""
    opset: int | None
    """Of ONNX's own domain in the model; null: it does not say."""
    source: str
    """What this was judged by: ascendc's tables (`bundled: …`), or the CANN on this machine (`live: …`)."""
    counts: dict[str, int]
    """Nodes by status, after constants are folded, and those folded ones that ATC's parser stops at before; every
    status is there."""
    conditional: int
    """How many of the aicore nodes CANN's own code may still refuse, by shape or attribute: no table holds that."""
    findings: tuple[Finding, ...]
    """Every node whose status is not aicore, worst first."""

    @property
    def is_live(self) -> bool:
        """Whether the files of an installed CANN were asked."""
        return self.source.startswith("live:")

    @property
    def errors(self) -> int:
        """Nodes that ATC's parser stops at."""
        return sum(self.counts[status] for status in ERRORS)


@dataclass(frozen=True)
class Group:
    """Findings with one reason."""

    example: Finding
    ops: tuple[tuple[str, int], ...]
    """The operators, and how many nodes of each; most first."""

    @property
    def count(self) -> int:
        """Of its nodes."""
        return sum(number for _, number in self.ops)


@dataclass(frozen=True)
class Asked:
    """How a file is to be compiled, as far as it matters here."""

    precision: PrecisionMode = "force_fp16"
    cann: Cann | None = None
    batch: tuple[int, ...] = ()
    """Sizes of the first axis where it is open; several are gears. None given: 1."""
    sizes: tuple[tuple[str, int], ...] = ()
    """Of other open axes, by name."""
    dynamic: bool = False
    """Leave open what is not in `sizes`."""


@dataclass(frozen=True)
class Checked:
    """A file on some SoCs."""

    reports: tuple[Report, ...]
    notes: tuple[str, ...]
    """What was assumed, and what could not be done."""


def check_file(path: Path, socs: Iterable[Soc], asked: Asked | None = None) -> Checked:
    """Judge the ONNX file at `path` for each SoC.

    Raises:
        UsageError: the file cannot be read (ASC2301 to ASC2305) or has no such axis (ASC2311), no table is there for a
            SoC (ASC2321), or a file of the installed CANN is broken (ASC2322).
    """
    asked = asked or Asked()
    install = installed.find(os.environ)
    known = [(soc, operators_of(soc, install)) for soc in socs]
    # Gears become static graphs, one each; which engine a node gets does not depend on the size.
    batch = None if asked.dynamic else max(asked.batch, default=1)
    graph = folded(path, dict(asked.sizes), batch)
    found = calls(graph)
    reports = tuple(check_graph(found, soc, operators, asked.precision, asked.cann) for soc, operators in known)
    return Checked(reports, (*_assumed(path, asked), *graph.notes))


def check_graph(
    found: Calls,
    soc: Soc,
    known: Operators,
    precision: PrecisionMode = "force_fp16",
    cann: Cann | None = None,
    passes: Iterable[type[Pass]] = LIBRARY,
) -> Report:
    """Judge a graph that is folded and has its shapes.

    Args:
        found: the graph.
        soc: the SoC.
        known: what is known of its operators.
        precision: ATC's precision mode.
        cann: the version that will compile it, if it is known.
        passes: those that may be recommended.
    """
    documented = opsets.taken(cann.version) if cann and not known.live else None
    setting = Setting(soc.name, found.opsets, precision, found.dynamic, str(cann or ""), documented, found.functions)
    verdicts = [(call, judge.judge(call, setting, known)) for call in found.nodes]
    verdicts += [(call, verdict) for call in found.gone if (verdict := judge.read(call, setting, known))]
    counts: Counter[str] = Counter(dict.fromkeys(STATUSES, 0))
    counts.update(verdict.status for _, verdict in verdicts)
    findings = [_finding(call, verdict, passes) for call, verdict in verdicts if verdict.status != "aicore"]
    findings.sort(key=lambda finding: WORST_FIRST.index(finding.status))
    source = known.source
    if cann and not known.live and cann.version != _TABLES:
        source += f"; for CANN {cann} a forecast"
    return Report(
        ok=known.live or not any(counts[status] for status in ERRORS),
        soc=soc.name,
        opset=setting.opsets.get(""),
        source=source,
        counts=dict(counts),
        conditional=sum(1 for _, verdict in verdicts if verdict.status == "aicore" and verdict.reason),
        findings=tuple(findings),
    )


def _finding(call: Call, verdict: Verdict, passes: Iterable[type[Pass]]) -> Finding:
    port = verdict.tensor
    return Finding(
        call.name,
        f"{call.domain}::{call.op}" if call.domain else call.op,
        verdict.status,
        port.name if port else None,
        port.dtype if port else None,
        verdict.reason,
        call.module,
        next((port.name for port in call.outputs if port.name), None),
        help_for(verdict.remedy, passes),
    )


def operators_of(soc: Soc, install: installed.Install | None) -> Operators:
    """What is known of a SoC's operators: by an installed CANN, if it has them, or by ascendc's tables.

    Raises:
        UsageError: neither has (ASC2321), or a file of CANN is broken (ASC2322).
    """
    found = live.read(install, soc.short_opp) if install else None
    if found:
        return found
    known = table.bundled(soc.short_opp)
    return replace(known, source=f"{known.source}; {install.opp} has no operators of {soc.short}") if install else known


def grouped(report: Report) -> tuple[Group, ...]:
    """The findings, those with one reason as one; in the report's order, within a status most first."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault((finding.status, finding.reason, finding.fix), []).append(finding)
    several = [Group(found[0], tuple(Counter(f.op for f in found).most_common())) for found in groups.values()]
    return tuple(sorted(several, key=lambda group: (WORST_FIRST.index(group.example.status), -group.count)))


def to_json(report: Report) -> dict[str, Any]:
    """As ``--json`` writes it."""
    return {"version": VERSION, **asdict(report)}


def schema() -> dict[str, Any]:
    """The JSON Schema of a line that `ascendc check --json` prints."""
    title = "A line of `ascendc check --json`"
    return {"$schema": DIALECT, "title": title, **schema_of(Report, version=VERSION)}


def schema_text() -> str:
    """`schema` as docs/check.schema.json holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _assumed(path: Path, asked: Asked) -> tuple[str, ...]:
    """What was taken for granted of open axes, and what is still open."""
    from ascendc.onnx_file import read_outline

    notes, sizes, inputs = [], dict(asked.sizes), read_outline(path).inputs
    if not inputs:
        notes.append("the graph has no input: ATC stops at such a model (E16001)")
    for port in inputs:
        open_axes = [
            (n, axis) for n, axis in enumerate(port.shape or ()) if isinstance(axis, str) and axis not in sizes
        ]
        if open_axes and open_axes[0][0] == 0 and not asked.dynamic:
            _, axis = open_axes.pop(0)
            if not asked.batch:
                notes.append(f"axis 0 ({axis}) of `{port.name}` is taken as 1; --batch N,… says otherwise")
        for n, axis in open_axes:
            named = f"; --size {axis}=N settles it" if axis != "?" else ""
            notes.append(f"axis {n} ({axis}) of `{port.name}` is open{named}")
    return tuple(notes)
