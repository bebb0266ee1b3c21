"""Events: marks in streams, which others wait for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from ascendc.sim.device.codes import RT_PARAM, AclError
from ascendc.sim.device.stream import Stream


@dataclass
class Event:
    """A mark; without a stream until it is recorded."""

    stream: Stream | None = None
    reached: float | None = None
    """When its stream came to it, in seconds of a clock of its own; None: not yet."""

    def record(self, stream: Stream) -> None:
        """Put the mark into a stream, behind what is in it."""
        self.stream, self.reached = stream, None
        stream.put(self._reach)

    def wait(self) -> None:
        """Run the stream that it was recorded in; nothing if it never was, or was reached.

        Raises:
            AclError: some of its work failed.
        """
        if self.stream is not None and self.reached is None:
            self.stream.wait()

    def ask(self) -> Literal["idle", "waits", "reached"]:
        """Where it stands: in no stream, not reached, or reached; each question lets its stream get on by one step.

        Raises:
            AclError: that step failed.
        """
        if self.reached is not None:
            return "reached"
        if self.stream is None:
            return "idle"
        self.stream.advance()
        return "waits"

    def since(self, start: Event) -> float:
        """Milliseconds between two marks.

        Raises:
            AclError: one of them was not reached.
        """
        if self.reached is None or start.reached is None:
            raise AclError(RT_PARAM, "an event was not reached: synchronize_event, or the stream, first")
        return (self.reached - start.reached) * 1000

    def _reach(self) -> None:
        self.reached = time.monotonic()
