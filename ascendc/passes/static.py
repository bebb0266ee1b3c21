"""The last look: nothing is left that only a CPU would compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.errors import StageError
from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    import onnx_ir as ir

_SHAPE_OPERATORS = frozenset({"ConstantOfShape", "Expand", "IsNaN", "NonZero", "Range", "Shape", "Size", "Where"})


class AssertStatic(Pass):
    """Changes nothing; refuses a graph that still computes shapes or reckons in int64.

    A plugin lists it last to promise that its other passes left

    1. no Shape, Size, Range, Where, Expand, ConstantOfShape, NonZero or IsNaN,
    2. no ArgMax of integers, which fp16 cannot tell apart,
    3. no value in int64 but constants (shapes, axes, pads).
    """

    NAME = "assert-static"
    WHY = "Such operators run on the AI CPU, differ from SoC to SoC in the types they take, or are missing."

    def rewrite(self, model: ir.Model) -> int:
        """Look.

        Raises:
            StageError: something is left; names the first of each kind (ASC1531).
        """
        values.infer(model)
        offences: dict[str, str] = {}
        for node in model.graph:
            if (kind := _offence(node)) is not None:
                offences.setdefault(kind, f"{kind} (`{node.name}`)")
        if offences:
            raise StageError(
                "ASC1531",
                "the fixed graph must hold no shape operators and no int64 arithmetic; "
                f"it holds {', '.join(offences.values())}",
            )
        return 0


def _offence(node: ir.Node) -> str | None:
    import onnx_ir as ir

    if node.op_type == "Constant":
        return None
    if node.op_type in _SHAPE_OPERATORS:
        return node.op_type
    if node.op_type == "ArgMax" and (value := node.inputs[0]) is not None and value.dtype is not None:
        return "ArgMax of integers" if value.dtype.is_integer() else None
    if any(value.dtype == ir.DataType.INT64 for value in node.outputs):
        return f"{node.op_type} in int64"
    return None
