"""What is computed in one piece: a node, or under the fused bound a pattern that Ascend's kernels keep in float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ascendc.passes import values
from ascendc.precision.bodies import captured

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
_HALF, _FACTORS = 0.5, 3


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

    @property
    def rounds(self) -> bool:
        """Whether float16 can change anything: shape arithmetic has no floats, or asks them for their shape alone."""
        op = self.nodes[0].op_type
        return op in INTEGERS or (op not in _SHAPES and any(map(is_float, (*self.inputs, *self.outputs))))


def is_float(value: ir.Value) -> bool:
    """Whether a value is float32, which ATC may turn into float16."""
    import onnx_ir as ir

    return value.dtype == ir.DataType.FLOAT


def units(model: ir.Model, bound: Bound) -> tuple[Unit, ...]:
    """The units of the main graph, in its order."""
    patterns = list(_patterns(model)) if bound == "fused" else []
    ends = {unit.nodes[-1]: unit for unit in patterns}
    inside = {node for unit in patterns for node in unit.nodes[:-1]}
    return tuple(ends.get(node) or Unit((node,), node.op_type) for node in model.graph if node not in inside)


def _patterns(model: ir.Model) -> Iterator[Unit]:
    taken: set[ir.Node] = set()
    for kind, op, match in _MATCHERS:
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


def _layer_norm(end: ir.Node) -> set[ir.Node] | None:
    """``Add(Mul(Div(x - mean, Sqrt(mean(square) + eps)), gamma), beta)``, or from its Div on."""
    found = {end}
    divide: ir.Node | None = end
    for op in ("Add", "Mul"):
        if divide is not None and divide.op_type == op:
            found.add(divide)
            divide = _one(divide, "Mul", "Div")
    if divide is None or divide.op_type != "Div":
        return None
    centred, root = _two(divide)
    shifted = _one(root, "Add") if root is not None and root.op_type == "Sqrt" else None
    variance = _one(shifted, "ReduceMean") if shifted is not None else None
    square = _one(variance, "Pow", "Mul") if variance is not None else None
    if centred is None or centred.op_type != "Sub" or root is None or shifted is None or square is None:
        return None
    mean = values.producer(centred.inputs[1], "ReduceMean")
    if variance is None or mean is None or centred.outputs[0] not in square.inputs:
        return None
    return found | {divide, centred, root, shifted, variance, square, mean}


def _gelu(end: ir.Node) -> set[ir.Node] | None:
    """``x · ½ · (1 + Erf(x / √2))``, however its factors are ordered."""
    found: set[ir.Node] = {end}
    factors: list[ir.Value | None] = []
    for value in end.inputs:
        maker = values.producer(value, "Mul")
        if maker is not None and (_half(maker) or any(map(_one_plus_erf, maker.inputs))):
            found.add(maker)
            factors += maker.inputs
        else:
            factors.append(value)
    sums = [value for value in factors if _one_plus_erf(value)]
    others = [value for value in factors if value not in sums and values.scalar(value) != _HALF]
    if len(factors) != _FACTORS or len(sums) != 1 or len(others) != 1:
        return None
    total = values.producer(sums[0], "Add")
    erf = _one(total, "Erf")
    scale = _one(erf, "Div", "Mul")
    if total is None or erf is None or scale is None or others[0] not in scale.inputs:
        return None
    return {*found, total, erf, scale}


def _quick_gelu(end: ir.Node) -> set[ir.Node] | None:
    """``x · Sigmoid(1.702 · x)``."""
    sigmoid = _one(end, "Sigmoid")
    scale = _one(sigmoid, "Mul") if sigmoid is not None else None
    if sigmoid is None or scale is None or not set(scale.inputs) & set(end.inputs):
        return None
    return {end, sigmoid, scale}


_MATCHERS = (
    ("LayerNorm", "Add", _layer_norm),
    ("LayerNorm", "Mul", _layer_norm),
    ("LayerNorm", "Div", _layer_norm),
    ("Gelu", "Mul", _gelu),
    ("QuickGelu", "Mul", _quick_gelu),
)


def _two(node: ir.Node) -> tuple[ir.Node | None, ir.Node | None]:
    """The nodes that make the two inputs."""
    first, second = (value.producer() if value is not None else None for value in node.inputs[:2])
    return first, second


def _one(node: ir.Node | None, *ops: str) -> ir.Node | None:
    """The one node of these operators that makes an input of `node`."""
    made = () if node is None else (values.producer(value, *ops) for value in node.inputs)
    found = list(dict.fromkeys(maker for maker in made if maker is not None))
    return found[0] if len(found) == 1 else None


def _one_plus_erf(value: ir.Value | None) -> bool:
    return _one(values.producer(value, "Add"), "Erf") is not None


def _half(node: ir.Node) -> bool:
    return any(values.scalar(value) == _HALF for value in node.inputs)
