"""The damage that float16 does to a model's outputs, foretold on this host, and the nodes that do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ascendc.passes import values
from ascendc.precision.emulator import Emulator
from ascendc.precision.modes import Mode, in_half
from ascendc.precision.rounding import LARGEST, Overflow
from ascendc.precision.survey import Seen, survey
from ascendc.precision.units import Bound, Unit, units
from ascendc.runtime.metrics import MetricsError, max_abs_error, min_cosine, relative_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt
    import onnx_ir as ir

    Array = npt.NDArray[Any]

CHUNK = 4
"""Samples per run, to bound memory."""

CANDIDATES = 16
"""Units whose effect on the outputs is tried, each by a run of its own: those that round worst by themselves."""


@dataclass(frozen=True)
class Damage:
    """One output in float16 against itself in float32, over all samples; None where a number was lost."""

    cosine: float | None
    """The smallest of a sample."""
    max_abs: float | None
    rel_l2: float | None
    """Over all samples together."""
    rel_to_sample_distance: float | None
    """Largest L2 error of a sample, over the median L2 distance between two samples."""


@dataclass(frozen=True)
class Culprit:
    """A node, and what float16 does there."""

    node: str
    op: str
    module: str | None
    own: float | None
    """Relative L2 error of its result where it alone is in float16, on exact inputs; None: a number is lost."""
    accumulated: float | None
    """The same where everything before it is in float16 too."""
    max_abs_value: float
    """The largest magnitude of its exact result; float16 ends at 65504."""
    effect: float | None
    """Of the worst output, as `Damage.rel_to_sample_distance`, where it alone is in float16; None: a number is lost."""


@dataclass(frozen=True)
class Lost:
    """A tensor that holds numbers which float16 has not."""

    node: str
    tensor: str
    value: float
    """The largest magnitude of its exact content."""


@dataclass(frozen=True)
class Forecast:
    """What was foretold."""

    ok: bool
    """Whether every output stays within the limit."""
    mode: Mode
    bound: Bound
    limit: float
    """Of `Damage.rel_to_sample_distance`."""
    end_to_end: dict[str, Damage]
    """By output."""
    culprits: tuple[Culprit, ...]
    """Worst first."""
    overflow: tuple[Lost, ...]
    """In the order of the graph."""
    origin: Literal["estimated"] = "estimated"


class Forecaster:
    """A model with samples, asked under one bound. Opened once: `damage` costs a run."""

    def __init__(
        self, model: ir.Model, samples: Mapping[str, Array], bound: Bound = "fused", overflow: Overflow = "inf"
    ) -> None:
        """Prepare.

        Args:
            model: any ONNX graph whose types can be inferred.
            samples: inputs, samples first.
            bound: what rounds together.
            overflow: what becomes of numbers beyond float16.

        Raises:
            StageError: onnxruntime does not take the graph (ASC2701), or a type is unknown (ASC2703).
        """
        values.infer(model)
        self.model, self.bound, self.overflow = model, bound, overflow
        self.units = units(model, bound)
        self._samples = dict(samples)
        self._emulator = Emulator(model, self.units, overflow)
        self.exact = self.outputs((False,) * len(self.units))

    def outputs(self, half: Sequence[bool]) -> dict[str, Array]:
        """Outputs over all samples with some units in float16."""
        return self._run(half, self._chunks())

    def effect(self, index: int) -> float:
        """What one unit alone does to the worst output, on the first samples; infinite where a number is lost."""
        first = next(self._chunks())
        found = self._run([i == index for i in range(len(self.units))], [first])
        count = len(next(iter(first.values())))
        return max(_relative(exact[:count], found[name]) for name, exact in self.exact.items())

    def _run(self, half: Sequence[bool], chunks: Iterable[Mapping[str, Array]]) -> dict[str, Array]:
        found = [self._emulator.run(chunk, half) for chunk in chunks]
        return {name: np.concatenate([chunk[name] for chunk in found]) for name in found[0]}

    def damage(self, half: Sequence[bool]) -> dict[str, Damage]:
        """What some units in float16 do to the outputs."""
        found = self.outputs(half)
        return {name: _damage(exact, found[name]) for name, exact in self.exact.items()}

    def worst(self, half: Sequence[bool]) -> float:
        """Of the worst output, relative to the distance between samples; infinite where a number is lost."""
        found = [one.rel_to_sample_distance for one in self.damage(half).values()]
        return max(float("inf") if one is None else one for one in found)

    def seen(self, half: Sequence[bool]) -> tuple[Seen, ...]:
        """What float16 does at each unit."""
        return survey(self.model, self.units, half, self._chunks(), self.overflow)

    def _chunks(self) -> Iterator[dict[str, Array]]:
        count = len(next(iter(self._samples.values())))
        for start in range(0, count, CHUNK):
            yield {name: array[start : start + CHUNK] for name, array in self._samples.items()}


def forecast(forecaster: Forecaster, mode: Mode, limit: float) -> Forecast:
    """Foretell what `mode` does.

    Args:
        forecaster: the model and samples.
        mode: ATC's precision mode.
        limit: what an output may differ, relative to the median distance between samples.
    """
    half = in_half(forecaster.units, mode)
    damage = forecaster.damage(half)
    seen = forecaster.seen(half)
    effects = effects_of(forecaster, half, seen)
    worst = [one.rel_to_sample_distance for one in damage.values()]
    ranked = sorted(effects, key=lambda i: (-_coarse(effects[i]), -seen[i].own, i))
    return Forecast(
        ok=all(one is not None and one <= limit for one in worst),
        mode=mode,
        bound=forecaster.bound,
        limit=limit,
        end_to_end=damage,
        culprits=tuple(_culprit(forecaster.units[i], seen[i], effects[i]) for i in ranked),
        overflow=tuple(_lost(unit, one) for unit, one in zip(forecaster.units, seen, strict=True) if one.overflows),
    )


def effects_of(forecaster: Forecaster, half: Sequence[bool], seen: Sequence[Seen]) -> dict[int, float]:
    """By unit, what it alone does to the worst output: of the units that round worst by themselves."""
    ranked = sorted(range(len(seen)), key=lambda i: (-seen[i].own, i))
    tried = [i for i in ranked if half[i] and seen[i].own > 0][:CANDIDATES]
    return {i: forecaster.effect(i) for i in tried}


def _damage(exact: Array, found: Array) -> Damage:
    try:
        error = float(np.linalg.norm((found - exact).astype(np.float64)))
        scale = float(np.linalg.norm(exact.astype(np.float64)))
        return Damage(
            min_cosine(exact, found),
            max_abs_error(exact, found),
            error / scale if scale else (0.0 if not error else None),
            _number(relative_error(exact, found)),
        )
    except MetricsError:
        return Damage(None, None, None, None)


def _culprit(unit: Unit, seen: Seen, effect: float) -> Culprit:
    numbers = _number(seen.own), _number(seen.accumulated)
    return Culprit(unit.name, unit.kind, module(unit), *numbers, seen.largest, _number(effect))


def _lost(unit: Unit, seen: Seen) -> Lost:
    return Lost(unit.name, str(unit.outputs[0].name), max(seen.largest, LARGEST))


def _coarse(effect: float) -> float:
    """Two digits: units of one chain have the same effect but for noise, and the one that rounds worst is meant."""
    return float(f"{effect:.1e}") if np.isfinite(effect) else effect


def _relative(exact: Array, found: Array) -> float:
    try:
        return relative_error(exact, found)
    except MetricsError:
        return float("inf")


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def module(unit: Unit) -> str | None:
    """The PyTorch module that a unit comes from, where the exporter says so."""
    from ascendc.calls import module_of

    return module_of(unit.nodes[-1])
