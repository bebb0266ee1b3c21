"""Layer by layer: the tensors that both sides have, in the order of the graph, and the first that goes beyond."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ascendc.errors import UsageError
from ascendc.judge import failures
from ascendc.judge.dump_values import DumpValues, of_samples
from ascendc.judge.dumping import dumped
from ascendc.judge.figures import figures
from ascendc.judge.files import DumpsSide, OmSide, OnnxSide
from ascendc.judge.graph_values import GraphValues
from ascendc.judge.models import BundleSide, RecipeSide
from ascendc.judge.module_values import ModuleValues
from ascendc.judge.refusal import refusal
from ascendc.judge.result import Layer, Layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from ascendc.judge.graph_values import Made
    from ascendc.judge.match import Pair
    from ascendc.judge.side import Face, Inputs, Side

    Array = npt.NDArray[Any]

ROOM = 1 << 27
"""Bytes of values that are held of each side at a time."""

_UNKNOWN = ROOM >> 3
"""What a tensor counts as whose size is not known."""


class Values(Protocol):
    """Where tensors of a side come from."""

    simulated: bool

    def where(self, tensors: Sequence[Made]) -> dict[str, str]:
        """By tensor of the graph where this side has it; what it does not have is left out."""

    def fetch(self, tensors: Sequence[Made]) -> dict[str, Array]:
        """Values by tensor."""


def layers(pair: Pair, reference: Side, candidate: Side, inputs: Inputs, limit: float) -> Layers:
    """Hold the tensors of two sides against each other, of which one at least is an ONNX graph.

    Args:
        pair: the part.
        reference: one side.
        candidate: the other.
        inputs: as both sides are fed.
        limit: from which error a layer counts as beyond.

    Raises:
        UsageError: neither side is a graph (ASC2813), or no tensor is matched (ASC2814).
        StageError: a side fails (ASC2702, ASC2807, ASC2810).
    """
    paths = _graph(reference, pair.reference), _graph(candidate, pair.candidate)
    with ExitStack() as stack:
        path = paths[0] or paths[1]
        if path is None:
            raise failures.no_layers(
                f"neither `{reference.name}` nor `{candidate.name}` is an ONNX graph, by whose order layers go",
                hint="compare each with the ONNX file that the OM was compiled from, or with the bundle that holds it",
            )
        graph = GraphValues(path, inputs.arrays)
        if paths[0]:
            mine: Values = graph
            theirs = _values(stack, candidate, pair.candidate, paths[1], graph, inputs)
        else:
            mine, theirs = _values(stack, reference, pair.reference, None, graph, inputs), graph
        other = theirs if paths[0] else mine
        return _walk(pair.part, graph, mine, theirs, other.where(graph.tensors), limit)


def _graph(side: Side, face: Face) -> Path | None:
    """The ONNX file that a side is, or holds."""
    if isinstance(side, OnnxSide):
        return side.path
    if isinstance(side, BundleSide):
        return side.onnx(face.part)
    return side.planner.model.onnx(face.part) if isinstance(side, RecipeSide) else None


def _values(stack: ExitStack, side: Side, face: Face, path: Path | None, graph: GraphValues, inputs: Inputs) -> Values:
    if path is not None:
        return GraphValues(path, inputs.arrays)
    if isinstance(side, RecipeSide):
        return ModuleValues(side.module(face.part), side.part(face.part), graph.feeds)
    if isinstance(side, OmSide):
        runs = dumped(side.path, inputs, graph.count, allow_simulated=side.allow_simulated)
        return DumpValues(stack.enter_context(runs))
    if isinstance(side, DumpsSide):
        return DumpValues(of_samples(side.path, len(next(iter(inputs.arrays.values()))), graph.count))
    raise failures.no_layers(f"`{side.name}` has no layers: saved outputs are outputs alone")


def _walk(
    part: str, graph: GraphValues, mine: Values, theirs: Values, where: Mapping[str, str], limit: float
) -> Layers:
    matched = [made for made in graph.tensors if made.tensor in where]
    found: list[Layer] = []
    for group in _groups(matched, graph.count):
        wanted, got = mine.fetch(group), theirs.fetch(group)
        for made in group:
            if made.tensor in wanted and made.tensor in got:
                one, other = _aligned(wanted[made.tensor], got[made.tensor], graph.count)
                if other is not None:
                    found.append(_layer(made, where[made.tensor], one, other, limit))
    if not found:
        raise UsageError(
            "ASC2814",
            f"no tensor of `{graph.path}` is on the other side",
            hint="layers are matched by the names of tensors, modules or nodes: compare with the very file that the "
            "other side was made from",
        )
    seen = {layer.tensor for layer in found}
    return Layers(
        part=part,
        matched=len(found),
        total=len(graph.tensors),
        unmatched=tuple(made.tensor for made in graph.tensors if made.tensor not in seen),
        samples=graph.count,
        limit=limit,
        simulated=mine.simulated or theirs.simulated,
        first=next((layer.tensor for layer in found if not layer.ok), None),
        layers=tuple(found),
    )


def _groups(tensors: Sequence[Made], count: int) -> Iterator[list[Made]]:
    """Tensors whose values have room together, in order."""
    group: list[Made] = []
    held = 0
    for made in tensors:
        size = _UNKNOWN if made.size is None else made.size * count * 4
        if group and held + size > ROOM:
            yield group
            group, held = [], 0
        group.append(made)
        held += size
    if group:
        yield group


def _aligned(wanted: Array, got: Array, count: int) -> tuple[Array, Array | None]:
    """Both with samples first; no second one where it has another number of values.

    A compiler may merge axes, and a batch that was filled up has more rows; a tensor that no sample changes is there
    once for each run. In both, what is too much comes last.
    """
    longer = wanted.ndim and got.ndim and wanted.shape[1:] == got.shape[1:] and len(got) > len(wanted)
    if longer:
        got = got[: len(wanted)]
    if got.size != wanted.size:
        return wanted, None
    shape = (count, -1) if wanted.size and wanted.size % count == 0 else (1, -1)
    return wanted.reshape(shape), got.reshape(shape)


def _layer(made: Made, where: str, wanted: Array, got: Array, limit: float) -> Layer:
    wanted, got = _without_masks(wanted, got)
    refused = refusal(wanted, got)
    if refused is not None:
        return Layer(made.tensor, made.op, made.node, where, False, refused.text, None, None, None)
    seen = figures(wanted, got)
    ok = seen.error is not None and seen.error <= limit
    return Layer(made.tensor, made.op, made.node, where, ok, "", seen.error, seen.cosine_min, seen.max_abs)


def _without_masks(wanted: Array, got: Array) -> tuple[Array, Array]:
    """Zeros where both sides have the same infinity: masks are meant."""
    if wanted.dtype.kind != "f" or got.dtype.kind != "f":
        return wanted, got
    same = np.isinf(wanted) & (wanted == got)
    return (np.where(same, 0, wanted), np.where(same, 0, got)) if same.any() else (wanted, got)
