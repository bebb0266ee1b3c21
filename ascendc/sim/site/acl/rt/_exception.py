"""What a program is told of a run that fails on the device."""

from typing import Any

from ascendc.sim.session import call, machine, plain

_NONE = 0xFFFFFFFF
"""Said of an information that is none."""


@call("|O")
def set_exception_info_callback(function: Any = None) -> None:
    """``aclrtSetExceptionInfoCallback``: called with an information that lasts as long as the call; None takes it away.

    Raises:
        TypeError: it is nothing that can be called.
    """
    if function is not None and not callable(function):
        raise TypeError("acl.rt.set_exception_info_callback args parse failed")
    machine().failures.told = function


@plain("k", _NONE)
def get_error_code_from_exception_info(info: int) -> int:
    """``aclrtGetErrorCodeFromExceptionInfo``."""
    return machine().failures.infos.get(info).code


@plain("k", _NONE)
def get_device_id_from_exception_info(info: int) -> int:
    """``aclrtGetDeviceIdFromExceptionInfo``."""
    return machine().failures.infos.get(info).device


@plain("k", _NONE)
def get_task_id_from_exception_info(info: int) -> int:
    """``aclrtGetTaskIdFromExceptionInfo``."""
    return machine().failures.infos.get(info).task


@plain("k", _NONE)
def get_stream_id_from_exception_info(info: int) -> int:
    """``aclrtGetStreamIdFromExceptionInfo``: streams have no numbers here, and so it is always 0."""
    machine().failures.infos.get(info)
    return 0


@plain("k", _NONE)
def get_thread_id_from_exception_info(info: int) -> int:
    """``aclrtGetThreadIdFromExceptionInfo``."""
    return machine().failures.infos.get(info).thread
