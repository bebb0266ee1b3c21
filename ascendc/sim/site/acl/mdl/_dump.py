"""Dumping what flows between operators."""

from ascendc.sim.device.dump import Dumping
from ascendc.sim.session import call, json_of, machine


@call("")
def init_dump() -> None:
    """``aclmdlInitDump``."""
    machine()


@call("|s")
def set_dump(config_path: str = "") -> None:
    """``aclmdlSetDump``: of models that are loaded from now on."""
    machine().dumping = Dumping.of(json_of(config_path))


@call("")
def finalize_dump() -> None:
    """``aclmdlFinalizeDump``."""
    machine().dumping = None
