"""How much memory steps use: what is resident of this process and its descendants, looked at again and again."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

PERIOD = 0.05
"""Seconds between looks. What comes and goes faster is not seen."""

_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pid: int, proc: Path = Path("/proc")) -> int | None:
    """Bytes resident of a process and its descendants; None where the system does not say (only Linux does).

    Pages that several of them share are counted for each.

    Args:
        pid: the process.
        proc: where ``/proc`` is.
    """
    try:
        pages = int((proc / f"{pid}/statm").read_text().split()[1])
    except OSError:  # another system, or a process that has just ended
        return None
    return pages * _PAGE + sum(resident(child, proc) or 0 for child in _children(proc / str(pid)))


def _children(process: Path) -> list[int]:
    """A thread's children are listed under the thread."""
    found: list[int] = []
    with suppress(OSError):  # as above
        for thread in (process / "task").iterdir():
            with suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


class Sampler:
    """Knows which steps run, and the most that was resident while each did; steps that overlap share what they use."""

    def __init__(self) -> None:
        self.peak: int | None = None
        """The most that was seen while any step ran; None if none did, or the system does not say."""
        self._peaks: dict[Hashable, int] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, step: Hashable) -> None:
        """`step` runs from now on. The first one starts the sampling: a build that runs nothing pays nothing."""
        with self._lock:
            self._peaks[step] = 0
        self._look()
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
            self._thread.start()

    def finish(self, step: Hashable) -> int | None:
        """`step` runs no more; returns its peak."""
        peak = self.peak_of(step)
        with self._lock:
            del self._peaks[step]
        return peak

    def peak_of(self, step: Hashable) -> int | None:
        """The most that was resident while `step` has run, if the system says."""
        self._look()
        with self._lock:
            return self._peaks[step] or None

    def close(self) -> None:
        """Look no more."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(PERIOD):
            if self._peaks:
                self._look()

    def _look(self) -> None:
        now = resident(os.getpid())
        if now is None:
            return
        with self._lock:
            self.peak = max(self.peak or 0, now)
            self._peaks = {step: max(peak, now) for step, peak in self._peaks.items()}
