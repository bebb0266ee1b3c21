"""``acl.rt``: devices, contexts, streams, memory."""

import ctypes

from ascendc.sim.device.stream import Stream
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
    """``aclrtQueryDeviceStatus``: 0 normal."""
    machine().contexts.check_device(device)
    return 0


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


@call(0)
def create_stream() -> int:
    """``aclrtCreateStream``, in the context of this thread."""
    return machine().contexts.streams.add(Stream(machine().contexts.current))


@call()
def destroy_stream(stream: int) -> None:
    """``aclrtDestroyStream``: waits for what is in it."""
    machine().contexts.streams.remove(stream).wait()


@call()
def synchronize_stream(stream: int) -> None:
    """``aclrtSynchronizeStream``."""
    machine().contexts.stream(stream).wait()


@call()
def synchronize_device() -> None:
    """``aclrtSynchronizeDevice``: every stream of this thread's device."""
    for stream in machine().contexts.streams_of(machine().contexts.device):
        stream.wait()


@call(0)
def malloc(size: int, policy: int) -> int:
    """``aclrtMalloc``."""
    del policy
    return machine().allocate(size, "device")


@call()
def free(address: int) -> None:
    """``aclrtFree``."""
    machine().memory.free(address, "device")


@call(0)
def malloc_host(size: int) -> int:
    """``aclrtMallocHost``: pinned memory of the host."""
    return machine().allocate(size, "host")


@call()
def free_host(address: int) -> None:
    """``aclrtFreeHost``."""
    machine().memory.free(address, "host")


@call()
def memcpy(target: int, room: int, source: int, size: int, kind: int) -> None:
    """``aclrtMemcpy``: at once, and not behind what is in a stream."""
    machine().check_copy(target, room, source, size, kind)
    machine().memory.copy(target, source, size)


@call()
def memcpy_async(target: int, room: int, source: int, size: int, kind: int, stream: int) -> None:
    """``aclrtMemcpyAsync``: when somebody waits for the stream."""
    machine().check_copy(target, room, source, size, kind)
    memory = machine().memory
    machine().contexts.stream(stream).put(lambda: memory.copy(target, source, size))


@call()
def memset(address: int, room: int, value: int, size: int) -> None:
    """``aclrtMemset``."""
    machine().check_copy(address, room, address, size, 4)
    ctypes.memset(address, value, size)


@call(0, 0)
def get_mem_info(attribute: int) -> "tuple[int, int]":
    """``aclrtGetMemInfo``: free and total bytes of this thread's device."""
    del attribute
    memory = machine().memory
    return memory.capacity - memory.used(machine().contexts.device), memory.capacity
