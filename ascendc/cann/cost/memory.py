"""Bytes: what operators move, and what must be in memory at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ascendc.cann.cost.graph import Graph, Op, Tensor

VIEWS = frozenset({"Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""Operators whose output is their input's memory under another shape: nothing moves."""

_FREE = frozenset({"Constant", "Shape", "Size"})
_PICKS = frozenset({"Gather", "GatherElements", "GatherND", "Slice"})


def moved(op: Op, float_size: int) -> int:
    """Bytes that `op` reads and writes if it runs alone: every input and output once.

    Of what it picks from (an embedding's table) only the picked part is read.
    """
    if op.op in VIEWS or op.op in _FREE:
        return 0
    written = sum(output.bytes(float_size) for output in op.outputs)
    return written + sum(read(op, at, float_size) for at in range(len(op.inputs)))


def read(op: Op, at: int, float_size: int) -> int:
    """Bytes that `op` reads of its input number `at`."""
    tensor = op.inputs[at]
    if tensor is None or op.op in _FREE or (op.op in VIEWS and not at):
        return 0
    whole = tensor.bytes(float_size)
    return min(whole, op.outputs[0].bytes(float_size)) if op.op in _PICKS and not at and op.outputs else whole


def weights(graph: Graph, float_size: int) -> int:
    """Bytes of all constants, each once however many operators read it."""
    return sum(tensor.bytes(float_size) for tensor in _constants(graph).values())


def through(graph: Graph, float_size: int) -> int:
    """Bytes that must cross memory whatever is fused and cached: weights that are read, inputs and outputs, once."""
    reads: dict[str, int] = {}
    for op in graph.ops:
        for at, tensor in enumerate(op.inputs):
            if tensor is not None and tensor.constant:
                reads[tensor.name] = min(reads.get(tensor.name, 0) + read(op, at, float_size), tensor.bytes(float_size))
    ports = (*graph.inputs, *graph.outputs)
    return sum(reads.values()) + sum(port.bytes(float_size) for port in ports if not port.constant)


def peak(graph: Graph, float_size: int) -> int:
    """Most bytes of activations that are alive at once, operator after operator, inputs and outputs to the end.

    A value lives from the operator that makes it to the last one that reads it; views share their input's memory.
    A lower limit: ATC aligns, keeps workspaces and may reuse less.
    """
    owner = _owners(graph)
    sizes: dict[str, int] = {}
    for tensor in (*graph.inputs, *(output for op in graph.ops for output in op.outputs)):
        name = owner.get(tensor.name, tensor.name)
        sizes[name] = max(sizes.get(name, 0), tensor.bytes(float_size))
    last = {owner.get(port.name, port.name): len(graph.ops) for port in (*graph.inputs, *graph.outputs)}
    for at, op in enumerate(graph.ops):
        for name in (
            owner.get(value.name, value.name) for value in op.inputs if value is not None and not value.constant
        ):
            last[name] = max(last.get(name, 0), at)
    dying: dict[int, list[str]] = {}
    for name, at in last.items():
        dying.setdefault(at, []).append(name)
    alive = {port.name for port in graph.inputs if not port.constant}
    held = sum(sizes[name] for name in alive)
    most = held
    for at, op in enumerate(graph.ops):
        made = {owner.get(output.name, output.name) for output in op.outputs} - alive
        held += sum(sizes.get(name, 0) for name in made)
        alive |= made
        most = max(most, held)
        gone = {name for name in (*dying.get(at, ()), *(name for name in made if name not in last)) if name in alive}
        held -= sum(sizes.get(name, 0) for name in gone)
        alive -= gone
    return most


def _owners(graph: Graph) -> dict[str, str]:
    """For each view, whose memory it is; a view of a weight is nobody's activation."""
    owner: dict[str, str] = {}
    for op in graph.ops:
        source = op.inputs[0] if op.op in VIEWS and op.inputs else None
        if source is not None and not source.constant and op.outputs:
            owner[op.outputs[0].name] = owner.get(source.name, source.name)
    return owner


def _constants(graph: Graph) -> dict[str, Tensor]:
    tensors = (tensor for op in graph.ops for tensor in op.inputs)
    return {tensor.name: tensor for tensor in tensors if tensor is not None and tensor.constant}
