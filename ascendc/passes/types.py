"""Types: int32 token ids, and no casts that do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    import onnx_ir as ir

_KEEP_TYPE = frozenset({"Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})
_COMPARE = frozenset({"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"})
_EITHER_INDEX = frozenset({"Gather", "GatherElements"})


class Int32Ids(Pass):
    """Inputs of int64 become int32, and so does what is computed from them until an operator insists on int64.

    1. Reshapes and their like carry int32 on.
    2. Gather takes either type as indices; a Cast takes any type.
    3. In a comparison with a constant, the constant becomes int32.
    4. Any other reader gets a Cast back to int64.
    """

    NAME = "int32-ids"
    WHY = "310 compares and expands no int64 on the AI Core, and ids of half the size reach the device sooner."
    CURES = ("int32-ids",)

    def rewrite(self, model: ir.Model) -> int:
        """Retype the int64 inputs; counts them."""
        import onnx_ir as ir

        wide = [value for value in model.graph.inputs if value.dtype == ir.DataType.INT64]
        front = list(wide)
        while front:
            value = front.pop()
            value.dtype = ir.DataType.INT32
            for reader, index in tuple(value.uses()):
                front += self._retype(model, value, reader, index)
        return len(wide)

    def _retype(self, model: ir.Model, value: ir.Value, reader: ir.Node, index: int) -> list[ir.Value]:
        """Make one reader take int32; returns the outputs that are int32 from now on."""
        import onnx_ir as ir

        if reader.op_type in _KEEP_TYPE and index == 0 and not reader.outputs[0].is_graph_output():
            return [reader.outputs[0]]
        if reader.op_type == "Cast" or (reader.op_type in _EITHER_INDEX and index == 1):
            return []
        other = values.array(reader.inputs[1 - index]) if reader.op_type in _COMPARE else None
        if other is not None and np.array_equal(other, other.astype(np.int32)):
            narrow = values.constant(model, f"{reader.name}/int32", other.astype(np.int32))
            reader.replace_input_with(1 - index, narrow)
            return []
        back = ir.node("Cast", [value], {"to": int(ir.DataType.INT64)}, name=f"{reader.name}/int64")
        reader.prepend(back)
        reader.replace_input_with(index, back.outputs[0])
        return []


class DropCasts(Pass):
    """Casts that do nothing go.

    1. A Cast to the type its input already has.
    2. Of two Casts in a row, the first, if every value of its input survives it.
    """

    NAME = "drop-casts"
    WHY = "Casts around Softmax break the attention pattern that ATC fuses, and each is a kernel of its own."

    def rewrite(self, model: ir.Model) -> int:
        """Drop them; counts the Casts that went."""
        before, changed = len(list(values.nodes(model, "Cast"))), False
        if before:
            values.infer(model)
        for cast in values.nodes(model, "Cast"):
            source = values.producer(cast.inputs[0], "Cast")
            if source is not None and source.inputs[0] is not None and _survives(source):
                cast.replace_input_with(0, source.inputs[0])
                changed = True
            value = cast.inputs[0]
            if value is not None and value.dtype == cast.outputs[0].dtype and not _wired_through(cast):
                values.replace(cast.outputs[0], value)
                changed = True
        if not changed:
            return 0
        values.sweep(model)
        return before - len(list(values.nodes(model, "Cast")))


def _survives(cast: ir.Node) -> bool:
    """Whether a Cast loses no value of its input."""
    value = cast.inputs[0]
    if value is None or value.dtype is None or cast.outputs[0].dtype is None:
        return False
    before, after = value.dtype.numpy(), cast.outputs[0].dtype.numpy()
    if before.kind in "iu" and after.kind == "f":  # numpy calls int64 to float64 safe, which it is not
        return bool(np.iinfo(before).bits <= np.finfo(after).nmant)
    return bool(np.can_cast(before, after, casting="safe"))


def _wired_through(cast: ir.Node) -> bool:
    """Whether nothing but the Cast stands between an input or initializer and an output of the graph."""
    return cast.outputs[0].is_graph_output() and cast.inputs[0] is not None and cast.inputs[0].producer() is None
