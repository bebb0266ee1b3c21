"""The damage that float16 does to a model's outputs, foretold on this host, and the nodes that do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ascendc.errors import StageError
from ascendc.machine import trim_heap
from ascendc.passes import values
from ascendc.precision.emulator import Emulator
from ascendc.precision.feeds import CHUNK, fit
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

SURVEYED = 4
"""Samples that single nodes are looked at on: those that suffer most."""

NEAR = 0.3
"""Share of the limit from which single nodes are tried: far below it, nobody asks which of them does most."""

TRIED = 2
"""Of these, samples that single nodes are tried on."""

CANDIDATES = 8
"""Units whose effect on the outputs is tried, each by a run of its own: those whose own error is largest."""


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
    own_to_sample_distance: float | None
    """That error over how far apart samples are there: digits that only an offset takes are lost here."""
    accumulated: float | None
    """Relative L2 error where everything before it is in float16 too."""
    max_abs_value: float
    """The largest magnitude of its exact result; float16 ends at 65504."""
    tried: bool
    """Whether `effect` was tried; nodes are not where outputs keep far from the limit."""
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
    """Every node that changes anything, worst first: those that were tried by what they do to the outputs, then the
    others by their own error over the distance between samples."""
    overflow: tuple[Lost, ...]
    """In the order of the graph."""
    origin: Literal["estimated"] = "estimated"


class Forecaster:
    """A model with samples, asked under one bound. Opened once: `damage` costs a run."""

    def __init__(
        self,
        model: ir.Model,
        samples: Mapping[str, Array],
        bound: Bound = "fused",
        overflow: Overflow = "inf",
        exact: Mapping[str, Array] | None = None,
    ) -> None:
        """Prepare.

        Args:
            model: any ONNX graph whose types can be inferred.
            samples: inputs, samples first.
            bound: what rounds together.
            overflow: what becomes of numbers beyond float16.
            exact: what another Forecaster of the same model and samples has found; None: it is computed.

        Raises:
            StageError: the graph contradicts itself (ASC1504), onnxruntime does not take it (ASC2701) or fails on the
                samples (ASC2702), a type is unknown (ASC2703), or outputs are not finite without float16 (ASC2704).
            UsageError: the samples do not fit the inputs (ASC2711 to ASC2714).
        """
        values.infer(model)
        self.model, self.bound, self.overflow = model, bound, overflow
        self.units = units(model, bound)
        self._feeds = fit(model, samples)
        self._emulator = Emulator(model, self.units, overflow)
        self.exact = dict(exact or self._run((False,) * len(self.units)))
        for name, array in self.exact.items():
            if not np.isfinite(array).all():
                raise StageError("ASC2704", f"output `{name}` holds NaN or infinity in float32 already, on the samples")
        self._half: tuple[bool, ...] = (False,) * len(self.units)
        self._outputs = self.exact

    @property
    def count(self) -> int:
        """Samples."""
        return self._feeds.count

    def damage(self, half: Sequence[bool]) -> dict[str, Damage]:
        """What some units in float16 do to the outputs."""
        found = self._found(half)
        return {name: _damage(exact, found[name]) for name, exact in self.exact.items()}

    def worst(self, half: Sequence[bool], order: Sequence[int] = (), enough: float = np.inf) -> float:
        """Of the worst output, relative to the distance between samples; infinite where a number is lost.

        Args:
            half: for each unit whether it is in float16.
            order: of samples, as `order` gives it.
            enough: an error beyond which nobody asks for the rest; what is returned is beyond it then, too.
        """
        if not order or not all(map(self._has_samples, self.exact.values())):
            found = self._found(half)
            return max(_relative(exact, found[name]) for name, exact in self.exact.items())
        size, error = self._feeds.several(CHUNK), 0.0
        for start in range(0, len(order), size):
            error = max(error, self._effect(half, order[start : start + size], self.exact))
            if error > enough:
                break
        return error

    def order(self, half: Sequence[bool]) -> list[int]:
        """All samples, those first whose outputs differ most."""
        errors = np.zeros(self._feeds.count)
        found = self._found(half)
        for name, exact in self.exact.items():
            if self._has_samples(exact):
                rows = (found[name].astype(np.float64) - exact.astype(np.float64)).reshape(self._feeds.count, -1)
                norms = np.linalg.norm(rows, axis=1)
                errors = np.maximum(errors, np.where(np.isfinite(norms), norms, np.inf))
        return [int(i) for i in np.argsort(-errors, kind="stable")]

    def seen(self, half: Sequence[bool]) -> tuple[Seen, ...]:
        """What float16 does at each unit, on the `SURVEYED` samples that suffer most."""
        trim_heap()  # of what other runs took
        return survey(self.model, self.units, half, self._feeds.runs(self._sufferers(half, SURVEYED)), self.overflow)

    def effects(self, half: Sequence[bool], chosen: Iterable[int]) -> dict[int, float]:
        """What each of some units alone does to the worst output, on the `TRIED` samples that suffer most from `half`.

        As `Damage.rel_to_sample_distance`; infinite where a number is lost.
        """
        at = self._sufferers(half, TRIED)
        exact = self.exact
        if not all(map(self._has_samples, exact.values())):
            exact = self._run((False,) * len(self.units), at)
        return {i: self._effect([n == i for n in range(len(self.units))], at, exact) for i in chosen}

    def _effect(self, half: Sequence[bool], at: Sequence[int], exact: Mapping[str, Array]) -> float:
        worst = 0.0
        for name, found in self._run(half, at).items():
            candidate = found
            if exact is self.exact:  # on the scale of all samples
                candidate = exact[name].copy()
                candidate[at] = found
            worst = max(worst, _relative(exact[name], candidate))
        return worst

    def _sufferers(self, half: Sequence[bool], count: int) -> list[int]:
        return sorted(self.order(half)[: self._feeds.several(count)])

    def _has_samples(self, array: Array) -> bool:
        return array.ndim > 0 and len(array) == self._feeds.count

    def _found(self, half: Sequence[bool]) -> dict[str, Array]:
        """Outputs over all samples; those of the last call are remembered."""
        if self._half != tuple(half):
            self._half, self._outputs = tuple(half), self._run(half)
        return self._outputs

    def _run(self, half: Sequence[bool], chosen: Sequence[int] | None = None) -> dict[str, Array]:
        found = [self._emulator.run(feeds, half) for feeds in self._feeds.runs(chosen)]
        return {name: np.concatenate([np.atleast_1d(one[name]) for one in found]) for name in found[0]}


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
    worst = forecaster.worst(half)
    rounding = by_own_error(half, seen)
    effects = forecaster.effects(half, rounding[:CANDIDATES]) if worst > limit * NEAR else {}
    ranked = sorted(rounding, key=lambda i: (i not in effects, -_coarse(effects.get(i, 0)), -seen[i].blur, i))
    return Forecast(
        ok=worst <= limit,
        mode=mode,
        bound=forecaster.bound,
        limit=limit,
        end_to_end=damage,
        culprits=tuple(_culprit(forecaster.units[i], seen[i], effects.get(i)) for i in ranked),
        overflow=tuple(_lost(forecaster.units, seen)),
    )


def by_own_error(half: Sequence[bool], seen: Sequence[Seen]) -> list[int]:
    """The units in float16 that change anything, worst first."""
    return sorted((i for i, one in enumerate(seen) if half[i] and one.own > 0), key=lambda i: (-seen[i].blur, i))


def _damage(exact: Array, found: Array) -> Damage:
    try:
        error = float(np.linalg.norm(found.astype(np.float64) - exact.astype(np.float64)))
        scale = float(np.linalg.norm(exact.astype(np.float64)))
        return Damage(
            min_cosine(exact, found),
            max_abs_error(exact, found),
            error / scale if scale else (0.0 if not error else None),
            _number(relative_error(exact, found)),
        )
    except MetricsError:
        return Damage(None, None, None, None)


def _culprit(unit: Unit, seen: Seen, effect: float | None) -> Culprit:
    own, blur, accumulated = map(_number, (seen.own, seen.blur, seen.accumulated))
    tried, found = effect is not None, None if effect is None else _number(effect)
    return Culprit(unit.name, unit.kind, module(unit), own, blur, accumulated, seen.largest, tried, found)


def _lost(units: Sequence[Unit], seen: Sequence[Seen]) -> Iterator[Lost]:
    """Where numbers are lost first: not what is only fed a lost one."""
    lost: set[ir.Value] = set()
    for unit, one in zip(units, seen, strict=True):
        if one.overflows and (one.largest > LARGEST or not lost & {*unit.inputs}):
            lost.update(unit.outputs)
            yield Lost(unit.name, str(unit.outputs[0].name), one.largest)


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
