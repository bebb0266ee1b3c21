"""How far float16 takes a model's outputs, by one run over a few samples: what every build can afford."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper

from ascendc.passes import values
from ascendc.precision.damage import relative
from ascendc.precision.emulator import info
from ascendc.precision.engine import Engine, small
from ascendc.precision.feeds import fed, fit
from ascendc.precision.forecaster import weight
from ascendc.precision.rounding import LARGEST, Writer
from ascendc.precision.units import Unit, is_float, units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt
    import onnx_ir as ir
    from onnx import NodeProto

    Array = npt.NDArray[Any]
    Choose = Callable[[Sequence[Unit]], Sequence[bool]]
    """For each unit whether it is in float16."""

FEW = 4
"""Samples that are run of a large model."""

LARGE = 1 << 26
"""Bytes of weights that make a model large: each sample costs, then."""


@dataclass(frozen=True)
class Inside:
    """A fused pattern with numbers beyond float16 in it: where ATC does not fuse it, they are lost."""

    node: str
    """That makes its result."""
    kind: str
    largest: float
    """The largest magnitude in it."""


@dataclass(frozen=True)
class Glance:
    """What was seen."""

    output: str
    """The worst."""
    error: float
    """Its error, relative to the median distance between all samples; infinite where a number is lost."""
    half: int
    """Units in float16."""
    units: int
    """Units that float16 could change."""
    samples: int
    """That were run."""
    inside: tuple[Inside, ...]
    """Patterns that hold numbers beyond float16, which only a fused kernel keeps."""


def glance(model: ir.Model, samples: Mapping[str, Array], exact: Mapping[str, Array], choose: Choose) -> Glance:
    """Run the model in float16 under the fused bound, on `FEW` samples if it is large.

    `Emulator` can be asked again and again; this graph says one thing, and so is written and opened in half the time.

    Args:
        model: any ONNX graph whose types can be inferred.
        samples: inputs, samples first.
        exact: its outputs in float32 on all of them, samples first.
        choose: what is in float16.

    Raises:
        StageError: the graph contradicts itself (ASC1504), onnxruntime does not take it (ASC2701) or fails on the
            samples (ASC2702), or a type is unknown (ASC2703).
        UsageError: the samples do not fit the inputs (ASC2711 to ASC2714).
    """
    values.infer(model)
    found = units(model, "fused")
    chosen = [half and unit.rounds for half, unit in zip(choose(found), found, strict=True)]
    writer = Writer(model)
    nodes: list[NodeProto] = []
    rounded: set[str] = set()
    ranges: dict[str, Unit] = {}
    for unit, half in zip(found, chosen, strict=True):
        nodes += writer.half(unit, {}, "", rounded) if half else writer.exact(unit, {}, "")
        rounded.update(str(value.name) for value in unit.outputs if half and is_float(value))
        if half and len(unit.nodes) > 1:
            ranges[f"{unit.outputs[0].name}@inside"] = unit
            nodes += _range(unit)
    inputs = [info(value) for value in fed(model)]
    made = [info(value) for value in model.graph.outputs]
    made += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ranges]
    engine = Engine(model, helper.make_graph(nodes, "glance", inputs, [], [*small(model), *writer.limits()]), made)
    answers, count = _answers(model, samples, engine)
    errors = {name: _error(array, np.concatenate([one[name] for one in answers])) for name, array in exact.items()}
    largest = {name: float(np.max([one[name] for one in answers])) for name in ranges}
    worst = max(errors, key=lambda name: errors[name])
    return Glance(
        output=worst,
        error=errors[worst],
        half=sum(chosen),
        units=sum(unit.rounds for unit in found),
        samples=count,
        inside=tuple(Inside(unit.name, unit.kind, largest[n]) for n, unit in ranges.items() if largest[n] > LARGEST),
    )


def _answers(model: ir.Model, samples: Mapping[str, Array], engine: Engine) -> tuple[list[dict[str, Array]], int]:
    feeds = fit(model, samples)
    count = feeds.several(FEW) if weight(model) >= LARGE else feeds.count
    return [engine.run(batch) for batch in feeds.runs(range(count))], count


def _range(unit: Unit) -> list[NodeProto]:
    """Nodes that make the largest magnitude of what the pattern holds inside, ``<result>@inside``."""
    name, made, tops = str(unit.outputs[0].name), [], []
    for value in (value for node in unit.nodes for value in node.outputs if is_float(value)):
        inner = f"{value.name}@raw"
        tops.append(f"{inner}@top")
        made.append(helper.make_node("Abs", [inner], [f"{inner}@abs"]))
        made.append(helper.make_node("ReduceMax", [f"{inner}@abs"], [f"{inner}@top"], keepdims=0))
    return [*made, helper.make_node("Max", tops, [f"{name}@inside"])]


def _error(exact: Array, found: Array) -> float:
    """Of the first samples, on the scale of all."""
    candidate = exact.copy()
    candidate[: len(found)] = found
    return relative(exact, candidate)
