"""Attention as Ascend likes it: masks that fp16 can hold, no guards, one scale after QK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx_ir as ir

    from ascendc.passes.values import Array

_SHAPING = ("Cast", "Expand", "Identity", "Mul", "Reshape", "Squeeze", "Unsqueeze", "Where")
"""What computes an additive mask from its constants."""
_LOGICAL = ("And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Or")
"""What makes booleans, where the graph does not record the type."""
_MASKED = -100.0
"""From here down an entry may be masked, whatever floor `clamp-mask` gave it; exp(-100) is 0 in fp16."""


class ClampMask(Pass):
    """Additive attention masks hold 0 and `floor`, and constant ones are one shared constant.

    1. Two constants added one after the other before a Softmax become one: their sum.
    2. In a constant that is added before a Softmax, whatever is below `floor` becomes `floor`.
    3. In a mask computed from an input, the same happens to the constants it is computed from. What is multiplied
       with a constant must be 0 or 1: a boolean that was cast, or 1 less one.
    4. Equal constants of (1) and (2) become one.

    Sums that something else reads too stay as they are. exp(-10000) is 0 in fp16 and in fp32, so nothing changes in
    rows that keep an entry.
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
        (add, index, data), *rest = constants
        with np.errstate(over="ignore"):  # two float minima add up to -inf, which is clamped next
            total = sum((other for _, _, other in rest), data)
        add.replace_input_with(index, values.constant(model, f"{add.name}/masks", np.maximum(total, self.floor)))
        for other, position, _ in rest:
            ((reader, at),) = other.outputs[0].uses()  # `_masks` sees to it that there is no other
            reader.replace_input_with(at, other.inputs[1 - position])
        return len(rest)

    def _clamp(
        self, model: ir.Model, reader: ir.Node, index: int, mask: ir.Value, shared: dict[bytes, ir.Value]
    ) -> int:
        data = values.array(mask)
        if data is None:
            maker = values.producer(mask, *_SHAPING)
            if maker is None or (maker.op_type == "Mul" and not any(map(_is_zero_or_one, maker.inputs))):
                return 0
            inputs = enumerate(maker.inputs)
            return sum(self._clamp(model, maker, i, value, shared) for i, value in inputs if value)
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
    """``Where(IsNaN(p), 0, p)`` after a Softmax becomes ``p``, where every row is known to keep an entry.

    That guard is for rows without a single entry. It goes only if nothing but products of matrices, scaled, and
    constants is added up before the Softmax, and the sum of the constants masks no row of the last axis as a whole.
    """

    NAME = "drop-nan-guard"
    WHY = "310, 310P and 910 have no IsNaN on the AI Core; PyTorch's scaled_dot_product_attention guards every layer."
    CURES = ("nan-guard",)

    def rewrite(self, model: ir.Model) -> int:
        """Drop every guard that cannot act."""
        return sum(self._drop(model, where) for where in values.nodes(model, "Where"))

    def _drop(self, model: ir.Model, where: ir.Node) -> bool:
        condition, zero, kept = where.inputs
        guard, softmax = values.producer(condition, "IsNaN"), values.producer(kept, "Softmax")
        if guard is None or softmax is None or guard.inputs[0] is not kept or values.scalar(zero) != 0:
            return False
        if not _over_last_axis(softmax) or not _keeps_an_entry(softmax.inputs[0]):
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
    """The additions before a Softmax that have a mask on one side: the node, the mask's input index, the mask.

    From the Softmax upwards, as far as nothing else reads the sum.
    """
    add = values.producer(softmax.inputs[0], "Add")
    while add is not None and len(add.outputs[0].uses()) == 1 and not add.outputs[0].is_graph_output():
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


def _is_zero_or_one(value: ir.Value | None) -> bool:
    """Whether `value` is a boolean that was cast, 1 less such a one, or a view of either."""
    import onnx_ir as ir

    if (node := values.producer(value, "Sub")) is not None:
        return values.scalar(node.inputs[0]) == 1 and _is_zero_or_one(node.inputs[1])
    node = values.producer(value, "Cast", "Expand", "Identity", "Reshape", "Squeeze", "Unsqueeze")
    if node is None or (source := node.inputs[0]) is None:
        return False
    if node.op_type == "Cast" and (source.dtype == ir.DataType.BOOL or values.producer(source, *_LOGICAL) is not None):
        return True
    return _is_zero_or_one(source)


def _over_last_axis(softmax: ir.Node) -> bool:
    rank = len(values.dims(softmax.inputs[0]) or ())
    return values.attribute(softmax, "axis", None) in ((-1, rank - 1) if rank else (-1,))


def _keeps_an_entry(value: ir.Value | None) -> bool:
    """Whether the constants in a sum of scores and constants leave every row an entry."""
    found: list[Array] = []
    if not _collect(value, found):
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.atleast_1d(sum((data.astype(np.float64) for data in found), np.zeros(1)))
    return bool((total < np.inf).all() and (total > _MASKED).any(axis=-1).all())


def _collect(value: ir.Value | None, found: list[Array]) -> bool:
    """Append the constants of a sum to `found`; whether all the rest of it is known to be scores."""
    if (data := values.array(value)) is not None:
        found.append(data)
        return True
    if (add := values.producer(value, "Add")) is not None:
        return all(_collect(side, found) for side in add.inputs)
    if (view := values.producer(value, "Expand", "Identity")) is not None:  # broadcasting does what Expand does
        return _collect(view.inputs[0], found)
    return _are_plain_scores(value)


def _are_plain_scores(value: ir.Value | None) -> bool:
    """Whether `value` is a product of matrices, times or by finite constants."""
    if (node := values.producer(value, "Div", "Mul")) is None:
        return values.producer(value, "MatMul") is not None
    for index, factor in enumerate(node.inputs):
        data = values.array(factor)
        if data is not None and np.isfinite(data).all() and (node.op_type == "Mul" or (index == 1 and data.all())):
            return _are_plain_scores(node.inputs[1 - index])
    return False


def _scaled(value: ir.Value | None) -> tuple[ir.Value, Any] | None:
    """What is multiplied with a constant number, and that number."""
    if (node := values.producer(value, "Mul")) is not None:
        for kept, factor in (tuple(node.inputs), tuple(reversed(node.inputs))):
            if kept is not None and (data := values.array(factor)) is not None and data.size == 1:
                return kept, data.reshape(())[()]
    return None
