"""The simulated AscendCL for a Python that is too old for the simulator: calls go to another that runs it.

So what travels to boards, OMs included, runs on Python 3.7 in tests. The folder is on no path but theirs; the variable
`ASCENDC_SIM_PYTHON` names an interpreter (3.10 or newer) in which ascendc is installed. `far.py` is the other end.
"""

import ctypes
import os
import pickle
import subprocess
import threading
from pathlib import Path
from typing import Any, Tuple

SIMULATED = True

_FAR = 1 << 56
"""What is added to addresses of the other process: no address of this one is as large."""
_PICKLE = 4
"""The newest protocol that Python 3.7 has."""
_HAS, _TO_DEVICE, _TO_HOST = "has", "to device", "to host"

_PYTHON = os.environ["ASCENDC_SIM_PYTHON"]

_lock = threading.Lock()
_other = subprocess.Popen(
    [_PYTHON, str(Path(__file__).with_name("far.py"))],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    env={name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "ASCENDC_SIM_PYTHON")},
)


class _Module:
    """``rt`` and the like: a folder of calls."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        call = self._prefix + name
        if name.startswith("_") or not _ask(_HAS, (call,)):
            raise AttributeError(call)
        found = _copy if call == "rt.memcpy" else lambda *arguments: _ask(call, arguments)
        setattr(self, name, found)
        return found


def _ask(call: str, arguments: Tuple[Any, ...]) -> Any:
    near = [one - _FAR if isinstance(one, int) and one >= _FAR else one for one in arguments]
    assert _other.stdin is not None
    assert _other.stdout is not None
    with _lock:
        pickle.dump((threading.get_ident(), call, near), _other.stdin, _PICKLE)
        _other.stdin.flush()
        failed, result = pickle.load(_other.stdout)
    if failed:
        raise RuntimeError(result)
    return (result[0] + _FAR, result[1]) if call == "rt.malloc" and not result[1] else result


def _copy(target: int, room: int, source: int, size: int, direction: int) -> int:
    """``acl.rt.memcpy``: bytes of this process travel with the call, and with the answer."""
    if source < _FAR:
        return int(_ask(_TO_DEVICE, (target, room, ctypes.string_at(source, size), direction)))
    if target >= _FAR:
        return int(_ask("rt.memcpy", (target, room, source, size, direction)))
    content, code = _ask(_TO_HOST, (room, source, size, direction))
    ctypes.memmove(target, content, len(content))
    return int(code)


rt, mdl, util, _top = _Module("rt."), _Module("mdl."), _Module("util."), _Module("")


def __getattr__(name: str) -> Any:
    return getattr(_top, name)
