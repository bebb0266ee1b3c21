"""The class token of vision transformers, without Expand and Concat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    import onnx_ir as ir

    from ascendc.passes.values import Array


class ClassToken(Pass):
    """``Concat(token, patches) + positions`` becomes ``Pad(patches) + positions'``, for every batch size.

    1. The token is a constant, alike for all pictures of a batch, or the Expand of one.
    2. It stands before the patches, on axis 1 of three.
    3. The positions are a constant, alike for all pictures, with one row more than there are patches. Row 0 of the
       new table is ``token + positions[0]``, so nothing is rounded differently: zero plus that sum is that sum.
    """

    NAME = "class-token"
    WHY = "The class token is expanded to the batch: a constant per batch size, or Expand, which has no int64 kernel."

    def rewrite(self, model: ir.Model) -> int:
        """Rewrite every such Concat whose only reader is the addition of the positions."""
        return sum(self._rewrite(model, node) for node in values.nodes(model, "Concat"))

    def _rewrite(self, model: ir.Model, concat: ir.Node) -> bool:
        import onnx_ir as ir

        if len(concat.inputs) != 2 or values.attribute(concat, "axis", 0) != 1:
            return False
        token, patches = _token(concat.inputs[0]), concat.inputs[1]
        readers = concat.outputs[0].consumers()
        if token is None or patches is None or len(readers) != 1 or readers[0].op_type != "Add":
            return False
        add = readers[0]
        positions = values.array(add.inputs[0] if add.inputs[1] is concat.outputs[0] else add.inputs[1])
        shape = values.dims(patches)
        if positions is None or positions.ndim not in (2, 3) or shape is None or not isinstance(shape[1], int):
            return False
        table = positions.reshape(-1, *positions.shape[-2:])
        if table.shape[1:] != (shape[1] + 1, token.size) or (table != table[:1]).any():
            return False
        table = table[:1].copy()
        table[:, 0] += token
        pads = values.constant(model, f"{concat.name}/pads", np.array([0, 1, 0, 0, 0, 0], np.int64))
        pad = ir.node("Pad", [patches, pads], {"mode": "constant"}, name=f"{concat.name}/Pad")
        total = ir.node("Add", [pad.outputs[0], values.constant(model, f"{concat.name}/table", table)], name=add.name)
        model.graph.insert_before(add, [pad, total])
        values.replace(add.outputs[0], total.outputs[0])
        values.sweep(model)
        return True


def _token(value: ir.Value | None) -> Array | None:
    """The one row ``[d]`` of a token that is the same for every picture."""
    if (expand := values.producer(value, "Expand")) is not None:
        value = expand.inputs[0]
    rows = values.array(value)
    if rows is None or rows.ndim == 0:
        return None
    rows = rows.reshape(-1, rows.shape[-1])
    return rows[0] if (rows == rows[0]).all() else None
