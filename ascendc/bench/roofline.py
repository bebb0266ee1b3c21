"""How near a measured run on an NPU comes to what its chip allows, by the bound of `ascendc estimate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ascendc.cann import npu_smi
from ascendc.cann.soc import table
from ascendc.errors import UsageError
from ascendc.estimate import estimate

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.cann.cost.bounds import Precision


@dataclass(frozen=True)
class Roofline:
    """A bound that was computed, beside a latency that was measured."""

    origin: Literal["estimated"]
    """Of the bound."""
    soc: str
    bound_ms: float
    """No run on this chip is faster (docs/estimate.md says on what figures that rests)."""
    share: float
    """Bound ÷ measured median, without copies where the engine can tell: 1 is the roof."""


def roofline(onnx: Path, chip: str, precision: str, batch: int, p50_ms: float) -> Roofline | None:
    """The roofline of a run that was measured on an NPU; None where the chip or the model is not in the tables.

    Args:
        onnx: the graph that was compiled, or one equal to it.
        chip: as AscendCL or torch_npu names it.
        precision: of the run.
        batch: of the run.
        p50_ms: measured; never of the simulated device.
    """
    soc = npu_smi.exact(chip)
    if soc is None or p50_ms <= 0:
        return None
    # An OM in mixed precision computes its products in fp16.
    floats: Precision = "fp32" if precision in ("fp32", "origin") else "bf16" if precision == "bf16" else "fp16"
    try:
        [bound] = estimate(onnx, table()[soc], [batch], floats).bounds
    except UsageError:  # no figures of this chip, an axis without a size: there is nothing to say, and no harm
        return None
    return Roofline("estimated", soc, bound.milliseconds, bound.milliseconds / p50_ms)
