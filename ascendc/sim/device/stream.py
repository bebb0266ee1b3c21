"""Streams: what is put into one runs when somebody waits for it, and not before."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ascendc.sim.device.codes import AclError


@dataclass
class Stream:
    """A queue of work. Late on purpose: whoever reads a result without waiting finds poison."""

    context: int
    """Handle of the context it belongs to."""
    work: deque[Callable[[], object]] = field(default_factory=deque)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, work: Callable[[], object]) -> None:
        """Queue work."""
        with self.lock:
            self.work.append(work)

    def advance(self) -> bool:
        """Say whether there is work, and run the first of it: a program that asks again and again sees it end.

        Raises:
            AclError: it failed; the rest is dropped.
        """
        with self.lock:
            pending = bool(self.work)
            if pending:
                self._run_first()
            return pending

    def wait(self) -> None:
        """Run everything; the first failure is raised when the rest was dropped, as a stream in error does.

        Raises:
            AclError: some of the work failed.
        """
        with self.lock:
            while self.work:
                self._run_first()

    def _run_first(self) -> None:
        try:
            self.work.popleft()()
        except AclError:
            self.work.clear()
            raise
