"""A model with samples, asked what units in float16 do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.machine import trim_heap
from ascendc.passes import values
from ascendc.precision.damage import Damage, between, check_finite, joined, relative
from ascendc.precision.emulator import Emulator
from ascendc.precision.feeds import CHUNK, fit
from ascendc.precision.rounding import Overflow
from ascendc.precision.survey import Seen, survey
from ascendc.precision.units import Bound, units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt
    import onnx_ir as ir

    Array = npt.NDArray[Any]

SURVEYED = 4
"""Samples that single nodes are looked at on: those that suffer most. Half as many, or one, where weights are heavy."""

HEAVY = (1 << 26, 1 << 29)
"""Bytes of weights from which that is."""

FIRST = 2
"""Samples that a trial begins with, those that suffer most: where it fails, it mostly does so there."""


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
            exact: outputs in float32, samples first: a reference's, or another Forecaster's; None: they are computed.

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
        names = [str(value.name) for value in model.graph.outputs]
        self.exact = {name: exact[name] for name in names} if exact else self._run((False,) * len(self.units))
        check_finite(self.exact)
        self.surveyed = SURVEYED >> sum(weight(model) >= one for one in HEAVY)
        self._half: tuple[bool, ...] = (False,) * len(self.units)
        self._outputs = self.exact
        self._seen: dict[tuple[bool, ...], tuple[Seen, ...]] = {}

    @property
    def count(self) -> int:
        """Samples."""
        return self._feeds.count

    def damage(self, half: Sequence[bool]) -> dict[str, Damage]:
        """What some units in float16 do to the outputs."""
        found = self._found(half)
        return {name: between(exact, found[name]) for name, exact in self.exact.items()}

    def worst(self, half: Sequence[bool], order: Sequence[int] = (), enough: float = np.inf) -> float:
        """Of the worst output, relative to the distance between samples; infinite where a number is lost.

        Args:
            half: for each unit whether it is in float16.
            order: of samples, as `order` gives it.
            enough: an error beyond which nobody asks for the rest; what is returned is beyond it then, too.
        """
        if not order or not all(map(self._has_samples, self.exact.values())):
            found = self._found(half)
            return max(relative(exact, found[name]) for name, exact in self.exact.items())
        first, size, error = self._feeds.several(FIRST), self._feeds.several(CHUNK), 0.0
        start = 0
        for end in (*range(first, len(order), size), len(order)):
            error = max(error, self._effect(half, order[start:end], self.exact))
            if error > enough:
                break
            start = end
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

    def sufferers(self, half: Sequence[bool], count: int = 0) -> list[int]:
        """Samples whose outputs differ most: `surveyed`, or about as many as wanted."""
        return sorted(self.order(half)[: self._feeds.several(count or self.surveyed)])

    def seen(self, half: Sequence[bool]) -> tuple[Seen, ...]:
        """What float16 does at each unit, on the `surveyed` samples that suffer most."""
        key = tuple(half)
        if key not in self._seen:
            trim_heap()  # of what other runs took
            samples = self._feeds.runs(self.sufferers(half))
            self._seen[key] = survey(self.model, self.units, half, samples, self.overflow)
        return self._seen[key]

    def effects(self, half: Sequence[bool], chosen: Iterable[int]) -> dict[int, float]:
        """What each of some units alone does to the worst output, on half of the samples that are surveyed.

        As `Damage.rel_to_sample_distance`; infinite where a number is lost.
        """
        at = self.sufferers(half, max(self.surveyed // 2, 1))
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
            worst = max(worst, relative(exact[name], candidate))
        return worst

    def _has_samples(self, array: Array) -> bool:
        return array.ndim > 0 and len(array) == self._feeds.count

    def _found(self, half: Sequence[bool]) -> dict[str, Array]:
        """Outputs over all samples; those of the last call are remembered."""
        if self._half != tuple(half):
            self._half, self._outputs = tuple(half), self._run(half)
        return self._outputs

    def _run(self, half: Sequence[bool], chosen: Sequence[int] | None = None) -> dict[str, Array]:
        return joined(self._emulator.run(feeds, half) for feeds in self._feeds.runs(chosen))


def weight(model: ir.Model) -> int:
    """Bytes of a model's weights."""
    tensors = (value.const_value for value in model.graph.initializers.values())
    return sum(tensor.nbytes for tensor in tensors if tensor is not None)
