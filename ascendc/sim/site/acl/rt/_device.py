"""Devices and contexts."""

from ascendc.sim.device.codes import FEATURE_UNSUPPORTED, INVALID_PARAM, AclError
from ascendc.sim.session import call, machine

_UTILIZATION = (
    "cube_utilization",
    "vector_utilization",
    "aicpu_utilization",
    "memory_utilization",
    "utilization_extend",
)


@call("i")
def set_device(device: int) -> None:
    """``aclrtSetDevice``."""
    machine().set_device(device)


@call("i")
def reset_device(device: int) -> None:
    """``aclrtResetDevice``."""
    machine().contexts.reset_device(device)


@call("", 0)
def get_device() -> int:
    """``aclrtGetDevice``."""
    return machine().contexts.device


@call("", 0)
def get_device_count() -> int:
    """``aclrtGetDeviceCount``."""
    return machine().settings.devices


@call("i", 0xFFFF)
def query_device_status(device: int) -> int:
    """``aclrtQueryDeviceStatus``: 0 normal, 1 abnormal."""
    machine().contexts.check_device(device)
    return int(machine().faults.imminent("device-lost"))


@call("", 0)
def get_run_mode() -> int:
    """``aclrtGetRunMode``: 0 on a board, 1 on a host."""
    return machine().settings.run_mode


@call("i", 0)
def create_context(device: int) -> int:
    """``aclrtCreateContext``: current in this thread from now on."""
    return machine().contexts.create(device)


@call("k")
def destroy_context(context: int) -> None:
    """``aclrtDestroyContext``."""
    machine().contexts.destroy(context)


@call("k")
def set_context(context: int) -> None:
    """``aclrtSetCurrentContext``."""
    machine().contexts.current = context


@call("", 0)
def get_context() -> int:
    """``aclrtGetCurrentContext``."""
    return machine().contexts.current


@call("ii", 0)
def device_can_access_peer(device: int, peer: int) -> int:
    """``aclrtDeviceCanAccessPeer``: simulated devices share one memory."""
    _check_peers(device, peer)
    return 1


@call("iI")
def device_enable_peer_access(peer: int, flags: int) -> None:
    """``aclrtDeviceEnablePeerAccess``, for this thread's device."""
    if flags:
        raise AclError(FEATURE_UNSUPPORTED, f"the flags must be 0, not {flags}")
    _check_peers(machine().contexts.device, peer)


@call("i", dict.fromkeys(_UTILIZATION, 0))
def get_device_utilization_rate(device: int) -> "dict[str, int]":
    """``aclrtGetDeviceUtilizationRate``: percent; of the memory alone, the cores of a simulated device are idle."""
    machine().contexts.check_device(device)
    memory = machine().memory
    return dict.fromkeys(_UTILIZATION, 0) | {"memory_utilization": 100 * memory.used(device) // memory.capacity}


def _check_peers(device: int, peer: int) -> None:
    for number in (device, peer):
        machine().contexts.check_device(number)
    if device == peer:
        raise AclError(INVALID_PARAM, f"device {device} is not its own peer")
