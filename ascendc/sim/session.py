"""The one simulated machine of this process, as `acl` sees it: alive between ``init`` and ``finalize``."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

from ascendc.sim.device.codes import REPEAT_FINALIZE, SUCCESS, UNINITIALIZED, AclError
from ascendc.sim.device.machine import Machine
from ascendc.sim.settings import Settings, here

_machine: Machine | None = None
_recent = threading.local()


class LeakError(RuntimeError):
    """``acl.finalize`` was called while something was live, and `Settings.strict` is on."""


def start(settings: Settings | None = None) -> bool:
    """Begin; False if it has begun."""
    global _machine
    if _machine is not None:
        return False
    _machine = Machine(settings or here())
    return True


def end() -> int:
    """``acl.finalize``.

    Raises:
        LeakError: something was not given back, and that is to be an error.
    """
    global _machine
    if _machine is None:
        return REPEAT_FINALIZE
    machine, _machine = _machine, None
    leaks = machine.leaks()
    said = f"at acl.finalize there is still {', '.join(leaks)}"
    if leaks and machine.settings.strict:
        raise LeakError(f"ascendc sim: {said}")
    for warning in dict.fromkeys((*machine.warnings, *((said,) if leaks else ()))):
        sys.stderr.write(f"ascendc sim: {warning}\n")
    return SUCCESS


def machine() -> Machine:
    """The machine.

    Raises:
        AclError: ``acl.init`` was not called, or ``acl.finalize`` was.
    """
    if _machine is None:
        raise AclError(UNINITIALIZED, "acl.init was not called, or acl.finalize was")
    return _machine


def recent() -> str:
    """What the last failure in this thread was about; empty after it was asked for, as AscendCL does."""
    text: str = getattr(_recent, "message", "")
    _recent.message = ""
    return text


def call(*failed: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn a function that raises `AclError` into one that returns its code last, as pyACL's do.

    Args:
        failed: what is returned before the code when it fails.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(*arguments: Any) -> Any:
            try:
                result = function(*arguments)
            except AclError as error:
                _recent.message = f"EZ9999: {error.message} (simulated)"
                return (*failed, error.code) if failed else error.code
            if not failed:
                return SUCCESS
            return (*(result if isinstance(result, tuple) and len(failed) > 1 else (result,)), SUCCESS)

        return called

    return decorate


def plain(default: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn a function that raises `AclError` into one that returns `default` then: pyACL's getters have no code."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except AclError as error:
                _recent.message = f"EZ9999: {error.message} (simulated)"
                return default

        return called

    return decorate
