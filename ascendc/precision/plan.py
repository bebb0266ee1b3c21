"""How a model is told to ATC so that its answers survive float16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ascendc.model import Use
from ascendc.precision.forecaster import Forecaster
from ascendc.precision.kept import keep_dtype
from ascendc.precision.ladder import Ladder
from ascendc.precision.modes import Mode
from ascendc.precision.search import never

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy.typing as npt
    import onnx_ir as ir

    from ascendc.precision.units import Unit

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class PrecisionPlan:
    """What ATC is told, and what the graph becomes before."""

    mode: Mode
    """ATC's ``--precision_mode``."""
    keep: tuple[str, ...]
    """ONNX node names for ``--keep_dtype``, in the graph as `uses` leave it; of what fuses, all nodes."""
    types: tuple[str, ...]
    """GE types for the black list of ``--modify_mixlist``; then `keep` is empty."""
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


def find_plan(
    model: ir.Model,
    samples: Mapping[str, Array],
    limit: float,
    *,
    fixed: Callable[[Unit], bool] = never,
    cache: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> PrecisionPlan:
    """The first rung of `ascendc.precision.ladder` on which the outputs stay within the limit, under the fused bound.

    Args:
        model: any ONNX graph whose types can be inferred; it learns them, and stays as it is.
        samples: inputs, samples first.
        limit: what an output may differ, relative to the median distance between samples.
        fixed: units that the chip cannot compute in float32: they are never kept. Asked of rewritten graphs, too.
        cache: a file of trials; a search that is interrupted goes on from it.
        say: hears of each trial that is run.

    Raises:
        GateError: no rung suffices (ASC2705).
        StageError: the graph cannot be computed (ASC1504, ASC2701 to ASC2704), or a node that must be kept has no name
            (ASC2716).
        UsageError: the samples do not fit the inputs (ASC2711 to ASC2714).
    """
    ladder = Ladder(Forecaster(model, samples), samples, limit, fixed=fixed, cache=cache, say=say)
    found, uses = ladder.climb()
    keep_dtype(found.keep)  # every node has a name
    return PrecisionPlan(
        mode=found.mode,
        keep=tuple(name for one in found.keep for name in one.nodes),
        types=found.types,
        uses=uses,
        before=found.before,
        after=found.after,
        limit=limit,
        units=found.units,
        trials=ladder.trials,
    )
