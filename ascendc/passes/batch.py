"""One graph for every batch size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ascendc.errors import StageError
from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    import onnx_ir as ir

_BROADCAST = frozenset(
    {"Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "MatMul", "Max", "Min", "Mul"}
    | {"Or", "Pow", "Sub", "Where"}
)


class SymbolicBatch(Pass):
    """Frees a graph that was traced at one batch size: axis 0 of its inputs and outputs becomes symbolic.

    The batch it was traced at is axis 0 of its inputs. For what is computed from an input:

    1. A Reshape to the shape that its input has goes.
    2. A Reshape whose target begins with the batch, from an input that does too, begins with 0 (copy).
    3. A Reshape that merges the batch into axis 0, or takes it out again, begins with -1, the rest being known.
    4. A constant that is broadcast against it and is the same for every row of axis 0 keeps one row.

    Then ONNX infers the shapes again, with the symbol. The pass refuses where axis 0 stays fixed to the batch:
    no graph leaves it that only looks free.
    """

    NAME = "symbolic-batch"
    WHY = "Static batches and gears then come from one graph by ATC's --input_shape, without a trace for each."

    def __init__(self, symbol: str = "batch") -> None:
        """`symbol`: the name of the axis."""
        self.symbol = symbol

    def rewrite(self, model: ir.Model) -> int:
        """Free the batch; counts the nodes that changed, and the inputs.

        Raises:
            StageError: the inputs do not share a batch (ASC1521), or it stays fixed somewhere (ASC1522).
        """
        import onnx_ir as ir

        batch = self._traced_at(model)
        if batch is None:
            return 0
        values.infer(model)
        dependent = _dependent(model)
        rows: dict[ir.Value, ir.Value] = {}
        changed = 0
        for node in tuple(model.graph):
            if node.domain == "" and any(value in dependent for value in node.inputs):
                reshape = node.op_type == "Reshape"
                changed += _reshape(model, node, batch) if reshape else _thin(model, node, batch, rows)
        values.sweep(model)
        for value in model.graph.inputs:
            assert value.shape is not None
            value.shape = ir.Shape([self.symbol, *value.shape[1:]])
        outputs = [value for value in model.graph.outputs if (values.dims(value) or (None,))[0] == batch]
        self._check(model, batch, outputs)
        return changed + len(model.graph.inputs)

    def _traced_at(self, model: ir.Model) -> int | None:
        """The batch of the inputs; None where it is symbolic already."""
        leading = {value.name: (values.dims(value) or (None,))[0] for value in model.graph.inputs}
        found = set(leading.values())
        if found and not any(isinstance(size, int) for size in found):
            return None
        if len(found) == 1 and isinstance(size := found.pop(), int):
            return size
        shown = ", ".join(f"`{name}` {size}" for name, size in leading.items())
        raise StageError("ASC1521", f"the inputs must have one batch size on axis 0, not {shown or 'no inputs at all'}")

    def _check(self, model: ir.Model, batch: int, outputs: list[ir.Value]) -> None:
        """Infer with the symbol, and find what is fixed all the same."""
        import onnx_ir as ir

        for value in outputs:
            value.shape = ir.Shape([self.symbol, *(values.dims(value) or ())[1:]])
        try:
            values.infer(model)
        except StageError as error:
            raise self._fixed(batch, error.message) from error
        dependent = _dependent(model)
        for node in model.graph:
            for value in node.outputs:
                shape = values.dims(value) or (None,)
                # At a batch of 1 only outputs can be judged: inside, a 1 may be there for another reason.
                if shape[0] == batch and (value in outputs or (batch > 1 and value in dependent)):
                    raise self._fixed(batch, f"`{node.name}` ({node.op_type}) makes {shape}")

    @staticmethod
    def _fixed(batch: int, why: str) -> StageError:
        return StageError(
            "ASC1522",
            f"the batch cannot be made symbolic, something fixes it to the {batch} it was traced at: {why}",
            hint="a pass of its own must rewrite that place first, as `class-token` and `eos-pool` do for CLIP",
        )


def _dependent(model: ir.Model) -> set[ir.Value | None]:
    """The values that are computed from an input."""
    found: set[ir.Value | None] = set(model.graph.inputs)
    for node in model.graph:
        if any(value in found for value in node.inputs):
            found.update(node.outputs)
    return found


def _reshape(model: ir.Model, node: ir.Node, batch: int) -> bool:
    source, target = node.inputs[0], values.array(node.inputs[1])
    before, after = values.dims(source), values.dims(node.outputs[0])
    if source is None or target is None or before is None or after is None or target.size == 0:
        return False
    if before == after and not node.outputs[0].is_graph_output():
        values.replace(node.outputs[0], source)  # rule 1
        return True
    if target[0] == batch == before[0]:
        fresh = [0, *target[1:]]  # rule 2
    elif isinstance(after[0], int) and after[0] % batch == 0 and target[0] > 0 and None not in after[1:]:
        fresh = [-1, *after[1:]]  # rule 3
    else:
        return False
    node.replace_input_with(1, values.constant(model, f"{node.name}/shape", np.array(fresh, np.int64)))
    node.attributes.pop("allowzero", None)  # 0 must mean copy here; no axis of a trace is empty
    return True


def _thin(model: ir.Model, node: ir.Node, batch: int, rows: dict[ir.Value, ir.Value]) -> int:
    """Rule 4; `rows` remembers what became of a constant, for its other readers."""
    if node.op_type not in _BROADCAST or batch == 1:
        return 0
    rank = len(values.dims(node.outputs[0]) or ())
    changed = 0
    for index, value in enumerate(node.inputs):
        data = values.array(value)
        if node.op_type == "MatMul" and data is not None and data.ndim < 3:
            continue  # its axis 0 is no batch: it is multiplied
        if data is not None and data.ndim == rank and data.shape[0] == batch and (data == data[:1]).all():
            assert value is not None
            if value not in rows:
                rows[value] = values.constant(model, f"{value.name}/row", data[:1])
            node.replace_input_with(index, rows[value])
            changed = 1
    return changed
