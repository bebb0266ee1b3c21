"""The beginning and the end of AscendCL in a process, and what it says meanwhile."""

import json
from pathlib import Path
from typing import Any

from ascendc.sim.device.codes import INVALID_FILE, PARSE_FILE, REPEAT_INITIALIZE, SUCCESS
from ascendc.sim.session import end, machine, plain, recent, start


def init(config_path: "str | None" = None) -> int:
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


def finalize() -> int:
    """``aclFinalize``; raises where something is still live."""
    return end()


@plain("")
def get_soc_name() -> str:
    """``aclrtGetSocName``."""
    return machine().settings.soc


def get_recent_err_msg() -> str:
    """``aclGetRecentErrMsg``."""
    return recent()


def app_log(level: int, message: str, *more: Any) -> None:
    """``aclAppLog``: nothing is logged."""
    del level, message, more
