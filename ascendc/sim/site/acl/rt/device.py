"""Devices and contexts."""

from ascendc.sim.session import call, machine


@call()
def set_device(device: int) -> None:
    """``aclrtSetDevice``."""
    machine().set_device(device)


@call()
def reset_device(device: int) -> None:
    """``aclrtResetDevice``."""
    machine().contexts.reset_device(device)


@call(0)
def get_device() -> int:
    """``aclrtGetDevice``."""
    return machine().contexts.device


@call(0)
def get_device_count() -> int:
    """``aclrtGetDeviceCount``."""
    return machine().settings.devices


@call(0)
def query_device_status(device: int) -> int:
    """``aclrtQueryDeviceStatus``: 0 normal, 1 abnormal."""
    machine().contexts.check_device(device)
    return int(machine().faults.imminent("device-lost"))


@call(0)
def get_run_mode() -> int:
    """``aclrtGetRunMode``: 0 on a board, 1 on a host."""
    return machine().settings.run_mode


@call(0)
def create_context(device: int) -> int:
    """``aclrtCreateContext``: current in this thread from now on."""
    return machine().contexts.create(device)


@call()
def destroy_context(context: int) -> None:
    """``aclrtDestroyContext``."""
    machine().contexts.destroy(context)


@call()
def set_context(context: int) -> None:
    """``aclrtSetCurrentContext``."""
    machine().contexts.current = context


@call(0)
def get_context() -> int:
    """``aclrtGetCurrentContext``."""
    return machine().contexts.current


@call(0, 0, 0)
def get_version() -> "tuple[int, int, int]":
    """``aclrtGetVersion``: of AscendCL in CANN 8.1."""
    return 1, 13, 0
