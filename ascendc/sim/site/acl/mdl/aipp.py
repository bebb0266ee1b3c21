"""AIPP of a loaded model."""

from ascendc.sim.device.aipp import blocks
from ascendc.sim.session import call, machine


@call(0, 0)
def get_aipp_type(model: int, index: int) -> "tuple[int, int]":
    """``aclmdlGetAippType``: 1 where static AIPP feeds the input, else 0."""
    found = machine().models.get(model)
    return (1 if index in blocks(found.payload.plan.aipp) else 0), 0xFFFFFFFF
