"""The beginning and the end of AscendCL in a process, and what it says meanwhile."""

from ascendc.sim.device.codes import REPEAT_INITIALIZE, SUCCESS, AclError
from ascendc.sim.device.dump import Dumping
from ascendc.sim.session import call, end, json_of, machine, plain, recent, settings, start


@plain("|s")
def init(config_path: str = "") -> int:
    """``aclInit``; of a configuration the section ``dump`` counts, for models, and nothing else is simulated."""
    try:
        dumping = Dumping.of(json_of(config_path)) if config_path else None
    except AclError as error:
        return error.code
    if not start():
        return REPEAT_INITIALIZE
    machine().dumping = dumping
    return SUCCESS


@plain("")
def finalize() -> int:
    """``aclFinalize``; raises where something is still live."""
    return end()


@call("", 0, 0, 0)
def get_version() -> "tuple[int, int, int]":
    """``aclrtGetVersion``: of AscendCL in CANN 8.1."""
    return 1, 13, 0


@plain("")
def get_soc_name() -> str:
    """``aclrtGetSocName``: also before ``init``."""
    return settings().soc


@plain("")
def get_recent_err_msg() -> "str | None":
    """``aclGetRecentErrMsg``: None where there is nothing to say."""
    return recent()


@plain("is")
def app_log(level: int, message: str) -> None:
    """``aclAppLog``: nothing is logged."""
    del level, message
