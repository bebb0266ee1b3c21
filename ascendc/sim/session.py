"""The one simulated machine of this process, as `acl` sees it: alive between ``init`` and ``finalize``."""

from __future__ import annotations

import copy
import functools
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ascendc.sim.arguments import reader
from ascendc.sim.device.codes import (
    INVALID_FILE,
    PARSE_FILE,
    REPEAT_FINALIZE,
    SUCCESS,
    UNINITIALIZED,
    AclError,
)
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


def settings() -> Settings:
    """What is simulated, whether `acl` has begun or not."""
    return _machine.settings if _machine is not None else here()


def json_of(path: str) -> Any:
    """A configuration; an empty file is an empty one.

    Raises:
        AclError: there is no such file, or it is not JSON.
    """
    if not Path(path).is_file():
        raise AclError(INVALID_FILE, f"{path} does not exist")
    try:
        return json.loads(Path(path).read_text(encoding="utf-8") or "{}")
    except ValueError as error:
        raise AclError(PARSE_FILE, f"{path} is not JSON: {error}") from error


def recent() -> str | None:
    """What the last failure in this thread was about; None after it was asked for, as AscendCL does."""
    text: str | None = getattr(_recent, "message", None)
    _recent.message = None
    return text


def call(formats: str, *failed: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn a function that raises `AclError` into one that returns its code last, as pyACL's do.

    Args:
        formats: of its arguments, as `arguments.reader` takes them.
        failed: what is returned before the code when it fails; a function is asked for it, with the arguments.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        read = reader(_public_name(function), formats)

        @functools.wraps(function)
        def called(*given: Any) -> Any:
            arguments = read(given)
            try:
                result = function(*arguments)
            except AclError as error:
                _remember(error)
                if not failed:
                    return error.code
                return (*(one(*arguments) if callable(one) else copy.deepcopy(one) for one in failed), error.code)
            if not failed:
                return SUCCESS
            return (*(result if isinstance(result, tuple) and len(failed) > 1 else (result,)), SUCCESS)

        return called

    return decorate


def plain(formats: str, default: Any = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn a function that raises `AclError` into one that returns `default` then: pyACL's getters have no code.

    Args:
        formats: of its arguments, as `arguments.reader` takes them.
        default: what is returned when it fails.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        read = reader(_public_name(function), formats)

        @functools.wraps(function)
        def called(*given: Any) -> Any:
            arguments = read(given)
            try:
                return function(*arguments)
            except AclError as error:
                _remember(error)
                return default

        return called

    return decorate


def _public_name(function: Callable[..., Any]) -> str:
    """``acl.mdl.execute`` of a function of that name in ``acl.mdl._run``."""
    parts = (part for part in function.__module__.split(".") if not part.startswith("_"))
    return ".".join((*parts, function.__name__))


def _remember(error: AclError) -> None:
    _recent.message = f"EZ9999: {error.message} (simulated)"
