"""Bounds of a graph on a chip: a roofline of two figures, the peak of the cube units and the memory's bandwidth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ascendc.cann.cost import memory
from ascendc.cann.cost.flops import flops
from ascendc.cann.soc import Figure
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ascendc.cann.cost.graph import Graph, Op
    from ascendc.cann.soc import Soc

Precision = Literal["fp16", "bf16", "fp32"]
FLOAT_SIZES: dict[Precision, int] = {"fp16": 2, "bf16": 2, "fp32": 4}
"""Bytes of one float."""

Limit = Literal["compute", "memory", "neither"]
"""Which of the two figures decides."""


@dataclass(frozen=True)
class Machine:
    """What of a chip bounds a graph."""

    soc: str
    precision: Precision
    peak: Figure
    """TFLOPS of the cube units."""
    bandwidth: Figure
    """GB/s of the memory."""
    memory: Figure | None
    """Bytes; None: not in the table."""

    @property
    def float_size(self) -> int:
        """Bytes of one float."""
        return FLOAT_SIZES[self.precision]


@dataclass(frozen=True)
class NodeCost:
    """Operators of one type and shape, each run alone: nothing fused, inputs and outputs crossing memory once."""

    op: str
    shapes: tuple[str, ...]
    """Of the inputs: ``1×50×768``."""
    count: int
    """How many operators are like this."""
    example: str
    """The name of the first."""
    matrix_flops: int
    """Of one."""
    other_flops: int
    """Of one."""
    bytes: int
    """Of one."""
    milliseconds: float
    """Of all: the larger of the times on the cube units and on the memory."""
    limit: Limit
    share: float
    """Of the sum over all operators of the graph."""


@dataclass(frozen=True)
class TypeCost:
    """All operators of one type."""

    op: str
    count: int
    milliseconds: float
    share: float


@dataclass(frozen=True)
class Bound:
    """One batch."""

    batch: int
    matrix_flops: int
    """Operations on the cube units, of the whole batch."""
    other_flops: int
    """Operations on the vector units, which bound nothing here: their peak is in no table."""
    bytes: int
    """What must cross memory however much is fused: weights that are read, inputs and outputs, once."""
    milliseconds: float
    """No run is faster, whatever is fused and cached, if it reads its weights from memory: a cache that is larger than
    all of them may keep them from the run before."""
    per_second: float
    """Items a second that no run exceeds: batch ÷ time."""
    limit: Limit
    unfused_milliseconds: float
    """The sum over operators, each run alone: neither a bound nor a prediction, but where time goes."""
    activations: int
    """Bytes alive at once, at least."""
    weights: int
    """Bytes of all weights in this precision."""
    nodes: tuple[NodeCost, ...]
    """The kinds of operators that take most, the dearest first."""
    types: tuple[TypeCost, ...]
    """All operators by type, what takes most first."""

    @property
    def memory(self) -> int:
        """Bytes of weights and activations."""
        return self.weights + self.activations


def machine(soc: Soc, precision: Precision) -> Machine:
    """What bounds graphs on `soc`. Fp32 has no peak in any table: fp16's, which it cannot exceed, takes its place.

    Raises:
        UsageError: `soc` has no bf16 (ASC2351), or no bandwidth is known of it (ASC2352).
    """
    if precision == "bf16" and not soc.bf16:
        raise UsageError("ASC2351", f"precision must not be bf16: {soc.name} has none; allowed: fp16, fp32")
    if soc.bandwidth is None:
        raise UsageError("ASC2352", f"no memory bandwidth is known of {soc.name}, so nothing can be estimated on it")
    note = f"{soc.cores} × {soc.fp16_macs} multiply-accumulates × 2 × {soc.mhz} MHz"
    if soc.fp16 and soc.fp16.value > soc.fp16_tflops * 1.02:
        note += f"; {soc.fp16.value:g} is in circulation"
    if precision == "fp32":
        note += ", in fp16: fp32 has no more"
    return Machine(soc.name, precision, Figure(round(soc.fp16_tflops, 2), "derived", note), soc.bandwidth, soc.memory)


def bound(graph: Graph, batch: int, chip: Machine, most: int = 10) -> Bound:
    """The bounds of `graph`, which takes `batch` items at once, on `chip`; the `most` dearest kinds of operators."""
    nodes = _nodes(graph.ops, chip)
    matrix = sum(node.matrix_flops * node.count for node in nodes)
    crossing = memory.through(graph, chip.float_size)
    milliseconds, limit = _time(matrix, crossing, chip)
    return Bound(
        batch=batch,
        matrix_flops=matrix,
        other_flops=sum(node.other_flops * node.count for node in nodes),
        bytes=crossing,
        milliseconds=milliseconds,
        per_second=batch / milliseconds * 1e3 if milliseconds else 0.0,
        limit=limit,
        unfused_milliseconds=sum(node.milliseconds for node in nodes),
        activations=memory.peak(graph, chip.float_size),
        weights=memory.weights(graph, chip.float_size),
        nodes=nodes[:most],
        types=_types(nodes),
    )


def _nodes(ops: Iterable[Op], chip: Machine) -> tuple[NodeCost, ...]:
    """All operators, those alike as one, the dearest first."""
    alike: dict[tuple[object, ...], list[Op]] = {}
    for op in ops:
        shapes = tuple(value.shape if value else None for value in (*op.inputs, *op.outputs))
        alike.setdefault((op.op, shapes, tuple(sorted(op.attributes.items()))), []).append(op)
    nodes = [_node(same, chip) for same in alike.values()]
    total = sum(node.milliseconds for node in nodes) or 1.0
    nodes = [replace(node, share=node.milliseconds / total) for node in nodes]
    return tuple(sorted(nodes, key=lambda node: -node.milliseconds))


def _node(alike: Sequence[Op], chip: Machine) -> NodeCost:
    op = alike[0]
    known = flops(op)
    matrix, other = (known.matrix, known.other) if known else (0, 0)
    moved = memory.moved(op, chip.float_size)
    milliseconds, limit = _time(matrix, moved, chip)
    shapes = tuple("×".join(map(str, value.shape)) or "scalar" for value in op.inputs if value)
    all_of_them = milliseconds * len(alike)
    return NodeCost(op.op, shapes, len(alike), op.name, matrix, other, moved, all_of_them, limit, 0.0)


def _time(matrix_flops: int, moved: int, chip: Machine) -> tuple[float, Limit]:
    """Milliseconds, and what decides: ``max(FLOPs ÷ peak, bytes ÷ bandwidth)``."""
    compute, memory_time = matrix_flops / chip.peak.value / 1e9, moved / chip.bandwidth.value / 1e6
    if not compute and not memory_time:
        return 0.0, "neither"
    return max(compute, memory_time), "compute" if compute >= memory_time else "memory"


def _types(nodes: Iterable[NodeCost]) -> tuple[TypeCost, ...]:
    types: dict[str, list[NodeCost]] = {}
    for node in nodes:
        types.setdefault(node.op, []).append(node)
    costs = (
        TypeCost(
            op,
            sum(node.count for node in same),
            sum(node.milliseconds for node in same),
            sum(node.share for node in same),
        )
        for op, same in types.items()
    )
    return tuple(sorted(costs, key=lambda cost: -cost.milliseconds))
