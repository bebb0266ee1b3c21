"""Failure on demand: which calls fail, and with which code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ascendc.sim.device.codes import (
    GE_LOAD,
    RT_AICORE_EXCEPTION,
    RT_AICORE_TIMEOUT,
    RT_DRIVER,
    RT_HANDLE,
    RT_HOST_MEMORY,
    RT_NO_STREAM,
    RT_OUT_OF_MEMORY,
    AclError,
)

if TYPE_CHECKING:
    from ascendc.sim.settings import Fault

_CODES = {
    "device-lost": RT_DRIVER,
    "oom": RT_OUT_OF_MEMORY,
    "exec": RT_AICORE_EXCEPTION,
    "load": GE_LOAD,
    "host-oom": RT_HOST_MEMORY,
    "streams": RT_NO_STREAM,
    "timeout": RT_AICORE_TIMEOUT,
    "handle": RT_HANDLE,
}


class Faults:
    """The faults of a machine.

    Args:
        asked: what is to fail.
    """

    def __init__(self, asked: Sequence[Fault]) -> None:
        self._asked = asked
        self._calls: Counter[str] = Counter()

    def strike(self, name: str) -> None:
        """Fail if this call is to fail.

        Raises:
            AclError: it is.
        """
        if self.due(name):
            raise AclError(_CODES[name], f"simulated fault: {name}")

    def due(self, name: str) -> bool:
        """Count a call, and say whether it is one of those that fail."""
        fails = self.imminent(name)
        self._calls[name] += 1
        return fails

    def imminent(self, name: str) -> bool:
        """Whether the next call will fail."""
        count = self._calls[name] + 1
        asked = [fault for fault in self._asked if fault.name == name]
        return any(f.after < count and (f.times is None or count <= f.after + f.times) for f in asked)
