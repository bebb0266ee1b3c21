"""What is computed in one piece: a node, or under the fused bound a pattern that Ascend's kernels keep in float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ascendc.passes import values
from ascendc.precision.bodies import captured
from ascendc.precision.patterns import MATCHERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx_ir as ir

Bound = Literal["fused", "unfused"]
"""unfused: every node rounds what it gives, the worst case; fused: what CANN has one kernel for rounds only its end.

Source: names of fusion passes and kernels in CANN 8.1.RC1 (LayerNorm, Gelu, FastGelu). Whether ATC fuses a given
pattern is only known from its own graph.
"""


INTEGERS = ("ArgMax", "ArgMin")
"""Operators whose integers go through float16 too: the AI Core of Ascend310 has no other kernel (ArgMaxV2, 8.1.RC1)."""

_SHAPES = ("Shape", "Size")

_SIZED = ("Resize", "Upsample")
"""Operators whose inputs, but for the first, say how large the result becomes."""


@dataclass(frozen=True)
class Unit:
    """Nodes that round together; most are one node."""

    nodes: tuple[ir.Node, ...]
    """In the order of the graph; the last makes the result."""
    kind: str
    """The operator, or what the pattern is: ``LayerNorm``, ``Gelu``, ``QuickGelu``."""

    @property
    def name(self) -> str:
        """Of the node that makes the result."""
        return self.nodes[-1].name or ""

    @property
    def inputs(self) -> tuple[ir.Value, ...]:
        """What comes from outside, each once; what graphs inside of a node use, too."""
        own = {value for node in self.nodes for value in node.outputs}
        fed = (value for node in self.nodes for value in (*node.inputs, *captured(node)))
        return tuple(dict.fromkeys(value for value in fed if value is not None and value not in own))

    @property
    def outputs(self) -> tuple[ir.Value, ...]:
        """What is used outside."""
        return tuple(value for value in self.nodes[-1].outputs if value.name)

    def stays(self, value: ir.Value) -> bool:
        """Whether an input is no data, and so is float32 in any mode.

        Fused kernels have their scalars (eps) as attributes.
        """
        first = self.nodes[0]
        if first.op_type in _SIZED:
            return value in first.inputs[1:]
        return len(self.nodes) > 1 and values.scalar(value) is not None

    @property
    def rounds(self) -> bool:
        """Whether float16 can change anything: shape arithmetic has no floats, or asks them for their shape alone."""
        op = self.nodes[0].op_type
        return op in INTEGERS or (op not in _SHAPES and any(map(is_float, (*self.inputs, *self.outputs))))


def is_float(value: ir.Value) -> bool:
    """Whether a value is float32, which ATC may turn into float16; an empty one has nothing to turn."""
    import onnx_ir as ir

    empty = value.shape is not None and 0 in value.shape
    return value.dtype == ir.DataType.FLOAT and not empty


def units(model: ir.Model, bound: Bound) -> tuple[Unit, ...]:
    """The units of the main graph, in its order."""
    patterns = list(_patterns(model)) if bound == "fused" else []
    ends = {unit.nodes[-1]: unit for unit in patterns}
    inside = {node for unit in patterns for node in unit.nodes[:-1]}
    return tuple(ends.get(node) or Unit((node,), node.op_type) for node in model.graph if node not in inside)


def _patterns(model: ir.Model) -> Iterator[Unit]:
    taken: set[ir.Node] = set()
    for kind, op, match in MATCHERS:
        for node in reversed(tuple(values.nodes(model, op))):  # the longest pattern ends last
            found = match(node)
            if found and not taken & found and _closed(found, node):
                taken |= found
                yield Unit(tuple(n for n in model.graph if n in found), kind)


def _closed(found: set[ir.Node], end: ir.Node) -> bool:
    """Whether nothing but the end's result is used outside."""
    return all(
        not value.is_graph_output() and all(user in found for user, _ in value.uses())
        for node in found - {end}
        for value in node.outputs
    )
