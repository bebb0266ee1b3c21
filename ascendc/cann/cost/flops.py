"""Arithmetic of ONNX's operators, in floating-point operations.

A multiply-accumulate is two. What is multiplied as matrices is told from the rest, since only that runs on the cube
units, whose peak is known; the rest is counted by what the operator's definition needs per element.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ascendc.cann.cost.graph import Op

# fmt: off
PER_OUTPUT = {
    **dict.fromkeys((
        "Abs", "Add", "And", "Ceil", "Clip", "Cos", "Div", "Equal", "Erf", "Exp", "Floor", "Greater",
        "GreaterOrEqual", "IsInf", "IsNaN", "LeakyRelu", "Less", "LessOrEqual", "Log", "Max", "Min", "Mod", "Mul",
        "Neg", "Not", "Or", "PRelu", "Pow", "Reciprocal", "Relu", "Round", "Sign", "Sin", "Sqrt", "Sub", "Tan",
        "Where", "Xor",
    ), 1),
    "BatchNormalization": 2,  # folded into a factor and a summand
    "HardSigmoid": 3,
    "HardSwish": 4,
    "Elu": 3,
    "Sigmoid": 3,  # exponential, sum, quotient
    "Softplus": 3,
    "Softmax": 5,  # maximum, difference, exponential, sum, quotient
    "LogSoftmax": 5,
    "Tanh": 5,
    "Gelu": 6,
    "Mish": 6,
    "LayerNormalization": 8,  # mean, difference, square, mean, root, quotient, factor, summand
    "InstanceNormalization": 8,
    "GroupNormalization": 8,
    "RMSNormalization": 5,
}
"""Operations per element of the output. A function of one number (exp, erf, a root) counts as one."""

PER_INPUT = {
    **dict.fromkeys((
        "ArgMax", "ArgMin", "CumSum", "GlobalAveragePool", "GlobalMaxPool", "ReduceMax", "ReduceMean", "ReduceMin",
        "ReduceProd", "ReduceSum", "TopK",
    ), 1),
    **dict.fromkeys((
        "LpNormalization", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare",
    ), 2),
}
"""Operations per element of the first input."""

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
"""Products with the input, and with the state, in one step of a recurrent operator."""

MOVES = frozenset((
    "Cast", "Compress", "Concat", "Constant", "ConstantOfShape", "DepthToSpace", "Dropout", "Expand", "EyeLike",
    "Flatten", "Gather", "GatherElements", "GatherND", "Identity", "NonZero", "OneHot", "Pad", "Range", "Reshape",
    "Resize", "ReverseSequence", "ScatterElements", "ScatterND", "Shape", "Size", "Slice", "SpaceToDepth", "Split",
    "Squeeze", "Tile", "Transpose", "Trilu", "Unsqueeze", "Upsample",
))
# fmt: on
"""What moves data and computes nothing."""


@dataclass(frozen=True)
class Flops:
    """Floating-point operations."""

    matrix: int
    """On the cube units."""
    other: int
    """On the vector units."""


def flops(op: Op) -> Flops | None:
    """The operations of `op`; None if nothing is known of its operator type, or its shapes do not fit it."""
    try:
        if op.op in _MATRIX:
            return Flops(*_MATRIX[op.op](op))
        if op.op in PER_OUTPUT:
            return Flops(0, PER_OUTPUT[op.op] * op.outputs[0].elements)
        if op.op in PER_INPUT:
            return Flops(0, PER_INPUT[op.op] * _shape(op, 0)[1])
        if op.op in ("Sum", "Mean"):
            return Flops(0, len(op.inputs) * op.outputs[0].elements)
        if op.op in ("AveragePool", "MaxPool"):
            return Flops(0, math.prod(_list(op, "kernel_shape")) * op.outputs[0].elements)
    except (IndexError, KeyError, ValueError, ZeroDivisionError):
        return None
    return Flops(0, 0) if op.op in MOVES else None


def _shape(op: Op, at: int) -> tuple[tuple[int, ...], int]:
    tensor = op.inputs[at]
    if tensor is None:
        raise IndexError(at)
    return tensor.shape, tensor.elements


def _list(op: Op, name: str) -> tuple[int, ...]:
    value = op.attributes[name]
    if not isinstance(value, tuple):
        raise ValueError(name)  # noqa: TRY004 - what a file says, not what a caller passes
    return value


def _number(op: Op, name: str, default: int) -> int:
    value = op.attributes.get(name, default)
    return value if isinstance(value, int) else default


def _matmul(op: Op) -> tuple[int, int]:
    inner = _shape(op, 0)[0][-1]
    return 2 * inner * op.outputs[0].elements, 0


def _gemm(op: Op) -> tuple[int, int]:
    shape, _ = _shape(op, 0)
    inner = shape[0] if _number(op, "transA", 0) else shape[1]
    out = op.outputs[0].elements
    return 2 * inner * out, out if len(op.inputs) > 2 and op.inputs[2] is not None else 0


def _conv(op: Op) -> tuple[int, int]:
    """Weights have the shape (out, in ÷ groups, kernel…); every output element takes a whole filter."""
    weight, _ = _shape(op, 1)
    out = op.outputs[0].elements
    return 2 * math.prod(weight[1:]) * out, out if len(op.inputs) > 2 and op.inputs[2] is not None else 0


def _transposed_conv(op: Op) -> tuple[int, int]:
    """Weights have the shape (in, out ÷ groups, kernel…); every input element is spread over a whole filter."""
    weight, _ = _shape(op, 1)
    out = op.outputs[0].elements if len(op.inputs) > 2 and op.inputs[2] is not None else 0
    return 2 * math.prod(weight[1:]) * _shape(op, 0)[1], out


def _recurrent(op: Op) -> tuple[int, int]:
    """X is (steps, batch, in), the state's weights R are (directions, gates × hidden, hidden)."""
    (steps, batch, width), _ = _shape(op, 0)
    (directions, gates, hidden), _ = _shape(op, 2)
    if gates != GATES[op.op] * hidden:
        raise ValueError(op.name)
    steps *= batch * directions
    return 2 * steps * gates * (width + hidden), steps * gates * 4


def _einsum(op: Op) -> tuple[int, int]:
    """Of two operands every combination of indices is one multiply-accumulate."""
    equation = str(op.attributes["equation"]).replace(" ", "")
    terms = equation.partition("->")[0].split(",")
    if len(terms) != 2 or "..." in equation:
        raise ValueError(equation)
    sizes = {index: size for at, term in enumerate(terms) for index, size in zip(term, _shape(op, at)[0], strict=True)}
    return 2 * math.prod(sizes.values()), 0


_MATRIX: dict[str, Callable[[Op], tuple[int, int]]] = {
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Conv": _conv,
    "ConvTranspose": _transposed_conv,
    "Einsum": _einsum,
    **dict.fromkeys(GATES, _recurrent),
}
