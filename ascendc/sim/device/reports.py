"""Callbacks of streams, and the threads of the program that run them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ascendc.sim.device.codes import RT_NOT_SUBSCRIBED, RT_REPORT_TIMEOUT, RT_SUBSCRIBED, AclError
from ascendc.sim.device.stream import Stream

_CHECK = 0.05
"""Seconds between looks whether a thread that is waited for is still there."""


@dataclass
class _Call:
    work: Callable[[], None]
    done: threading.Event = field(default_factory=threading.Event)


class Reports:
    """Which thread runs the callbacks of which stream."""

    def __init__(self) -> None:
        self._threads: dict[int, int] = {}
        self._queues: dict[int, queue.SimpleQueue[_Call]] = {}

    def subscribe(self, thread: int, stream: Stream) -> None:
        """Let a thread run the callbacks of a stream.

        Raises:
            AclError: one does already.
        """
        if id(stream) in self._threads:
            raise AclError(RT_SUBSCRIBED, "a thread is subscribed to the stream already")
        self._threads[id(stream)] = thread
        self._queues.setdefault(thread, queue.SimpleQueue())

    def unsubscribe(self, thread: int, stream: Stream) -> None:
        """End that.

        Raises:
            AclError: the thread was not subscribed to it.
        """
        if self._threads.get(id(stream)) != thread:
            raise AclError(RT_NOT_SUBSCRIBED, "this thread is not subscribed to the stream")
        del self._threads[id(stream)]

    def launch(self, work: Callable[[], None], stream: Stream, *, blocks: bool) -> None:
        """Put a callback into a stream.

        Args:
            work: what is called.
            stream: behind whose work.
            blocks: whether the stream waits until it has returned.

        Raises:
            AclError: no thread is subscribed to the stream.
        """
        thread = self._threads.get(id(stream))
        if thread is None:
            raise AclError(RT_NOT_SUBSCRIBED, "no thread is subscribed to the stream: call subscribe_report first")
        call, calls = _Call(work), self._queues[thread]

        def arrive() -> None:
            calls.put(call)
            while blocks and not call.done.wait(_CHECK):
                if id(stream) not in self._threads:
                    raise AclError(RT_NOT_SUBSCRIBED, "the thread that runs callbacks has gone")

        stream.put(arrive)

    def process(self, seconds: float | None) -> None:
        """Run the next callback for this thread.

        Args:
            seconds: how long to wait for one; None: for ever.

        Raises:
            AclError: none came.
        """
        calls = self._queues.setdefault(threading.get_ident(), queue.SimpleQueue())
        try:
            call = calls.get(timeout=seconds)
        except queue.Empty:
            raise AclError(RT_REPORT_TIMEOUT, "no callback came in time") from None
        try:
            call.work()
        finally:
            call.done.set()
