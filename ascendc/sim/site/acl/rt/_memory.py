"""Memory and copies."""

import ctypes

from ascendc.sim.session import call, machine


@call("ki", 0)
def malloc(size: int, policy: int) -> int:
    """``aclrtMalloc``: 64 bytes align it."""
    del policy
    return machine().allocate(size, "device")


@call("ki", 0)
def malloc_align32(size: int, policy: int) -> int:
    """``aclrtMallocAlign32``: on a device that 32 bytes align; here as `malloc`."""
    del policy
    return machine().allocate(size, "device")


@call("ki", 0)
def malloc_cached(size: int, policy: int) -> int:
    """``aclrtMallocCached``: there is no cache."""
    del policy
    return machine().allocate(size, "device")


@call("kk")
def mem_flush(address: int, size: int) -> None:
    """``aclrtMemFlush``: there is no cache."""
    machine().memory.check(address, size, "what is flushed")


@call("kk")
def mem_invalidate(address: int, size: int) -> None:
    """``aclrtMemInvalidate``: there is no cache."""
    machine().memory.check(address, size, "what is invalidated")


@call("k")
def free(address: int) -> None:
    """``aclrtFree``."""
    machine().memory.free(address, "device")


@call("k", 0)
def malloc_host(size: int) -> int:
    """``aclrtMallocHost``: pinned memory of the host."""
    return machine().allocate(size, "host")


@call("k")
def free_host(address: int) -> None:
    """``aclrtFreeHost``."""
    machine().memory.free(address, "host")


@call("kkkki")
def memcpy(target: int, room: int, source: int, size: int, kind: int) -> None:
    """``aclrtMemcpy``: at once, and not behind what is in a stream."""
    machine().check_copy(target, room, source, size, kind)
    machine().memory.copy(target, source, size)


@call("kkkkik")
def memcpy_async(target: int, room: int, source: int, size: int, kind: int, stream: int) -> None:
    """``aclrtMemcpyAsync``: when somebody waits for the stream."""
    machine().check_copy(target, room, source, size, kind)
    memory = machine().memory
    machine().contexts.stream(stream).put(lambda: memory.copy(target, source, size))


@call("kkik")
def memset(address: int, room: int, value: int, size: int) -> None:
    """``aclrtMemset``."""
    machine().check_copy(address, room, address, size, 4)
    ctypes.memset(address, value, size)


@call("kkikk")
def memset_async(address: int, room: int, value: int, size: int, stream: int) -> None:
    """``aclrtMemsetAsync``: when somebody waits for the stream."""
    machine().check_copy(address, room, address, size, 4)
    machine().contexts.stream(stream).put(lambda: ctypes.memset(address, value, size))


@call("i", 0, 0)
def get_mem_info(attribute: int) -> "tuple[int, int]":
    """``aclrtGetMemInfo``: free and total bytes of this thread's device."""
    del attribute
    memory = machine().memory
    return memory.capacity - memory.used(machine().contexts.device), memory.capacity
