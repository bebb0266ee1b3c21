"""precision: for ``precision: auto``, the plan that keeps a part's answers within their limit on a chip."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from ascendc import __version__, keys
from ascendc import graph as graphs
from ascendc.calls import calls
from ascendc.cann import soc as socs
from ascendc.cann.atc.command import AtcOptions, OptionFile
from ascendc.cann.operators.installed import Install
from ascendc.cann.operators.table import UNKNOWN_FAMILY
from ascendc.cann.version import Cann
from ascendc.check import check_graph, operators_of
from ascendc.errors import UsageError
from ascendc.folded import folded_model
from ascendc.model import Use
from ascendc.passes import values
from ascendc.precision.lock import Chosen, Rewrite
from ascendc.precision.mixlist import listed, mixlist
from ascendc.precision.modes import in_half
from ascendc.precision.plan import PrecisionPlan, find_plan
from ascendc.precision.units import Unit, units
from ascendc.stages.golden import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import onnx_ir as ir

    from ascendc.graph import Graph
    from ascendc.precision.lock import Rung
    from ascendc.stages.golden import GoldenPart
    from ascendc.store import Workspace


@dataclass(frozen=True)
class PrecisionSpec:
    """What a plan depends on, beside the graph and its samples."""

    part: str
    soc: str
    """Value of ``--soc_version``."""
    cann: str | None
    batch: int
    """The largest size, for the tables of operators."""
    limit: float
    """What an output may differ, relative to the median distance between samples."""
    files: str
    """`ascendc.stages.check.files_of` the CANN whose operators are asked."""
    locked: tuple[Chosen, ...]
    """The plans that lie beside the recipe for this part, chip and limit: each for another graph."""
    where: tuple[str, ...] = field(compare=False)
    """Of each, where in which file."""


def precision(
    spec: PrecisionSpec,
    graph: Graph,
    golden: GoldenPart,
    install: Install | None,
    workspace: Workspace,
    sources: Mapping[str, Path],
) -> Chosen:
    """The plan that lies beside the recipe, if it is for this graph; else one that is searched for.

    An interrupt ends a search between two trials. They are kept in the store's folder: the next one goes on there.

    Args:
        spec: for whom.
        graph: the graph that the plan is for.
        golden: whose inputs it is tried on.
        install: the CANN whose operators are asked; None: ascendc's tables are.
        workspace: where to work.
        sources: the model's files, if the graph borrows weights from them.

    Raises:
        GateError: no precision mode suffices (ASC2705).
        KeyboardInterrupt: the build was interrupted.
        UsageError: the plan beside the recipe names nodes that the graph has not (ASC1654).
    """
    digest, model = keys.digest(graph), graphs.load(graph, workspace, sources)
    for locked, where in zip(spec.locked, spec.where, strict=True):
        if locked.graph == digest:
            _check_names(spec.part, locked, where, model)
            workspace.say(f"{where}: it is kept: {locked.kept}")
            return locked
    if spec.where:
        workspace.say(f"{spec.where[0]}: the graph has changed since; it is searched for again")
    fixed = fixed_nodes(spec, graph, install, workspace, sources)
    trials = workspace.store.trials(keys.digest([digest, spec.soc]))
    plan = find_plan(
        model,
        read(golden.inputs, workspace.store),
        spec.limit,
        fixed=lambda unit: any(node.name in fixed for node in unit.nodes),
        cache=trials,
        say=lambda line: _say(line, workspace),
    )
    trials.unlink(missing_ok=True)  # two builds may search for the same; the plan is kept from here on
    return _chosen(spec, plan, digest, _nodes(model))


def fixed_nodes(
    spec: PrecisionSpec, graph: Graph, install: Install | None, workspace: Workspace, sources: Mapping[str, Path]
) -> frozenset[str]:
    """Nodes that the AI Core of a chip computes in float16 and not in float32, by the tables of `ascendc check`.

    Where no table knows the chip, there are none.
    """
    try:
        known = operators_of(socs.table()[spec.soc], install)
    except UsageError as error:
        if error.id != UNKNOWN_FAMILY:
            raise
        return frozenset()
    cann = Cann.parse(spec.cann) if spec.cann else None
    found = calls(folded_model(lambda: graphs.load(graph, workspace, sources), {}, spec.batch))
    half, exact = (
        {finding.node for finding in check_graph(found, socs.table()[spec.soc], known, mode, cann).findings}
        for mode in ("force_fp16", "must_keep_origin_dtype")
    )
    return frozenset(exact - half)


def told(options: AtcOptions, chosen: Chosen) -> AtcOptions:
    """What ATC is told: the mode, and the files that say what stays in float32.

    ``keep_dtype`` has each node by its ONNX name: see `ascendc.cann.atc.ignored`.
    """
    files = []
    if chosen.keep:
        files.append(OptionFile("keep_dtype", "keep_dtype.txt", "".join(f"{name}\n" for name in chosen.keep)))
    if chosen.types:
        files.append(OptionFile("modify_mixlist", "mixlist.json", mixlist(chosen.types)))
    return replace(options, precision_mode=chosen.mode, files=tuple(files))


def half(found: Sequence[Unit], chosen: Chosen) -> tuple[bool, ...]:
    """For each unit whether it is in float16 under a plan."""
    black = {unit.kind for unit in found if listed(unit.kind, chosen.types)}
    kept = {*chosen.keep}
    flags = in_half(found, chosen.mode, black)
    return tuple(
        flag and not any(node.name in kept for node in unit.nodes) for flag, unit in zip(flags, found, strict=True)
    )


def rewrites(chosen: Chosen) -> tuple[Use, ...]:
    """The passes that a plan wants."""
    return tuple(Use.of(one.name, **json.loads(one.options)) for one in chosen.uses)


def _say(line: str, workspace: Workspace) -> None:
    """Tell of a trial; it has been kept, so that an interrupt may end the search here."""
    workspace.say(line)
    if workspace.store.stopped:
        raise KeyboardInterrupt


def _chosen(spec: PrecisionSpec, plan: PrecisionPlan, digest: str, nodes: int) -> Chosen:
    return Chosen(
        part=spec.part,
        soc=spec.soc,
        limit=spec.limit,
        graph=digest,
        mode=cast("Rung", plan.mode),  # no ladder ends elsewhere
        keep=plan.keep,
        types=plan.types,
        uses=tuple(Rewrite(use.name, json.dumps(dict(use.options))) for use in plan.uses),
        before=None if plan.before is None else _short(plan.before),
        after=_short(plan.after),
        nodes=nodes,
        trials=plan.trials,
        ascendc=__version__,
    )


def _nodes(model: ir.Model) -> int:
    values.infer(model)
    return sum(unit.rounds for unit in units(model, "unfused"))


def _check_names(part: str, locked: Chosen, where: str, model: ir.Model) -> None:
    """Rewrites may make nodes of their own: then ATC's log alone can tell."""
    known = {node.name for node in model.graph}
    unknown = [name for name in locked.keep if name not in known]
    if unknown and not locked.uses:
        raise UsageError(
            "ASC1654",
            f"{where}.keep: `{unknown[0]}` is no node of part `{part}`; allowed: names of its ONNX nodes",
            hint="take the plan out of the file, and the next build searches for one",
        )


def _short(error: float) -> float:
    """The last digits differ between machines."""
    return float(f"{error:.2e}")
