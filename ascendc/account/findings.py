"""What a build found of its graphs: how passes changed them, and what ATC would make of their nodes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ascendc.onnx_file import read_outline
from ascendc.precision.lock import Chosen
from ascendc.stages.fix import Fixed
from ascendc.stages.forecast import Foretold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ascendc.dag import Done, Step
    from ascendc.graph import Graph
    from ascendc.registry import Registry
    from ascendc.stages.check import CheckedGraph
    from ascendc.store import Store


@dataclass(frozen=True)
class GraphFacts:
    """One graph."""

    opset: int
    """Of ONNX's own domain."""
    bytes: int
    """With its weights."""
    nodes: dict[str, int]
    """Nodes of the main graph by operator; with the domain, where that is not ONNX's own."""


@dataclass(frozen=True)
class PassReceipt:
    """What one pass did."""

    name: str
    why: str
    """In a sentence; empty where the pass is no longer registered."""
    changes: int
    """Places that it rewrote."""


@dataclass(frozen=True)
class GraphChange:
    """A graph before and after the passes of one step."""

    label: str
    """The step's: ``image``, ``image @ card``."""
    before: GraphFacts
    after: GraphFacts
    passes: tuple[PassReceipt, ...]
    """In the order in which they ran."""


@dataclass(frozen=True)
class CheckedGroup:
    """Nodes that are not simply on the AI Core, of one reason."""

    status: str
    """As `ascendc check` has it."""
    ops: dict[str, int]
    """Nodes by operator."""
    reason: str
    fix: str | None
    node: str
    """One of them; may be empty."""
    module: str | None
    """Its PyTorch module, where that is known."""


@dataclass(frozen=True)
class CheckedSoc:
    """A graph as the compiler of one chip would take it. Foretold from tables, or from the files of the CANN here."""

    label: str
    soc: str
    source: str
    """What it was judged by; empty: no table knows the chip."""
    counts: dict[str, int]
    """Nodes by status; empty likewise."""
    groups: tuple[CheckedGroup, ...]
    """Worst first."""


@dataclass(frozen=True)
class ForetoldPart:
    """What float16 will do to a part's answers. Estimated on the host that built."""

    label: str
    mode: str
    """ATC's precision mode."""
    output: str
    """The worst."""
    error: float | None
    """Of it, relative to the median distance between samples; null: a number is lost."""
    limit: float
    samples: int
    ok: bool


@dataclass(frozen=True)
class PlannedPart:
    """What `precision: auto` keeps in float32. Errors are as a forecast's."""

    label: str
    soc: str
    mode: str
    keep: tuple[str, ...]
    """Nodes."""
    types: tuple[str, ...]
    """Types of operators."""
    before: float | None
    """With nothing in float32; null: numbers are lost."""
    after: float


@dataclass(frozen=True)
class Findings:
    """Of one build."""

    graphs: tuple[GraphChange, ...] = ()
    checks: tuple[CheckedSoc, ...] = ()
    forecasts: tuple[ForetoldPart, ...] = ()
    plans: tuple[PlannedPart, ...] = ()


def findings(done: Mapping[Step, Done], store: Store, plugins: Registry) -> Findings:
    """Gather what the steps of a build found; steps whose results were in the store count alike."""
    whys = {name: one.cls.WHY for name, one in plugins.passes.items()}
    graphs = (
        _change(step.label, _graph(done[step.inputs[0]].result), made.result, store, whys)
        for step, made in done.items()
        if step.stage == "fix" and made.result != done[step.inputs[0]].result  # a precision plan may want no pass
    )
    checks = (_checked(step.label, made.result) for step, made in done.items() if step.stage == "check")
    forecasts = (_foretold(step.label, made.result) for step, made in done.items() if isinstance(made.result, Foretold))
    plans = (_planned(step.label, made.result) for step, made in done.items() if isinstance(made.result, Chosen))
    return Findings(tuple(graphs), tuple(checks), tuple(forecasts), tuple(plans))


def grouped(checked: CheckedGraph) -> Iterator[CheckedGroup]:
    """Findings of one status, reason and fix as one, in their order."""
    groups: dict[tuple[str, str, str | None], list[Any]] = {}
    for finding in checked.findings:
        groups.setdefault((finding.status, finding.reason, finding.fix), []).append(finding)
    for (status, reason, fix), found in groups.items():
        ops = dict(Counter(one.op for one in found).most_common())
        yield CheckedGroup(status, ops, reason, fix, found[0].node, found[0].module)


def _graph(result: Graph | Fixed) -> Graph:
    return result.graph if isinstance(result, Fixed) else result


def _change(label: str, before: Graph, fixed: Fixed, store: Store, whys: Mapping[str, str]) -> GraphChange:
    receipts = tuple(PassReceipt(name, whys.get(name, ""), changes) for name, changes in fixed.changes)
    return GraphChange(label, _facts(before, store), _facts(fixed.graph, store), receipts)


def _facts(graph: Graph, store: Store) -> GraphFacts:
    nodes = read_outline(store.path(graph.skeleton)).nodes
    names = (f"{node.domain}::{node.op}" if node.domain else node.op for node in nodes)
    return GraphFacts(graph.opset, graph.size, dict(Counter(names).most_common()))


def _checked(label: str, checked: CheckedGraph) -> CheckedSoc:
    return CheckedSoc(label, checked.soc, checked.source, dict(checked.counts), tuple(grouped(checked)))


def _foretold(label: str, found: Foretold) -> ForetoldPart:
    return ForetoldPart(label, found.mode, found.output, found.error, found.limit, found.samples, found.ok)


def _planned(label: str, found: Chosen) -> PlannedPart:
    return PlannedPart(label, found.soc, found.mode, found.keep, found.types, found.before, found.after)
