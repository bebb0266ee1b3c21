"""Small algebra: norms that ATC can parse, constants that meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    import onnx_ir as ir

    from ascendc.passes.values import Array


class ReduceL2(Pass):
    """``ReduceL2(x)`` of opset 18 becomes ``Sqrt(ReduceSum(x * x))``; the axes stay the input that they are there."""

    NAME = "reduce-l2"
    WHY = "Opset 18 moved ReduceL2's axes into an input, and ATC registers the operator only up to 17."
    CURES = ("reduce-l2-attribute",)

    def rewrite(self, model: ir.Model) -> int:
        """Decompose every ReduceL2, if the graph has opset 18 or newer."""
        found = list(values.nodes(model, "ReduceL2")) if model.opset_imports.get("", 0) >= 18 else []
        for node in found:
            self._decompose(model, node)
        return len(found)

    @staticmethod
    def _decompose(model: ir.Model, node: ir.Node) -> None:
        import onnx_ir as ir

        x, *axes = node.inputs
        square = ir.node("Mul", [x, x], name=f"{node.name}/Mul")
        total = ir.node("ReduceSum", [square.outputs[0], *axes], dict(node.attributes), name=f"{node.name}/ReduceSum")
        root = ir.node("Sqrt", total.outputs, name=node.name)
        model.graph.insert_before(node, [square, total, root])
        values.replace(node.outputs[0], root.outputs[0])
        model.graph.remove(node, safe=True)


class FoldScale(Pass):
    """Numbers that follow each other meet.

    1. ``(x * a) * b``, ``(x / a) * b`` and their like become ``x * c``.
    2. ``x * 1`` and ``x / 1`` go.

    A lone ``x / a`` stays: rounding differs from that of ``x * (1 / a)``. So do numbers whose product the type of x
    cannot hold to its full precision: it overflows, vanishes or is subnormal.
    """

    NAME = "fold-scale"
    WHY = "Each Mul by a number is a kernel of its own on the vector unit, and hides patterns that ATC fuses."

    def rewrite(self, model: ir.Model) -> int:
        """Merge from the inputs on; counts the merges."""
        merged = [self._merge(model, node) for node in values.nodes(model, "Mul", "Div")]
        if any(merged):
            values.sweep(model)
        return sum(merged)

    @staticmethod
    def _merge(model: ir.Model, node: ir.Node) -> bool:
        import onnx_ir as ir

        outer = _factor(node)
        if outer is None:
            return False
        source, factor = outer
        inner = source.producer()
        if inner is not None and len(source.uses()) == 1 and (scaled := _factor(inner)) is not None:
            source, factor = scaled[0], scaled[1] * factor
        elif factor != 1 or source.dtype != node.outputs[0].dtype or source.is_graph_input():
            return False
        if factor == 1 and not (node.outputs[0].is_graph_output() and source.producer() is None):
            values.replace(node.outputs[0], source)
            return True
        dtype = source.dtype or node.outputs[0].dtype
        number = _held(factor, dtype.numpy() if dtype else np.dtype(np.float32))
        if number is None:
            return False
        scale = values.constant(model, f"{node.name}/scale", number)
        merged = ir.node("Mul", [source, scale], name=node.name)
        model.graph.insert_before(node, merged)
        values.replace(node.outputs[0], merged.outputs[0])
        return True


def _factor(node: ir.Node) -> tuple[ir.Value, float] | None:
    """What a node multiplies with a number, and that number."""
    if node.domain != "" or node.op_type not in ("Mul", "Div"):
        return None
    left, right = node.inputs
    if left is not None and (number := _number(right)) is not None:
        return left, 1 / number if node.op_type == "Div" else number
    if node.op_type == "Mul" and right is not None and (number := _number(left)) is not None:
        return right, number
    return None


def _held(number: float, dtype: np.dtype[Any]) -> Array | None:
    """The number in `dtype`; None where that is not finite, is 0 or subnormal, or is off by more than rounding."""
    with np.errstate(over="ignore", under="ignore"):
        data = np.asarray(number, dtype)
    limits, held = np.finfo(dtype), float(data)
    normal = np.isfinite(held) and abs(held) >= float(limits.tiny)
    return data if normal and abs(held - number) <= float(limits.eps) * abs(number) else None


def _number(value: ir.Value | None) -> float | None:
    """A constant without axes of its own: of float type, finite and not 0."""
    data = values.array(value)
    if data is None or data.size != 1 or data.ndim > 1 or data.dtype.kind != "f":
        return None
    number = float(data.reshape(()))
    return number if np.isfinite(number) and number != 0 else None
