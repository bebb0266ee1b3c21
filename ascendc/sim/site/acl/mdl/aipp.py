"""AIPP of a loaded model."""

from ascendc.sim.session import call, machine


@call(0, 0)
def get_aipp_type(model: int, index: int) -> "tuple[int, int]":
    """``aclmdlGetAippType``: 1 where static AIPP feeds the input, else 0."""
    found = machine().models.get(model)
    fed = found.payload.plan.aipp and found.inputs[index].dtype == "uint8"
    return (1 if fed else 0), 0xFFFFFFFF
