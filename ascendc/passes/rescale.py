"""Squares and sums that float16 cannot hold: scaled down before, and up again once they are small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx_ir as ir

_REDUCTIONS = ("ReduceMean", "ReduceSum")


class Rescale(Pass):
    """``Sqrt(ReduceSum(x * x) + eps)`` becomes ``Sqrt(ReduceSum(x' * x') + eps') * 2**by``, where ``x' = x / 2**by``.

    1. It starts at a square (``x * x``, ``Pow(x, 2)``), whose factors are divided by 2**by, or at a ReduceSum, whose
       input is divided by 4**by.
    2. It goes on through ReduceSum, ReduceMean, products with and divisions by constants, and the addition of one,
       which is divided too, as long as nothing else reads them.
    3. It ends at a Sqrt, after which numbers are multiplied again; where there is none, at the last product with or
       division by a constant, which takes the factor in.

    Every factor is a power of two, so float32 rounds as before; it differs where numbers fall below 1e-38, no others.
    """

    NAME = "rescale"
    WHY = "The square of 256 is beyond fp16: norms that no kernel fuses overflow on the way to a small result."

    def __init__(self, nodes: Sequence[str], by: int) -> None:
        """Choose.

        Args:
            nodes: names of squares and of ReduceSums; others are left alone.
            by: from 1: what is squared becomes 2**by times smaller.
        """
        if by < 1:
            raise ValueError(f"option `by` of pass `{self.NAME}` must be 1 or more, not {by}")
        self.nodes, self.by = frozenset(nodes), by

    def rewrite(self, model: ir.Model) -> int:
        """Rescale from each of the nodes on; counts those from which it went to an end."""
        starts = [node for node in model.graph if node.name in self.nodes]
        passed: set[ir.Node] = set()
        count = 0
        for start in starts:
            chain = _chain(start) if start not in passed and begins(start) else []
            if chain:
                self._rescale(model, start, chain)
                passed.update(chain)
                count += 1
        return count

    def _rescale(self, model: ir.Model, start: ir.Node, chain: Sequence[ir.Node]) -> None:
        import onnx_ir as ir

        source = start.inputs[0]
        assert source is not None
        down = _factor(model, start, source, -self.by if _is_square(start) else -2 * self.by, "down")
        for index, value in enumerate(start.inputs):
            if value is source:
                start.replace_input_with(index, down)
        end = chain[-1]
        for node in chain:
            if node.op_type == "Add":
                _scale(model, node, -2 * self.by)
        if end.op_type != "Sqrt":
            _scale(model, end, 2 * self.by if end.op_type == "Mul" else -2 * self.by)
            return
        inner = ir.node("Sqrt", end.inputs, name=end.name)
        model.graph.insert_before(end, inner)
        values.replace(end.outputs[0], _factor(model, end, inner.outputs[0], self.by, "up"))
        model.graph.remove(end, safe=True)


def begins(node: ir.Node) -> bool:
    """Whether a chain can begin here: at a square or a ReduceSum."""
    return node.domain == "" and (node.op_type == "ReduceSum" or _is_square(node))


def _chain(start: ir.Node) -> list[ir.Node]:
    """What follows a square or a sum up to where numbers are small again; empty where that is nowhere."""
    found: list[ir.Node] = []
    end = 0
    value = start.outputs[0]
    while len(value.uses()) == 1 and not value.is_graph_output():
        [(node, index)] = value.uses()
        constant = len(node.inputs) > 1 and values.array(node.inputs[1 - index]) is not None
        scales = constant and (node.op_type == "Mul" or (node.op_type == "Div" and index == 0))
        if node.domain != "" or not (
            node.op_type in ("Sqrt", *_REDUCTIONS) or scales or (constant and node.op_type == "Add")
        ):
            break
        found.append(node)
        if node.op_type == "Sqrt":
            return found
        end = len(found) if scales else end
        value = node.outputs[0]
    return found[:end]


def _is_square(node: ir.Node) -> bool:
    first, second = node.inputs[0], node.inputs[1] if len(node.inputs) > 1 else None
    return (node.op_type == "Mul" and first is second) or (node.op_type == "Pow" and values.scalar(second) == 2)


def _scale(model: ir.Model, node: ir.Node, exponent: int) -> None:
    """Multiply the constant that a node adds, multiplies with or divides by with a power of two."""
    for index, value in enumerate(node.inputs):
        data = values.array(value)
        if data is not None:
            scaled = np.ldexp(data, exponent).astype(data.dtype)
            node.replace_input_with(index, values.constant(model, f"{node.name}/scaled", scaled))


def _factor(model: ir.Model, node: ir.Node, source: ir.Value, exponent: int, name: str) -> ir.Value:
    """``source * 2**exponent``, before `node`."""
    import onnx_ir as ir

    dtype = np.dtype(np.float32 if source.dtype is None else source.dtype.numpy())
    power = values.constant(model, f"{node.name}/{name}/factor", np.asarray(2.0**exponent, dtype))
    made = ir.node("Mul", [source, power], name=f"{node.name}/{name}")
    made.outputs[0].type, made.outputs[0].shape = source.type, source.shape
    model.graph.insert_before(node, made)
    return made.outputs[0]
