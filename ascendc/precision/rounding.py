"""Float16 written into an ONNX graph that onnxruntime computes in float32: a tensor to float16, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ascendc.precision import bodies
from ascendc.precision.units import INTEGERS, is_float

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import onnx_ir as ir

    from ascendc.precision.units import Unit

LARGEST = 65504.0
"""The largest number of float16."""

Overflow = Literal["inf", "saturate"]
"""What becomes of numbers beyond it."""


@dataclass
class Writer:
    """Writes units, in float32 or rounded, as ONNX nodes.

    Args:
        model: the graph, with types inferred.
        overflow: what becomes of numbers beyond float16.
    """

    model: ir.Model
    overflow: Overflow = "inf"
    _count: int = field(default=0, init=False)
    _floats: frozenset[str] = field(default=frozenset(), init=False)
    _protos: dict[ir.Node, NodeProto] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._floats = bodies.infer(self.model)

    def exact(self, unit: Unit, rename: Mapping[str, str], suffix: str) -> list[NodeProto]:
        """The unit as it is: inputs by `rename`, everything that it makes with `suffix`."""
        return list(self._copy(unit, dict(rename), suffix, rounds=False))

    def half(self, unit: Unit, rename: Mapping[str, str], suffix: str, ready: Collection[str] = ()) -> list[NodeProto]:
        """The unit with inputs and outputs rounded to float16.

        Args:
            unit: the unit.
            rename: what its inputs are called.
            suffix: of what it makes.
            ready: inputs, as they are called, that have been rounded before.
        """
        names = dict(rename)
        nodes: list[NodeProto] = []
        for value in unit.inputs:
            name = str(value.name)
            source = names.get(name, name)
            if source in ready or unit.stays(value):
                continue
            if is_float(value):
                names[name] = self._fresh(source)
                nodes += self.round(source, names[name])
            elif unit.nodes[0].op_type in INTEGERS and value is unit.nodes[0].inputs[0]:
                names[name] = self._fresh(source)
                nodes += self._through_half(source, names[name])
        made = {str(value.name): str(value.name) + suffix for value in unit.outputs}
        nodes += self._copy(unit, names, "@raw" + suffix, rounds=True)
        for value in unit.outputs:
            raw, name = f"{value.name}@raw{suffix}", made[str(value.name)]
            nodes += self.round(raw, name) if is_float(value) else [helper.make_node("Identity", [raw], [name])]
        return nodes

    def round(self, source: str, target: str) -> list[NodeProto]:
        """``target = float32(float16(source))``."""
        nodes, limited = [], source
        if self.overflow == "saturate":
            limited = target + "@limited"
            nodes.append(helper.make_node("Max", [source, "@lowest"], [target + "@high"]))
            nodes.append(helper.make_node("Min", [target + "@high", "@highest"], [limited]))
        nodes.append(helper.make_node("Cast", [limited], [target + "@16"], to=TensorProto.FLOAT16))
        nodes.append(helper.make_node("Cast", [target + "@16"], [target], to=TensorProto.FLOAT))
        return nodes

    def limits(self) -> list[TensorProto]:
        """Initializers that `round` refers to."""
        both = {"@lowest": -LARGEST, "@highest": LARGEST}
        return [numpy_helper.from_array(np.float32(value), name) for name, value in both.items()]

    def _through_half(self, source: str, target: str) -> list[NodeProto]:
        """Integers as float16 has them, in float32: ids above 2048 lose their last digits."""
        first = helper.make_node("Cast", [source], [target + "@32"], to=TensorProto.FLOAT)
        return [first, *self.round(target + "@32", target)]

    def _copy(self, unit: Unit, names: dict[str, str], suffix: str, rounds: bool) -> Iterable[NodeProto]:
        for node in unit.nodes:
            proto = self._proto(node)
            bodies.rewrite(proto, names, self._floats, self.round if rounds else None)
            inputs = [names.get(name, name) for name in proto.input]
            for name in proto.output:
                if name:
                    names[name] = name + suffix
            outputs = [name + suffix if name else "" for name in proto.output]
            del proto.input[:], proto.output[:]
            proto.input.extend(inputs)
            proto.output.extend(outputs)
            proto.name = f"{proto.name}{suffix}{self._number()}"
            yield proto

    def _proto(self, node: ir.Node) -> NodeProto:
        """A copy of a node, which is translated once: that costs more than all the rest of the writing."""
        import onnx_ir as ir

        if node not in self._protos:
            self._protos[node] = ir.to_proto(node)
        copy = NodeProto()
        copy.CopyFrom(self._protos[node])
        return copy

    def _fresh(self, name: str) -> str:
        return f"{name}@in{self._number()}"

    def _number(self) -> int:
        self._count += 1
        return self._count
