"""Attention as Ascend likes it: masks that fp16 can hold, no guards, one scale after QK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx_ir as ir

_SHAPING = ("Cast", "Expand", "Identity", "Mul", "Reshape", "Squeeze", "Unsqueeze", "Where")
"""What computes an additive mask from its constants."""


class ClampMask(Pass):
    """Additive attention masks hold 0 and `floor`, and constant ones are one shared constant.

    1. Two constants added one after the other before a Softmax become one: their sum.
    2. In a constant that is added before a Softmax, whatever is below `floor` becomes `floor`.
    3. In a mask computed from an input, the same happens to the constants it is computed from.
    4. Equal constants of (1) and (2) become one.

    exp(-10000) is 0 in fp16 and in fp32, so nothing changes in rows that keep an entry.
    """

    NAME = "clamp-mask"
    WHY = "-3.4e38 is -inf in fp16: two masks add up to -inf - inf, a row without an entry becomes NaN."

    def __init__(self, floor: float = -10000.0) -> None:
        """`floor`: the most negative value that a mask may hold."""
        self.floor = floor

    def rewrite(self, model: ir.Model) -> int:
        """Clamp, combine and share; counts the masks that changed."""
        changed = sum(self._combine(model, softmax) for softmax in values.nodes(model, "Softmax"))
        shared: dict[bytes, ir.Value] = {}
        for softmax in values.nodes(model, "Softmax"):
            for add, index, mask in _masks(softmax):
                changed += self._clamp(model, add, index, mask, shared)
        if changed:
            values.sweep(model)
        return changed

    def _combine(self, model: ir.Model, softmax: ir.Node) -> int:
        constants = [
            (add, index, data) for add, index, mask in _masks(softmax) if (data := values.array(mask)) is not None
        ]
        if len(constants) < 2:
            return 0
        *rest, (add, index, data) = constants
        with np.errstate(over="ignore"):  # two float minima add up to -inf, which is clamped next
            total = sum((other for _, _, other in rest), data)
        add.replace_input_with(index, values.constant(model, f"{add.name}/masks", np.maximum(total, self.floor)))
        for other, position, _ in rest:
            scores = other.inputs[1 - position]
            assert scores is not None
            values.replace(other.outputs[0], scores)
        return len(rest)

    def _clamp(
        self, model: ir.Model, reader: ir.Node, index: int, mask: ir.Value, shared: dict[bytes, ir.Value]
    ) -> int:
        data = values.array(mask)
        if data is None:
            maker = values.producer(mask, *_SHAPING)
            inputs = enumerate(maker.inputs) if maker is not None else ()
            return sum(self._clamp(model, maker, i, value, shared) for i, value in inputs if maker and value)
        if data.dtype.kind != "f":
            return 0
        clamped = np.maximum(data, np.asarray(self.floor, data.dtype))
        low = not np.array_equal(clamped, data)
        key = str((clamped.dtype, clamped.shape)).encode() + clamped.tobytes()
        if low and key not in shared:
            shared[key] = values.constant(model, f"{mask.name}/clamped", clamped)
        one = shared.setdefault(key, mask)
        if one is mask:
            return 0
        reader.replace_input_with(index, one)
        return 1


class DropNanGuard(Pass):
    """``Where(IsNaN(p), 0, p)`` after a Softmax becomes ``p``, unless a row of a mask may be all -inf.

    That guard is for rows without a single entry. Constant masks are looked at; a mask computed from an input is
    trusted only if no constant in it is infinite, which is what `clamp-mask` sees to.
    """

    NAME = "drop-nan-guard"
    WHY = "310, 310P and 910 have no IsNaN on the AI Core; PyTorch's scaled_dot_product_attention guards every layer."

    def rewrite(self, model: ir.Model) -> int:
        """Drop every guard that cannot act."""
        return sum(self._drop(model, where) for where in values.nodes(model, "Where"))

    def _drop(self, model: ir.Model, where: ir.Node) -> bool:
        condition, zero, kept = where.inputs
        guard, softmax = values.producer(condition, "IsNaN"), values.producer(kept, "Softmax")
        if guard is None or softmax is None or guard.inputs[0] is not kept or values.scalar(zero) != 0:
            return False
        if any(_may_be_all_minus_infinity(mask) for _, _, mask in _masks(softmax)):
            return False
        assert kept is not None
        values.replace(where.outputs[0], kept)
        values.sweep(model)
        return True


class OneScale(Pass):
    """``(q * a) @ (k * b)`` becomes ``(q @ k) * (a * b)`` before a Softmax: the form of eager attention."""

    NAME = "one-scale"
    WHY = "ATC fuses attention whose scale stands after QK; PyTorch's scaled_dot_product_attention splits it in two."

    def rewrite(self, model: ir.Model) -> int:
        """Rewrite every QK product that is scaled on both sides."""
        return sum(self._rewrite(model, node) for node in values.nodes(model, "MatMul"))

    def _rewrite(self, model: ir.Model, matmul: ir.Node) -> bool:
        import onnx_ir as ir

        sides = [_scaled(value) for value in matmul.inputs]
        readers = matmul.outputs[0].consumers()
        if any(side is None for side in sides) or {reader.op_type for reader in readers} - {"Add", "Softmax"}:
            return False
        (q, a), (k, b) = (side for side in sides if side is not None)
        scale = values.constant(model, f"{matmul.name}/scale", np.asarray(a * b, a.dtype))
        product = ir.node("MatMul", [q, k], name=matmul.name)
        scaled = ir.node("Mul", [product.outputs[0], scale], name=f"{matmul.name}/Mul")
        model.graph.insert_before(matmul, [product, scaled])
        values.replace(matmul.outputs[0], scaled.outputs[0])
        values.sweep(model)
        return True


def _masks(softmax: ir.Node) -> Iterator[tuple[ir.Node, int, ir.Value]]:
    """The additions before a Softmax that have a mask on one side: the node, the mask's input index, the mask."""
    add = values.producer(softmax.inputs[0], "Add")
    while add is not None:
        left, right = add.inputs
        assert left is not None
        assert right is not None
        index = 0 if values.array(left) is not None or (_are_scores(right) and not _are_scores(left)) else 1
        yield add, index, add.inputs[index] or left
        add = values.producer(add.inputs[1 - index], "Add")


def _are_scores(value: ir.Value | None) -> bool:
    """Whether a product of matrices stands behind `value`, with nothing but scales and masks in between."""
    node = values.producer(value, "Add", "Div", "MatMul", "Mul")
    return node is not None and (node.op_type == "MatMul" or any(map(_are_scores, node.inputs)))


def _may_be_all_minus_infinity(mask: ir.Value) -> bool:
    data = values.array(mask)
    if data is not None:
        return bool(data.dtype.kind == "f" and np.isneginf(data).all(axis=-1).any())
    maker = values.producer(mask, *_SHAPING)
    return maker is None or any(
        (known := values.array(value)) is not None and known.dtype.kind == "f" and not np.isfinite(known).all()
        for value in maker.inputs
    )


def _scaled(value: ir.Value | None) -> tuple[ir.Value, Any] | None:
    """What is multiplied with a constant number, and that number."""
    if (node := values.producer(value, "Mul")) is not None:
        for kept, factor in (tuple(node.inputs), tuple(reversed(node.inputs))):
            if kept is not None and (data := values.array(factor)) is not None and data.size == 1:
                return kept, data.reshape(())[()]
    return None
