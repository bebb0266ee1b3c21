"""Memory for pictures, and what is called for them in vain."""

from collections.abc import Callable
from typing import NoReturn

from ascendc.sim.session import call, machine

from .._missing import Missing


@call("k", 0)
def dvpp_malloc(size: int) -> int:
    """``acldvppMalloc``: memory of the device."""
    return machine().allocate(size, "device")


@call("k")
def dvpp_free(address: int) -> None:
    """``acldvppFree``."""
    machine().memory.free(address, "device")


def __getattr__(name: str) -> "Callable[..., NoReturn]":
    missing: Callable[..., NoReturn] = getattr(Missing("acl.media"), name)
    return missing
