"""``acl.media``: memory for pictures and video in hardware, which itself the simulator has none of."""

from collections.abc import Callable
from typing import NoReturn

from ascendc.sim.session import call, machine

from .missing import Missing


@call(0)
def dvpp_malloc(size: int) -> int:
    """``acldvppMalloc``: memory of the device."""
    return machine().allocate(size, "device")


@call()
def dvpp_free(address: int) -> None:
    """``acldvppFree``."""
    machine().memory.free(address, "device")


def __getattr__(name: str) -> "Callable[..., NoReturn]":
    missing: Callable[..., NoReturn] = getattr(Missing("acl.media"), name)
    return missing
