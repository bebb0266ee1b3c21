"""The model with any of its units in float16: one graph with a switch for each unit, so that trials cost a run each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from ascendc.errors import StageError
from ascendc.precision.engine import Engine, small
from ascendc.precision.feeds import fed
from ascendc.precision.rounding import Overflow, Writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    import onnx_ir as ir
    from onnx import NodeProto, ValueInfoProto

    from ascendc.precision.units import Unit

    Array = npt.NDArray[Any]

_SWITCH = "@half"


class Emulator:
    """Runs a model with some of its units rounded to float16.

    Each unit becomes an If: the branch that is not taken costs nothing, and weights are rounded only where they are
    used in float16.
    """

    def __init__(self, model: ir.Model, units: Sequence[Unit], overflow: Overflow = "inf") -> None:
        """Write and open the graph.

        Args:
            model: with types inferred.
            units: of its main graph, all of them.
            overflow: what becomes of numbers beyond float16.

        Raises:
            StageError: onnxruntime does not take it (ASC2701), or a type is not known (ASC2703).
        """
        self.units = tuple(units)
        writer = Writer(model, overflow)
        nodes: list[NodeProto] = []
        for index, unit in enumerate(units):
            nodes += _switched(writer, unit, index) if unit.rounds else writer.exact(unit, {}, "")
        switch = helper.make_tensor_value_info(_SWITCH, TensorProto.BOOL, [len(units)])
        places = [numpy_helper.from_array(np.int64(i), f"@{i}") for i in range(len(units))]
        inputs = [*(info(value) for value in fed(model)), switch]
        graph = helper.make_graph(nodes, "rounded", inputs, [], [*small(model), *writer.limits(), *places])
        self._engine = Engine(model, graph, [info(value) for value in model.graph.outputs])

    def run(self, feeds: Mapping[str, Array], half: Sequence[bool]) -> dict[str, Array]:
        """Outputs by name.

        Args:
            feeds: the model's inputs.
            half: for each unit whether it is computed in float16.
        """
        return self._engine.run({**feeds, _SWITCH: np.array(half, bool)})


def info(value: ir.Value) -> ValueInfoProto:
    """Name and element type; the shape is left open.

    Raises:
        StageError: the type is not known (ASC2703).
    """
    if value.dtype is None:
        raise StageError("ASC2703", f"the type of `{value.name}` cannot be inferred, so it cannot be rounded")
    shape = None if value.shape is None else [None] * len(value.shape)
    return helper.make_tensor_value_info(str(value.name), int(value.dtype), shape)


def _switched(writer: Writer, unit: Unit, index: int) -> list[NodeProto]:
    branches = {}
    for branch, write in (("then_branch", writer.half), ("else_branch", writer.exact)):
        suffix = f"@{branch[0]}"
        made = []
        for value in unit.outputs:
            one = info(value)
            one.name += suffix
            one.type.tensor_type.ClearField("shape")
            made.append(one)
        branches[branch] = helper.make_graph(write(unit, {}, suffix), f"{branch}{index}", [], made)
    chosen = helper.make_node("Gather", [_SWITCH, f"@{index}"], [f"@half{index}"], axis=0)
    outputs = [str(value.name) for value in unit.outputs]
    return [chosen, helper.make_node("If", [f"@half{index}"], outputs, name=f"@if{index}", **branches)]
