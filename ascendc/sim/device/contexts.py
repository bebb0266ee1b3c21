"""Devices, contexts and streams, and what is whose."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from ascendc.sim.device.codes import (
    RT_DEVICE_ID,
    RT_HANDLE,
    RT_NO_CONTEXT,
    RT_STREAM_CONTEXT,
    AclError,
)
from ascendc.sim.device.handles import Handles
from ascendc.sim.device.stream import Stream


@dataclass
class Context:
    """A context, and the device it belongs to."""

    device: int
    stream: int = 0
    """Its default stream."""


class Contexts:
    """All of a process; each thread has one current context, or none.

    Args:
        devices: how many there are.
    """

    def __init__(self, devices: int) -> None:
        self._devices = devices
        self._contexts: Handles[Context] = Handles("context", 0x10_0000, RT_NO_CONTEXT)
        self.streams: Handles[Stream] = Handles("stream", 0x20_0000, RT_HANDLE)
        self._set: Counter[int] = Counter()
        self._defaults: dict[int, int] = {}
        self._thread = threading.local()
        self._lock = threading.RLock()

    def set_device(self, device: int) -> None:
        """Use a device in this thread, through its default context.

        Raises:
            AclError: there is no such device.
        """
        self.check_device(device)
        with self._lock:
            self._set[device] += 1
            if device not in self._defaults:
                self._defaults[device] = self.create(device)
            self._thread.context = self._defaults[device]

    def reset_device(self, device: int) -> None:
        """Let go of a device; the last of those who use it takes its default context along.

        Raises:
            AclError: there is no such device, or it is not in use.
        """
        self.check_device(device)
        with self._lock:
            if not self._set[device]:
                raise AclError(RT_DEVICE_ID, f"device {device} is not set")
            self._set[device] -= 1
            if not self._set[device]:
                self.destroy(self._defaults.pop(device))

    def check_device(self, device: int) -> None:
        """See that there is such a device.

        Raises:
            AclError: there is none.
        """
        if not 0 <= device < self._devices:
            raise AclError(RT_DEVICE_ID, f"device {device} is not below {self._devices}")

    def create(self, device: int) -> int:
        """A context with a stream of its own, current in this thread.

        Raises:
            AclError: there is no such device.
        """
        self.check_device(device)
        number = self._contexts.add(Context(device))
        self._contexts.get(number).stream = self.streams.add(Stream(number))
        self._thread.context = number
        return number

    def destroy(self, number: int) -> None:
        """Take a context and its default stream away.

        Raises:
            AclError: it is no live one.
        """
        context = self._contexts.remove(number)
        self.streams.remove(context.stream)

    @property
    def current(self) -> int:
        """The context of this thread.

        Raises:
            AclError: it has none: threads inherit nothing.
        """
        number: int | None = getattr(self._thread, "context", None)
        if number is None or number not in self._contexts:
            raise AclError(RT_NO_CONTEXT, "this thread has no context: call set_context or set_device in it")
        return number

    @current.setter
    def current(self, number: int) -> None:
        self._contexts.get(number)
        self._thread.context = number

    @property
    def device(self) -> int:
        """The device of this thread's context.

        Raises:
            AclError: it has none.
        """
        return self._contexts.get(self.current).device

    def stream(self, number: int) -> Stream:
        """A stream of this thread's context; 0 is its default one.

        Raises:
            AclError: it is no live one, or another context's.
        """
        context = self.current
        found = self.streams.get(number or self._contexts.get(context).stream)
        if found.context != context:
            raise AclError(RT_STREAM_CONTEXT, f"stream {number} belongs to another context")
        return found

    def streams_of(self, device: int) -> list[Stream]:
        """Every stream of a device."""
        return [stream for stream in self.streams.live if self._contexts.get(stream.context).device == device]

    def live(self) -> tuple[tuple[str, int], ...]:
        """How many streams, contexts and devices are in use, but for those that come with another."""
        return (
            ("stream", len(self.streams) - len(self._contexts)),
            ("context", len(self._contexts) - len(self._defaults)),
            ("device", len(self._defaults)),
        )
