"""The beginning and the end of AscendCL in a process, and what it says meanwhile."""

import json
from pathlib import Path

from ascendc.sim.device.codes import INVALID_FILE, PARSE_FILE, REPEAT_INITIALIZE, SUCCESS
from ascendc.sim.session import call, end, plain, recent, settings, start


@plain("|s")
def init(config_path: str = "") -> int:
    """``aclInit``; the configuration must be JSON, and nothing in it is simulated."""
    if config_path:
        path = Path(config_path)
        if not path.is_file():
            return INVALID_FILE
        try:
            json.loads(path.read_text(encoding="utf-8") or "{}")
        except ValueError:
            return PARSE_FILE
    return SUCCESS if start() else REPEAT_INITIALIZE


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
