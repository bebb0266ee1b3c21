"""Whether what was timed also answers right: against the golden outputs, on the scale of how far samples are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.bench.result import Validation
from ascendc.runtime import MetricsError, relative_error
from ascendc.stages.package import OM_LIMITS

if TYPE_CHECKING:
    from ascendc.bench.configuration import Runtime
    from ascendc.bench.feeds import Arrays
    from ascendc.runtime.manifest import Artefact

_BFLOAT16 = 8
"""bfloat16 has 8 bits where float16 has 11, so its rounding errors are 2³ times as large."""


def limit_of(runtime: Runtime, precision: str, exact: float, artefact: Artefact | None) -> float:
    """What a part's answers may differ, relative to the median distance between samples.

    Args:
        runtime: that gave them.
        precision: it computes in.
        exact: what fp32 may differ.
        artefact: of an OM.
    """
    if runtime == "om" and artefact is not None:
        return artefact.limit
    limits = {"fp16": OM_LIMITS["fp16"], "bf16": OM_LIMITS["fp16"] * _BFLOAT16}
    return limits.get(precision, exact)


def judge(wanted: Arrays, got: Arrays, limit: float) -> Validation:
    """Compare answers with the golden outputs, by place: some CANNs name outputs by operator and index alone."""
    count = len(next(iter(wanted.values())))
    if len(got) != len(wanted):
        return Validation(count, None, limit, f"it has {len(got)} outputs, not {len(wanted)}", ok=False)
    try:
        worst = max(relative_error(wanted[name], answer) for name, answer in zip(wanted, got.values(), strict=True))
    except MetricsError as error:
        return Validation(count, None, limit, str(error), ok=False)
    if worst == float("inf"):  # no number that JSON has
        return Validation(count, None, limit, "all samples have one answer, and it is another", ok=False)
    return Validation(count, worst, limit, "", ok=worst <= limit)
