"""Memory and copies."""

import ctypes

from ascendc.sim.session import call, machine


@call(0)
def malloc(size: int, policy: int) -> int:
    """``aclrtMalloc``."""
    del policy
    return machine().allocate(size, "device")


malloc_cached = malloc


@call()
def mem_flush(address: int, size: int) -> None:
    """``aclrtMemFlush``: there is no cache."""
    machine().memory.check(address, size, "what is flushed")


@call()
def mem_invalidate(address: int, size: int) -> None:
    """``aclrtMemInvalidate``: there is no cache."""
    machine().memory.check(address, size, "what is invalidated")


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


@call()
def memset_async(address: int, room: int, value: int, size: int, stream: int) -> None:
    """``aclrtMemsetAsync``: when somebody waits for the stream."""
    machine().check_copy(address, room, address, size, 4)
    machine().contexts.stream(stream).put(lambda: ctypes.memset(address, value, size))


@call(0, 0)
def get_mem_info(attribute: int) -> "tuple[int, int]":
    """``aclrtGetMemInfo``: free and total bytes of this thread's device."""
    del attribute
    memory = machine().memory
    return memory.capacity - memory.used(machine().contexts.device), memory.capacity
