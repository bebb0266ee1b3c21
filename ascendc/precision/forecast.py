"""The damage that float16 does to a model's outputs, foretold on this host, and the nodes that do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ascendc.precision.damage import Damage
from ascendc.precision.forecaster import Forecaster
from ascendc.precision.modes import Mode, in_half
from ascendc.precision.rounding import LARGEST
from ascendc.precision.survey import Seen
from ascendc.precision.units import Bound, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import onnx_ir as ir

NEAR = 0.5
"""Share of the limit from which single nodes are tried: far below it, nobody asks which of them does most."""

END = float(np.finfo(np.float32).max)
"""The largest number of float32, for infinity, which JSON does not have and masks hold."""

CANDIDATES = 8
"""Units whose effect on the outputs is tried, each by a run of its own: those whose own error is largest."""


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
    """The largest magnitude of its exact result; float16 ends at 65504. Infinity counts as 3.4e38."""
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
    """The largest magnitude of its exact content; infinity counts as 3.4e38."""


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


def _culprit(unit: Unit, seen: Seen, effect: float | None) -> Culprit:
    own, blur, accumulated = map(_number, (seen.own, seen.blur, seen.accumulated))
    tried, found = effect is not None, None if effect is None else _number(effect)
    return Culprit(unit.name, unit.kind, module(unit), own, blur, accumulated, _magnitude(seen), tried, found)


def _lost(units: Sequence[Unit], seen: Sequence[Seen]) -> Iterator[Lost]:
    """Where numbers are lost first: not what is only fed a lost one."""
    lost: set[ir.Value] = set()
    for unit, one in zip(units, seen, strict=True):
        if one.overflows and (one.largest > LARGEST or not lost & {*unit.inputs}):
            lost.update(unit.outputs)
            yield Lost(unit.name, one.result, _magnitude(one))


def _magnitude(seen: Seen) -> float:
    return seen.largest if np.isfinite(seen.largest) else END


def _coarse(effect: float) -> float:
    """Two digits: units of one chain have the same effect but for noise, and the one that rounds worst is meant."""
    return float(f"{effect:.1e}") if np.isfinite(effect) else effect


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def module(unit: Unit) -> str | None:
    """The PyTorch module that a unit comes from, where the exporter says so."""
    from ascendc.calls import module_of

    return module_of(unit.nodes[-1])
