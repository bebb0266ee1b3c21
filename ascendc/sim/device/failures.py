"""Runs that fail on a device, and the program's function that is told of them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass

from ascendc.sim.device.handles import Handles


@dataclass(frozen=True)
class Failure:
    """``aclrtExceptionInfo``; valid while the program's function runs."""

    code: int
    device: int
    task: int
    thread: int


class Failures:
    """Who is told."""

    def __init__(self) -> None:
        self.told: Callable[[int], object] | None = None
        """The program's function, which gets the handle of a `Failure`; None: nobody."""
        self.infos: Handles[Failure] = Handles("exception info", 0xA0_0000)
        self._tasks = itertools.count(1)

    def tell(self, code: int, device: int) -> None:
        """Call the program's function; AscendCL does so in a thread of its own, here it is the one that waits."""
        if self.told is None:
            return
        number = self.infos.add(Failure(code, device, next(self._tasks), threading.get_native_id()))
        try:
            self.told(number)
        finally:
            self.infos.remove(number)
