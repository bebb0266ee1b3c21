"""Dumping what flows between operators, which nothing is written of here."""

from ascendc.sim.session import call, machine


@call("")
def init_dump() -> None:
    """``aclmdlInitDump``: takes it."""
    machine()


@call("|s")
def set_dump(config_path: str = "") -> None:
    """``aclmdlSetDump``: takes it."""
    del config_path
    machine()


@call("")
def finalize_dump() -> None:
    """``aclmdlFinalizeDump``: takes it."""
    machine()
