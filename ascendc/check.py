"""What ATC would make of a graph on a SoC, node by node, without ATC: the answers of `ascendc check` and of the stage.

`ascendc.cann.operators` judges plain nodes by tables, or by the files of the CANN that is installed; here a model is
taken apart into such nodes, and what helps is put into words.
"""

from __future__ import annotations

import ast
import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ascendc.cann import opset as opsets
from ascendc.cann.operators import live, table
from ascendc.cann.operators.judge import judge
from ascendc.cann.operators.verdict import (
    ERRORS,
    STATUSES,
    WORST_FIRST,
    Call,
    PrecisionMode,
    Remedy,
    Setting,
    Status,
    Verdict,
)
from ascendc.cann.outline import DTYPES, Port
from ascendc.contract import DIALECT, schema_of
from ascendc.folded import folded
from ascendc.passes import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import onnx_ir as ir

    from ascendc.cann.operators.table import Operators
    from ascendc.cann.soc import Soc
    from ascendc.cann.version import Cann
    from ascendc.passes.base import Pass

VERSION = "1"
"""Of the JSON."""

_TABLES = (8, 1)
"""The CANN whose op stores ship with ascendc."""

_HELP = {
    "argmax-pool": "pool by a comparison, as the pass does: fp16 cannot tell ids above 2048 apart",
    "decompose": "export at opset 17 or below: the exporter then writes operators that ATC knows",
    "float32": "make it float32 before the export: nothing converts float64",
    "fp16": "ATC's --precision_mode=force_fp16 (precision: fp16 in a recipe) converts it",
    "int32-ids": "give the model int32 where it counts in int64: nothing converts it",
    "loop": "unroll it: export with a fixed number of turns",
    "nan-guard": "export eager attention (export: {attention: eager} in a recipe)",
    "opset": "export at opset … (export: {opset: …} in a recipe); relabelling a graph does not help",
    "quantization": "quantise by Huawei's AMCT, whose AscendQuant and AscendDequant ATC knows, or convert floats",
    "reduce-l2-attribute": "export at opset 17 (export: {opset: 17} in a recipe)",
    "static-shape": "name its sizes: --batch N (N,N,… for gears) and --size AXIS=N; in a recipe, batch: N",
}
"""What helps beside passes, by the code of the remedy."""


@dataclass(frozen=True)
class Finding:
    """A node that is not simply on the AI Core."""

    node: str
    """As the file names it; may be empty."""
    op: str
    """Its ONNX operator; with the domain, where that is not ONNX's own: ``npu::NPUFastGelu``."""
    status: Status
    """aicpu: on the AI CPU, slower; cast: no engine takes the element type; static: no kernel for open shapes; opset:
    ATC's parser does not know it at this opset; unmapped: at none; unknown: the tables cannot tell. opset and unmapped
    are errors."""
    tensor: str | None
    """The input or output that it fails for."""
    dtype: str | None
    """Its element type, by numpy's name."""
    reason: str
    """For people."""
    module: str | None
    """The PyTorch module, where the exporter recorded it: ``text.encoder.layers.0.self_attn``."""
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
    """Nodes by status, after constants are folded; every status is there."""
    findings: tuple[Finding, ...]
    """Every node whose status is not aicore, worst first."""

    @property
    def is_live(self) -> bool:
        """Whether the files of an installed CANN were asked."""
        return self.source.startswith("live:")

    @property
    def errors(self) -> int:
        """Nodes that ATC's parser refuses."""
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
    install = live.find(os.environ)
    known = [(soc, operators(soc, install)) for soc in socs]
    # Gears become static graphs, one each; which engine a node gets does not depend on the size.
    batch = None if asked.dynamic else max(asked.batch, default=1)
    graph = folded(path, dict(asked.sizes), batch)
    reports = tuple(check_model(graph.model, soc, found, asked.precision, asked.cann) for soc, found in known)
    return Checked(reports, (*_assumed(path, asked), *graph.notes))


def check_model(
    model: ir.Model,
    soc: Soc,
    known: Operators,
    precision: PrecisionMode = "force_fp16",
    cann: Cann | None = None,
    passes: Iterable[type[Pass]] = LIBRARY,
) -> Report:
    """Judge a model that is folded and has its shapes.

    Args:
        model: the model.
        soc: the SoC.
        known: what is known of its operators.
        precision: ATC's precision mode.
        cann: the version that will compile it, if it is known.
        passes: those that may be recommended.
    """
    setting = Setting(
        soc.name,
        {"" if domain == "ai.onnx" else _text(domain): number for domain, number in model.opset_imports.items()},
        precision,
        any(port.shape is None or _is_open(port) for port in map(_port, model.graph.inputs) if port),
        str(cann or ""),
        opsets.taken(cann.version) if cann and not known.live else None,
    )
    counts: Counter[str] = Counter(dict.fromkeys(STATUSES, 0))
    findings = []
    for call in calls(model):
        verdict = judge(call, setting, known)
        counts[verdict.status] += 1
        if verdict.status != "aicore":
            findings.append(_finding(call, verdict, passes))
    findings.sort(key=lambda finding: WORST_FIRST.index(finding.status))
    source = known.source
    if cann and not known.live and cann.version != _TABLES:
        source += f"; for CANN {cann} a forecast"
    ok = known.live or not any(counts[status] for status in ERRORS)
    return Report(ok, soc.name, setting.opsets.get(""), source, dict(counts), tuple(findings))


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
        help_for(verdict.remedy, passes),
    )


def operators(soc: Soc, install: live.Install | None) -> Operators:
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


def help_for(remedy: Remedy | None, passes: Iterable[type[Pass]] = LIBRARY) -> str | None:
    """A remedy in words: the passes that declare to cure it, and what else helps."""
    if remedy is None:
        return None
    cures = [cls.NAME for cls in passes if remedy.code in cls.CURES]
    words = [f"pass `{name}` (passes: {{add: [{name}]}} in a recipe)" for name in cures]
    if remedy.code in _HELP:
        words.append(_HELP[remedy.code].replace("…", remedy.argument) if remedy.argument else _HELP[remedy.code])
    return "; or ".join(words) or None


def calls(model: ir.Model) -> Iterator[Call]:
    """Every node of the model, those in bodies (If, Loop) too, as the judge takes them."""
    for node in model.graph.all_nodes():
        yield Call(
            _text(node.name),
            _text(node.op_type),
            "" if node.domain == "ai.onnx" else _text(node.domain),
            tuple(map(_port, node.inputs)),
            tuple(port for port in map(_port, node.outputs) if port),
            _attributes(node),
            _module(node),
        )


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


def _port(value: ir.Value | None) -> Port | None:
    if value is None:
        return None
    shape = value.shape
    dims = None if shape is None else tuple(n if isinstance(n, int) else _text(n.value) or "?" for n in shape)
    return Port(_text(value.name), None if value.dtype is None else DTYPES.get(int(value.dtype)), dims)


def _text(said: str | bytes | None) -> str:
    """A name; protobuf gives bytes where it is no UTF-8."""
    return said.decode(errors="replace") if isinstance(said, bytes) else said or ""


def _is_open(port: Port) -> bool:
    return any(isinstance(axis, str) for axis in port.shape or ())


def _attributes(node: ir.Node) -> dict[str, tuple[int | float | str, ...]]:
    import onnx_ir as ir

    one = (ir.AttributeType.INT, ir.AttributeType.FLOAT, ir.AttributeType.STRING)
    many = (ir.AttributeType.INTS, ir.AttributeType.FLOATS, ir.AttributeType.STRINGS)
    found: dict[str, tuple[int | float | str, ...]] = {}
    for name, attribute in node.attributes.items():
        if attribute.is_ref():
            continue
        if attribute.type in one:
            found[name] = (attribute.value,)
        elif attribute.type in many:
            found[name] = tuple(attribute.value)
    return found


def _module(node: ir.Node) -> str | None:
    """As the exporter recorded it.

    TorchScript's writes it into the node's name (``/text/layers.0/MatMul``), dynamo's into the metadata: a list, of
    which the last but one names the module.
    """
    scopes = node.metadata_props.get("pkg.torch.onnx.name_scopes")
    if scopes:
        try:
            names = ast.literal_eval(scopes)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
        return str(names[-2]) or None if isinstance(names, list) and len(names) > 1 else None
    name = _text(node.name)
    return ".".join(name.split("/")[1:-1]) or None if name.startswith("/") else None


def _assumed(path: Path, asked: Asked) -> tuple[str, ...]:
    """What was taken for granted of open axes, and what is still open."""
    from ascendc.onnx_file import read_outline

    notes, sizes = [], dict(asked.sizes)
    for port in read_outline(path).inputs:
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
