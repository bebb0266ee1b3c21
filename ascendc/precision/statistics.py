"""A few numbers per result of a unit, computed in the graph where its three versions are at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from ascendc.precision.units import is_float

if TYPE_CHECKING:
    import onnx_ir as ir
    from onnx import NodeProto

KINDS = ("own", "accumulated", "scale", "spread", "largest", "bad")
"""Sums of squares of the two errors, of the exact result and of its distance to the first sample; its largest
magnitude; whether (1 or 0) a number that was finite is none any more. Each is a float32, ``<result>@<kind>``."""

_BEYOND = 1e15
"""Numbers are cut to this before they are squared: float32's own end is not what is looked for, and a mask of -3e38
that becomes -inf has not changed."""


def constants() -> list[TensorProto]:
    """Initializers that the nodes refer to."""
    numbers = {"@floor": -_BEYOND, "@ceiling": _BEYOND, "@none": 0.0, "@unit": 1.0}
    floats = [numpy_helper.from_array(np.float32(value), name) for name, value in numbers.items()]
    return [*floats, numpy_helper.from_array(np.int64(0), "@first")]


def statistics(value: ir.Value, *, own: bool, careful: bool) -> list[NodeProto]:
    """Nodes that make the numbers of `KINDS`.

    Args:
        value: a result of a unit: it is there as it is, and where everything is in float16 (``@h``).
        own: whether it is also there where the unit alone is in float16 (``@o``); else it is exact.
        careful: whether to look for what is not finite. It costs twice as much; without it, sums are not finite then.
    """
    name, shape = str(value.name), value.shape
    errors = {"accumulated": "@h", **({"own": "@o"} if own else {})}
    if not is_float(value):
        made = _mismatches(name, errors)
    elif careful:
        made = _careful(name, errors)
    else:
        sources = {kind: f"{name}{suffix}" for kind, suffix in errors.items()}
        made = [*_sums(name, name, sources), _node("Identity", "@none", f"{name}@bad")]
    apart = is_float(value) and shape is not None and len(shape) > 0
    made += _spread(name, f"{name}@cut" if careful else name) if apart else []
    left = [*([] if own else ["own"]), *([] if apart else ["spread"])]
    return [*made, *(_node("Identity", "@none", f"{name}@{kind}") for kind in left)]


def _careful(name: str, errors: dict[str, str]) -> list[NodeProto]:
    sources = {"": name, **{kind: f"{name}{which}" for kind, which in errors.items()}}
    nodes = []
    for kind, source in sources.items():
        nodes.append(_node("Max", (source, "@floor"), f"{name}@{kind}low"))
        nodes.append(_node("Min", (f"{name}@{kind}low", "@ceiling"), f"{name}@{kind}cut"))
    cut = {kind: f"{name}@{kind}cut" for kind in errors}
    nodes += _sums(name, f"{name}@cut", cut, uncut=name)
    if "own" not in errors:
        return [*nodes, _node("Identity", "@none", f"{name}@bad")]
    for source, which in ((sources["own"], "mine"), (name, "before")):  # infinity minus itself is no number
        nodes.append(_node("Sub", (source, source), f"{name}@zero{which}"))
        nodes.append(_node("Less", (f"{name}@zero{which}", "@unit"), f"{name}@finite{which}"))  # IsNaN: from opset 9
        nodes.append(_node("Cast", f"{name}@finite{which}", f"{name}@one{which}", to=TensorProto.FLOAT))
    nodes.append(_node("Sub", (f"{name}@onebefore", f"{name}@onemine"), f"{name}@fresh"))
    return [*nodes, _node("ReduceMax", f"{name}@fresh", f"{name}@bad", keepdims=0)]


def _sums(name: str, exact: str, found: dict[str, str], uncut: str = "") -> list[NodeProto]:
    nodes = []
    for kind, source in found.items():
        nodes.append(_node("Sub", (source, exact), f"{name}@{kind}@d"))
        nodes.append(_node("ReduceSumSquare", f"{name}@{kind}@d", f"{name}@{kind}", keepdims=0))
    nodes.append(_node("ReduceSumSquare", exact, f"{name}@scale", keepdims=0))
    return [*nodes, *_largest(uncut or exact, f"{name}@largest")]


def _spread(name: str, exact: str) -> list[NodeProto]:
    return [
        _node("Gather", (exact, "@first"), f"{name}@one"),
        _node("Sub", (exact, f"{name}@one"), f"{name}@apart"),
        _node("ReduceSumSquare", f"{name}@apart", f"{name}@spread", keepdims=0),
    ]


def _largest(source: str, target: str) -> list[NodeProto]:
    return [
        _node("ReduceMax", source, f"{target}@high", keepdims=0),
        _node("ReduceMin", source, f"{target}@low", keepdims=0),
        _node("Neg", f"{target}@low", f"{target}@deep"),
        _node("Max", (f"{target}@high", f"{target}@deep"), target),
    ]


def _mismatches(name: str, errors: dict[str, str]) -> list[NodeProto]:
    """Of integers and truth values: how many differ, and of how many."""
    nodes = [_node("Cast", name, f"{name}@f", to=TensorProto.FLOAT)]
    for kind, suffix in errors.items():
        nodes.append(_node("Cast", f"{name}{suffix}", f"{name}{suffix}@f", to=TensorProto.FLOAT))
        nodes.append(_node("Sub", (f"{name}{suffix}@f", f"{name}@f"), f"{name}@d{kind}"))
        nodes.append(_node("Sign", f"{name}@d{kind}", f"{name}@differs{kind}"))
        nodes.append(_node("ReduceSumSquare", f"{name}@differs{kind}", f"{name}@{kind}", keepdims=0))
    nodes.append(_node("Sub", (f"{name}@f", f"{name}@f"), f"{name}@nought"))
    nodes.append(_node("Exp", f"{name}@nought", f"{name}@ones"))
    nodes.append(_node("ReduceSumSquare", f"{name}@ones", f"{name}@scale", keepdims=0))
    return [*nodes, *_largest(f"{name}@f", f"{name}@largest"), _node("Identity", "@none", f"{name}@bad")]


def _node(op: str, inputs: str | tuple[str, ...], output: str, **attributes: Any) -> NodeProto:
    return helper.make_node(op, [inputs] if isinstance(inputs, str) else list(inputs), [output], **attributes)
