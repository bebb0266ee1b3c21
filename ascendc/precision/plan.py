"""What must stay in float32 for a model's outputs to keep within their limit: a ladder of precision modes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ascendc.errors import GateError
from ascendc.model import Use
from ascendc.precision.forecast import Forecaster
from ascendc.precision.modes import Mode
from ascendc.precision.search import Search

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy.typing as npt
    import onnx_ir as ir

    from ascendc.precision.units import Unit

    Array = npt.NDArray[Any]

LADDER: tuple[Mode, ...] = ("force_fp16", "allow_mix_precision", "must_keep_origin_dtype")


@dataclass(frozen=True)
class PrecisionPlan:
    """What ATC is told, and what the graph becomes before."""

    mode: Mode
    """ATC's ``--precision_mode``."""
    keep: tuple[str, ...]
    """ONNX node names for ``--keep_dtype``."""
    types: tuple[str, ...]
    """GE types for the black list of ``--modify_mixlist``."""
    uses: tuple[Use, ...]
    """Rewrites that are applied to the graph before; usually none."""
    before: float | None
    """Error of the worst output with nothing kept, relative to the distance between samples; None: a number is lost."""
    after: float
    """With the plan."""
    limit: float
    units: int
    """Computed in float16 by the mode."""
    trials: int


def never(unit: Unit) -> bool:
    """No unit is fixed."""
    del unit
    return False


def find_plan(
    model: ir.Model,
    samples: Mapping[str, Array],
    limit: float,
    *,
    fixed: Callable[[Unit], bool] = never,
    cache: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> PrecisionPlan:
    """The first rung of `LADDER` that suffices.

    Args:
        model: any ONNX graph whose types can be inferred.
        samples: inputs, samples first.
        limit: what an output may differ, relative to the median distance between samples.
        fixed: units that the chip cannot compute in float32.
        cache: a file of trials.
        say: hears of each trial.

    Raises:
        GateError: no rung suffices (ASC2705).
    """
    del cache
    forecaster = Forecaster(model, samples)
    stuck = {node.name for unit in forecaster.units if fixed(unit) for node in unit.nodes}
    before: float | None = None
    trials = 0
    for mode in LADDER:
        found = Search(forecaster, mode, say).run(limit)
        before, trials = (found.before if mode == LADDER[0] else before), trials + found.trials
        keep = tuple(name for one in found.keep for name in one.nodes)
        if not stuck & {*keep} and found.after <= limit:
            return PrecisionPlan(mode, keep, found.types, (), before, found.after, limit, found.units, trials)
    raise GateError("ASC2705", "no precision mode keeps the outputs within their limit")
