"""One pass over all units: how far each rounds by itself, how far errors add up, and how large numbers become.

Three copies of the graph run side by side: as it is, in float16 throughout, and each unit in float16 on exact inputs.
Only a few numbers per unit leave the graph, so memory does not grow with the model's activations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper

from ascendc.precision.emulator import info
from ascendc.precision.engine import Engine, small
from ascendc.precision.rounding import LARGEST, Overflow, Writer
from ascendc.precision.statistics import KINDS, constants, statistics
from ascendc.precision.units import is_float

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt
    import onnx_ir as ir
    from onnx import NodeProto

    from ascendc.precision.units import Unit

    Array = npt.NDArray[Any]

_LOST = 1e3
"""A relative error from which there is no number left, but what an infinity was cut to."""

_ALIKE = 1e-10
"""Share of the squares from which samples differ by more than float32's own noise."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a unit over all samples; of several results the worst, in each respect."""

    own: float
    """Relative L2 error of its result where it alone is in float16, on exact inputs; of integers the share that
    differs; infinite where a number is lost (NaN, or far beyond float16)."""
    blur: float
    """The same error over how far apart samples are there; `own` where they are not."""
    accumulated: float
    """The same where everything before it is in float16 too."""
    largest: float
    """The largest magnitude of its exact result."""
    overflows: bool
    """Whether a number that was finite in float32 is none in float16, on exact inputs, or is cut to 65504."""
    result: str
    """The name of the result that is worst: one that overflows before others."""


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
    batches = [dict(batch) for batch in samples]
    wanted = [unit for unit in units if unit.rounds]
    totals = _totals(model, units, half, batches, overflow, wanted, careful=False)
    odd = [unit for unit in wanted if not all(np.isfinite(totals[name]) for name in _numbers([unit]))]
    if odd:
        totals |= _totals(model, units, half, batches, overflow, odd, careful=True)
    found = {unit.nodes[-1]: _worst([_seen(value, totals, overflow) for value in unit.outputs]) for unit in wanted}
    nothing = Seen(0.0, 0.0, 0.0, 0.0, overflows=False, result="")
    return tuple(found.get(unit.nodes[-1], nothing) for unit in units)


def _totals(
    model: ir.Model,
    units: Sequence[Unit],
    half: Sequence[bool],
    batches: Sequence[Mapping[str, Array]],
    overflow: Overflow,
    wanted: Sequence[Unit],
    *,
    careful: bool,
) -> dict[str, np.float64]:
    """The numbers of some units over all batches."""
    writer = Writer(model, overflow)
    nodes: list[NodeProto] = []
    renamed: dict[str, str] = {}
    ready: set[str] = set()
    ends = {unit.nodes[-1] for unit in wanted}
    for unit, chosen in zip(units, half, strict=True):
        made = [str(value.name) for value in unit.outputs]
        rounds, looked_at = chosen and unit.rounds, unit.nodes[-1] in ends
        nodes += writer.exact(unit, {}, "")
        if rounds:
            weights = _weights(unit, writer)
            nodes += weights.nodes
            nodes += writer.half(unit, {**renamed, **weights.names}, "@h", ready | weights.ready)
            nodes += writer.half(unit, weights.names, "@o", weights.ready) if looked_at else []
            ready.update(f"{name}@h" for name in made)
        else:
            nodes += writer.exact(unit, renamed, "@h")
        renamed.update((name, f"{name}@h") for name in made)
        if looked_at:
            nodes += [one for value in unit.outputs for one in statistics(value, own=rounds, careful=careful)]
    inputs = [info(value) for value in model.graph.inputs if str(value.name) not in model.graph.initializers]
    graph = helper.make_graph(nodes, "survey", inputs, [], [*small(model), *writer.limits(), *constants()])
    numbers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in _numbers(wanted)]
    engine = Engine(model, graph, numbers)
    totals = {name: np.float64(0) for name in _numbers(wanted)}
    for batch in batches:
        for name, number in engine.run(batch).items():
            merge = np.maximum if name.endswith(("@largest", "@bad")) else np.add
            totals[name] = merge(totals[name], np.float64(number))
    return totals


def _numbers(units: Sequence[Unit]) -> list[str]:
    return [f"{value.name}@{kind}" for unit in units for value in unit.outputs for kind in KINDS]


def _seen(value: ir.Value, totals: Mapping[str, Any], overflow: Overflow) -> Seen:
    own, accumulated, scale, spread, largest, bad = (float(totals[f"{value.name}@{kind}"]) for kind in KINDS)
    if not is_float(value):
        error = own / scale if scale else 0.0
        return Seen(
            error, error, accumulated / scale if scale else 0.0, largest, overflows=False, result=str(value.name)
        )
    error, distance = _relative(own, scale), spread / 2  # two samples differ by twice what one does from the mean
    saturated = overflow == "saturate" and error > 0 and largest > LARGEST
    blur = max(error, _relative(own, distance)) if distance > scale * _ALIKE else error
    return Seen(error, blur, _relative(accumulated, scale), largest, bad > 0 or saturated, str(value.name))


def _worst(results: Sequence[Seen]) -> Seen:
    worst = max(results, key=lambda one: (one.overflows, one.own))
    return Seen(
        own=max(one.own for one in results),
        blur=max(one.blur for one in results),
        accumulated=max(one.accumulated for one in results),
        largest=max(one.largest for one in results),
        overflows=worst.overflows,
        result=worst.result,
    )


def _relative(squares: float, scale: float) -> float:
    if not squares:
        return 0.0
    found = float(np.sqrt(squares / scale)) if scale and np.isfinite(squares) else float("inf")
    return found if found < _LOST else float("inf")


@dataclass(frozen=True)
class _Weights:
    """Weights of one unit, rounded once for both copies that are in float16."""

    nodes: list[NodeProto]
    names: dict[str, str]
    ready: frozenset[str]


def _weights(unit: Unit, writer: Writer) -> _Weights:
    nodes: list[NodeProto] = []
    names = {}
    for value in unit.inputs:
        if value.is_initializer() and is_float(value) and not unit.stays(value):
            names[str(value.name)] = target = f"{value.name}@{unit.outputs[0].name}"
            nodes += writer.round(str(value.name), target)
    return _Weights(nodes, names, frozenset(names.values()))
