"""Patch embeddings: convolutions whose windows do not overlap are products of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    import onnx_ir as ir


class PatchMatMul(Pass):
    """A Conv whose strides are its kernel becomes Reshape, Transpose, Reshape and MatMul: the same products, added up.

    1. Two axes of space, whose sizes are known and multiples of the kernel; no pads, dilations or groups.
    2. Where its result is only flattened and transposed to rows of tokens, as vision transformers do, both go.

    float32 may add the products up in another order; nothing else differs.
    """

    NAME = "patch-matmul"
    WHY = "The AI Core of 310, 310P and 910 convolves in fp16 and int8 only; its products of matrices take fp32."

    def rewrite(self, model: ir.Model) -> int:
        """Rewrite every such Conv."""
        return sum(self._rewrite(model, node) for node in values.nodes(model, "Conv"))

    def _rewrite(self, model: ir.Model, conv: ir.Node) -> bool:
        import onnx_ir as ir

        weight, sizes = values.array(conv.inputs[1]), values.dims(conv.inputs[0])
        if weight is None or sizes is None or not _is_patches(conv, weight.shape, sizes):
            return False
        count, channels, high, wide = weight.shape
        rows, columns = (int(size or 0) // kernel for size, kernel in zip(sizes[2:], (high, wide), strict=True))
        made: list[ir.Node] = []

        def then(op: str, name: str, *inputs: ir.Value | None, **attributes: tuple[int, ...]) -> ir.Value:
            made.append(ir.node(op, inputs, attributes, name=f"{conv.name}/{name}"))
            return made[-1].outputs[0]

        def reshaped(value: ir.Value | None, name: str, *shape: int) -> ir.Value:
            sizes = values.constant(model, f"{conv.name}/{name}/shape", np.array(shape, np.int64))
            return then("Reshape", name, value, sizes)

        split = reshaped(conv.inputs[0], "split", 0, channels, rows, high, columns, wide)
        windows = then("Transpose", "windows", split, perm=(0, 2, 4, 1, 3, 5))
        patches = reshaped(windows, "patches", 0, rows * columns, channels * high * wide)
        matrix = values.constant(model, f"{conv.name}/matrix", weight.reshape(count, -1).T)
        tokens = then("MatMul", "MatMul", patches, matrix)
        if len(conv.inputs) > 2:
            tokens = then("Add", "Add", tokens, conv.inputs[2])
        rowwise = _tokens(conv, count, rows * columns)
        if rowwise is None:
            tokens = reshaped(then("Transpose", "planes", tokens, perm=(0, 2, 1)), "image", 0, count, rows, columns)
        model.graph.insert_before(conv, made)
        values.replace(rowwise or conv.outputs[0], tokens)
        values.sweep(model)
        return True


def _is_patches(conv: ir.Node, weight: tuple[int, ...], sizes: tuple[int | str | None, ...]) -> bool:
    """Whether windows lie side by side and cover everything."""
    if len(weight) != 4 or len(sizes) != 4:
        return False
    kernel = list(weight[2:])
    return (
        list(values.attribute(conv, "strides", (1, 1))) == kernel
        and not any(values.attribute(conv, "pads", ()))
        and values.attribute(conv, "auto_pad", "NOTSET") in ("NOTSET", "VALID")
        and set(values.attribute(conv, "dilations", (1, 1))) == {1}
        and values.attribute(conv, "group", 1) == 1
        and all(isinstance(size, int) and size % side == 0 for size, side in zip(sizes[2:], kernel, strict=True))
    )


def _tokens(conv: ir.Node, channels: int, count: int) -> ir.Value | None:
    """The rows of tokens that a Reshape and a Transpose make of all that a Conv gives."""
    flat = _reader(conv, "Reshape")
    asked = None if flat is None else values.array(flat.inputs[1])
    if flat is None or asked is None or asked.size != 3:
        return None
    batch, middle, last = (int(size) for size in asked)
    if middle != channels or (last != count and (last != -1 or batch == -1)):
        return None
    turned = _reader(flat, "Transpose")
    return None if turned is None or tuple(values.attribute(turned, "perm", ())) != (0, 2, 1) else turned.outputs[0]


def _reader(node: ir.Node, op: str) -> ir.Node | None:
    """The only reader of a node's result, if it is of this operator."""
    value = node.outputs[0]
    uses = value.uses()
    if len(uses) != 1 or value.is_graph_output():
        return None
    [(reader, index)] = uses
    return reader if reader.op_type == op and reader.domain == "" and index == 0 else None
