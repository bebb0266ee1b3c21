"""One pass over all units: how far each rounds by itself, how far errors add up, and how large numbers become.

Three copies of the graph run side by side: as it is, in float16 throughout, and each unit in float16 on exact inputs.
Only a few numbers per unit leave the graph, so memory does not grow with the model's activations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from ascendc.precision.emulator import info
from ascendc.precision.engine import Engine, small
from ascendc.precision.rounding import Overflow, Writer
from ascendc.precision.units import is_float

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt
    import onnx_ir as ir
    from onnx import NodeProto

    from ascendc.precision.units import Unit

    Array = npt.NDArray[Any]

_BEYOND = 1e15
"""Numbers are cut to this before they are squared: float32's own end is not what is looked for, and a mask of -3e38
that becomes -inf has not changed."""

_LOST = 1e3
"""A relative error from which there is no number left, but what an infinity was cut to."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a unit over all samples."""

    own: float
    """Relative L2 error of its result where it alone is in float16, on exact inputs; of integers the share that
    differs; infinite where a number is lost (NaN, or far beyond float16)."""
    accumulated: float
    """The same where everything before it is in float16 too."""
    largest: float
    """The largest magnitude of its exact result."""
    overflows: bool
    """Whether a number that was finite in float32 is none in float16, on inputs that still were."""


def survey(
    model: ir.Model,
    units: Sequence[Unit],
    half: Sequence[bool],
    samples: Iterable[Mapping[str, Array]],
    overflow: Overflow = "inf",
) -> tuple[Seen, ...]:
    """Look at every unit.

    Args:
        model: with types inferred.
        units: of its main graph.
        half: for each whether ATC computes it in float16.
        samples: inputs, a batch at a time.
        overflow: what becomes of numbers beyond float16.

    Raises:
        StageError: onnxruntime does not take the graph (ASC2701), or fails on it (ASC2702).
    """
    writer = Writer(model, overflow)
    nodes: list[NodeProto] = []
    renamed: dict[str, str] = {}
    seen = [unit for unit in units if unit.rounds]
    for unit, rounds in zip(units, half, strict=True):
        nodes += writer.exact(unit, {}, "")
        nodes += (writer.half if rounds and unit.rounds else writer.exact)(unit, renamed, "@h")
        renamed.update((str(value.name), f"{value.name}@h") for value in unit.outputs)
        if unit.rounds:
            nodes += (writer.half if rounds else writer.exact)(unit, {}, "@o")
            nodes += _statistics(unit)
    inputs = [info(value) for value in model.graph.inputs if str(value.name) not in model.graph.initializers]
    limits = [numpy_helper.from_array(np.float32(v), n) for n, v in (("@floor", -_BEYOND), ("@ceiling", _BEYOND))]
    graph = helper.make_graph(nodes, "survey", inputs, [], [*small(model), *writer.limits(), *limits])
    made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in _outputs(seen)]
    engine = Engine(model, graph, made)
    totals = {name: np.float64(0) for name in _outputs(seen)}
    for batch in samples:
        for name, number in engine.run(batch).items():
            merge = np.maximum if name.endswith(("@largest", "@bad")) else np.add
            totals[name] = merge(totals[name], np.float64(number))
    found = {unit.nodes[-1]: _seen(unit, totals) for unit in seen}
    nothing = Seen(0.0, 0.0, 0.0, overflows=False)
    return tuple(found.get(unit.nodes[-1], nothing) for unit in units)


def _outputs(units: Sequence[Unit]) -> list[str]:
    kinds = ("own", "accumulated", "scale", "largest", "bad")
    return [f"{unit.outputs[0].name}@{kind}" for unit in units for kind in kinds]


def _seen(unit: Unit, totals: Mapping[str, Any]) -> Seen:
    name = str(unit.outputs[0].name)
    scale, largest, bad = (float(totals[f"{name}@{kind}"]) for kind in ("scale", "largest", "bad"))
    own, accumulated = (_relative(float(totals[f"{name}@{kind}"]), scale) for kind in ("own", "accumulated"))
    return Seen(own, accumulated, largest, overflows=bad > 0)


def _relative(squares: float, scale: float) -> float:
    if not squares:
        return 0.0
    found = float(np.sqrt(squares / scale)) if scale and np.isfinite(squares) else float("inf")
    return found if found < _LOST else float("inf")


def _statistics(unit: Unit) -> Iterator[NodeProto]:
    """Sums of squares and the like of a unit's first result, each one number."""
    value = unit.outputs[0]
    name, node = str(value.name), helper.make_node
    exact, own, half = name, f"{name}@o", f"{name}@h"
    if not is_float(value):
        yield from _mismatches(name)
        return
    for source in (exact, own, half):
        yield node("Clip", [source, "@floor", "@ceiling"], [f"{source}@cut"])
    for source, kind in ((own, "own"), (half, "accumulated")):
        yield node("Sub", [f"{source}@cut", f"{exact}@cut"], [f"{name}@d{kind}"])
        yield node("ReduceSumSquare", [f"{name}@d{kind}"], [f"{name}@{kind}"], keepdims=0)
    yield node("ReduceSumSquare", [f"{exact}@cut"], [f"{name}@scale"], keepdims=0)
    yield node("Abs", [exact], [f"{name}@abs"])
    yield node("ReduceMax", [f"{name}@abs"], [f"{name}@largest"], keepdims=0)
    for source, kind in ((own, "mine"), (exact, "before")):  # what is not a number, or infinite, minus itself is no 0
        yield node("Sub", [source, source], [f"{name}@zero{kind}"])
        yield node("Equal", [f"{name}@zero{kind}", f"{name}@zero{kind}"], [f"{name}@is{kind}"])
        yield node("Not", [f"{name}@is{kind}"], [f"{name}@lost{kind}"])
        yield node("Cast", [f"{name}@lost{kind}"], [f"{name}@one{kind}"], to=TensorProto.FLOAT)
    yield node("Sub", [f"{name}@onemine", f"{name}@onebefore"], [f"{name}@fresh"])
    yield node("ReduceMax", [f"{name}@fresh"], [f"{name}@bad"], keepdims=0)


def _mismatches(name: str) -> Iterator[NodeProto]:
    """Of integers: the share that differs."""
    node = helper.make_node
    for suffix, kind in (("@o", "own"), ("@h", "accumulated")):
        yield node("Cast", [f"{name}{suffix}"], [f"{name}{suffix}@f"], to=TensorProto.FLOAT)
        if kind == "own":
            yield node("Cast", [name], [f"{name}@f"], to=TensorProto.FLOAT)
        yield node("Equal", [f"{name}{suffix}@f", f"{name}@f"], [f"{name}@same{kind}"])
        yield node("Not", [f"{name}@same{kind}"], [f"{name}@differs{kind}"])
        yield node("Cast", [f"{name}@differs{kind}"], [f"{name}@one{kind}"], to=TensorProto.FLOAT)
        yield node("ReduceSum", [f"{name}@one{kind}"], [f"{name}@{kind}"], keepdims=0)
    yield node("Mul", [f"{name}@f", f"{name}@f"], [f"{name}@square"])
    yield node("Equal", [f"{name}@f", f"{name}@f"], [f"{name}@every"])
    yield node("Cast", [f"{name}@every"], [f"{name}@ones"], to=TensorProto.FLOAT)
    yield node("ReduceSum", [f"{name}@ones"], [f"{name}@scale"], keepdims=0)
    yield node("Abs", [f"{name}@f"], [f"{name}@abs"])
    yield node("ReduceMax", [f"{name}@abs"], [f"{name}@largest"], keepdims=0)
    yield node("Sub", [f"{name}@scale", f"{name}@scale"], [f"{name}@bad"])
