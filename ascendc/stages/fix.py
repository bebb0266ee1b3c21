"""The stage `fix`: passes, by name and in order, over a graph."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ascendc import graph as graphs
from ascendc import wire
from ascendc.errors import AscendcError, StageError, UsageError
from ascendc.graph import Graph
from ascendc.model import Use
from ascendc.passes import values

if TYPE_CHECKING:
    import onnx_ir as ir

    from ascendc.graph import Sources
    from ascendc.passes.base import Pass
    from ascendc.registry import Registry
    from ascendc.store import Workspace


@dataclass(frozen=True)
class FixSpec:
    """The passes to run, in order."""

    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Fixed:
    """A graph after its passes; checked by ONNX."""

    graph: Graph
    changes: tuple[tuple[str, int], ...]
    """For each pass of the spec: its name, and how many places it changed."""


def fix(
    spec: FixSpec,
    graph: Graph,
    registry: Registry,
    workspace: Workspace,
    *,
    sources: Sources | None = None,
    beside: Graph | None = None,
    settled: bool = False,
) -> Fixed:
    """Run passes over `graph`.

    Args:
        spec: which passes.
        graph: the graph, in the store.
        registry: where passes are found by name.
        workspace: where the stage works.
        sources: the model's files, if the graph borrows weights from them.
        beside: a fixed graph of the same part, whose files may hold the same weights.
        settled: whether `graph` is a fixed one: its weights stay in the files that hold them.

    Raises:
        UsageError: an unknown pass (ASC1301) or option (ASC1501), or a value that the pass refuses (ASC1505).
        StageError: a pass raised (its own id, or ASC1502), ONNX refuses what the passes made (ASC1503), they
            renamed, dropped, added or moved an input or output (ASC1506), or a weight holds NaN (ASC1416).
    """
    passes = [_make(use, registry) for use in spec.uses]
    model = graphs.load(graph, workspace, sources or {})
    interface = _interface(model)
    changes: list[tuple[str, int]] = []
    for one in passes:
        changes.append((one.NAME, _run(one, model, registry, [name for name, _ in changes])))
        workspace.say(f"{one.NAME}: {changes[-1][1]}")
    _check_interface(interface, _interface(model), [name for name, _ in changes])
    if settled:
        fixed = graphs.save(model, workspace, graph.weights)
    else:
        _refuse_nan(model)
        fixed = graphs.settle(model, workspace, beside)
    _check(fixed, workspace, [name for name, _ in changes])
    return Fixed(fixed, tuple(changes))


def _make(use: Use, registry: Registry) -> Pass:
    cls = registry.pass_(use.name)
    parameters = inspect.signature(cls).parameters.values()
    allowed = [p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for name, _ in use.options:
        if name not in allowed:
            raise UsageError(
                "ASC1501", f"pass `{use.name}` takes no option `{name}`; allowed: {', '.join(allowed) or 'none'}"
            )
    try:
        return cls(**dict(use.options))
    except (TypeError, ValueError) as error:
        raise UsageError("ASC1505", f"pass `{use.name}` cannot take its options: {error}") from error


def _run(one: Pass, model: ir.Model, registry: Registry, before: list[str]) -> int:
    ran = f"; before it ran {', '.join(before)}" if before else ""
    who = f"pass `{one.NAME}` of {registry.passes[one.NAME].owner}"
    try:
        return one.rewrite(model)
    except AscendcError as error:
        raise type(error)(error.id, f"{who}: {error.message}{ran}", hint=error.hint) from error
    except Exception as error:  # a guest's pass may raise anything; it is named, and the cause is kept
        message = f"{who} raised {type(error).__name__}: {error}{ran}"
        raise StageError("ASC1502", message, hint="the traceback is shown with -v") from error


def _interface(model: ir.Model) -> dict[str, list[str | None]]:
    return {
        "inputs": [value.name for value in model.graph.inputs],
        "outputs": [value.name for value in model.graph.outputs],
    }


def _check_interface(before: dict[str, list[str | None]], after: dict[str, list[str | None]], ran: list[str]) -> None:
    for kind, wanted in before.items():
        if after[kind] != wanted:
            raise StageError(
                "ASC1506",
                f"the {kind} of the graph must stay {', '.join(map(str, wanted))}; "
                f"{', '.join(ran)} made them {', '.join(map(str, after[kind])) or 'none'}",
                hint="leave out one pass after the other to find the one that does it",
            )


def _refuse_nan(model: ir.Model) -> None:
    """See that no weight holds NaN, whether or not a sample meets it."""
    for name, value in model.graph.initializers.items():
        if value.const_value is None:
            continue
        array = wire.view(value.const_value)
        if array.dtype.kind != "f":
            continue
        with np.errstate(invalid="ignore", over="ignore"):
            suspect = np.isnan(array.sum())  # as is any sum of NaN, and a tenth of the work of looking at each number
        if suspect and np.isnan(array).any():
            raise StageError("ASC1416", f"the weight `{name}` holds NaN", hint="fetch the checkpoint again")


def _check(fixed: Graph, workspace: Workspace, ran: list[str]) -> None:
    import onnx

    try:
        onnx.checker.check_model(values.bare(graphs.outline(graphs.load(fixed, workspace))), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise StageError(
            "ASC1503", f"ONNX refuses the graph that {', '.join(ran) or 'no pass'} made: {' '.join(str(error).split())}"
        ) from error
