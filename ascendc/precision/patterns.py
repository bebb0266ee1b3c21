"""Patterns that Ascend's kernels compute in one piece: norms and GELUs, as exporters write them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.passes import values

if TYPE_CHECKING:
    import onnx_ir as ir

_HALF, _FACTORS = 0.5, 3
_CURVES = ("Erf", "Tanh")
_CUBIC = 4
"""Nodes that ``a·x + b·x³`` takes at least."""


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
    """``x · ½ · (1 + Erf(x / √2))`` or ``x · ½ · (1 + Tanh(a·x + b·x³))``, however factors and terms are ordered."""
    found: set[ir.Node] = {end}
    factors: list[ir.Value | None] = []
    for value in end.inputs:
        maker = values.producer(value, "Mul")
        if maker is not None and (_half(maker) or any(map(_one_plus, maker.inputs))):
            found.add(maker)
            factors += maker.inputs
        else:
            factors.append(value)
    sums = [value for value in factors if _one_plus(value)]
    others = [value for value in factors if value not in sums and values.scalar(value) != _HALF]
    if len(factors) != _FACTORS or len(sums) != 1 or len(others) != 1:
        return None
    total = values.producer(sums[0], "Add")
    curve = _one(total, *_CURVES)
    inner = None if curve is None or others[0] is None else _made_of(curve.inputs[0], others[0])
    if total is None or curve is None or inner is None:
        return None
    scaled = [node.op_type for node in inner] in (["Div"], ["Mul"])
    fits = scaled if curve.op_type == "Erf" else len(inner) >= _CUBIC
    return {*found, total, curve, *inner} if fits else None


def _made_of(value: ir.Value | None, x: ir.Value, depth: int = 6) -> set[ir.Node] | None:
    """The sums, products and powers that make a value of `x` and numbers alone; None: it is made of something else."""
    if value is x or values.scalar(value) is not None:
        return set()
    maker = values.producer(value, "Add", "Div", "Mul", "Pow") if depth else None
    if maker is None:
        return None
    found = {maker}
    for one in maker.inputs:
        part = _made_of(one, x, depth - 1)
        if part is None:
            return None
        found |= part
    return found


def _quick_gelu(end: ir.Node) -> set[ir.Node] | None:
    """``x · Sigmoid(1.702 · x)``."""
    sigmoid = _one(end, "Sigmoid")
    scale = _one(sigmoid, "Mul") if sigmoid is not None else None
    if sigmoid is None or scale is None or not set(scale.inputs) & set(end.inputs):
        return None
    return {end, sigmoid, scale}


MATCHERS = (
    ("LayerNorm", "Add", _layer_norm),
    ("LayerNorm", "Mul", _layer_norm),
    ("LayerNorm", "Div", _layer_norm),
    ("Gelu", "Mul", _gelu),
    ("QuickGelu", "Mul", _quick_gelu),
)
"""Kind of unit, operator of the node that it ends with, and what finds all its nodes from there."""


def _two(node: ir.Node) -> tuple[ir.Node | None, ir.Node | None]:
    """The nodes that make the two inputs."""
    first, second = (value.producer() if value is not None else None for value in node.inputs[:2])
    return first, second


def _one(node: ir.Node | None, *ops: str) -> ir.Node | None:
    """The one node of these operators that makes an input of `node`."""
    made = () if node is None else (values.producer(value, *ops) for value in node.inputs)
    found = list(dict.fromkeys(maker for maker in made if maker is not None))
    return found[0] if len(found) == 1 else None


def _one_plus(value: ir.Value | None) -> bool:
    return _one(values.producer(value, "Add"), *_CURVES) is not None


def _half(node: ir.Node) -> bool:
    return any(values.scalar(value) == _HALF for value in node.inputs)
