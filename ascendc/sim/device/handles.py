"""Handles: numbers that stand for objects, counted, and never used twice."""

from __future__ import annotations

import itertools
import threading
from typing import Generic, TypeVar

from ascendc.sim.device.codes import INVALID_PARAM, AclError

T = TypeVar("T")


class Handles(Generic[T]):
    """The live objects of one kind.

    Args:
        kind: for messages: ``dataset``.
        first: the first number; kinds must not overlap, so that one is never taken for another.
        code: what a wrong handle is answered with.
        step: between numbers.
    """

    def __init__(self, kind: str, first: int, code: int = INVALID_PARAM, step: int = 16) -> None:
        self._kind, self._code = kind, code
        self._numbers = itertools.count(first, step)
        self._live: dict[int, T] = {}
        self._lock = threading.Lock()

    def add(self, item: T) -> int:
        """A new handle."""
        with self._lock:
            number = next(self._numbers)
            self._live[number] = item
        return number

    def get(self, number: int) -> T:
        """What a handle stands for.

        Raises:
            AclError: nothing, or nothing any more.
        """
        try:
            return self._live[number]
        except (KeyError, TypeError):
            raise AclError(self._code, f"{number!r} is no live {self._kind}") from None

    def remove(self, number: int) -> T:
        """Take a handle back.

        Raises:
            AclError: it is no live one: destroyed twice.
        """
        item = self.get(number)
        with self._lock:
            del self._live[number]
        return item

    def replace(self, number: int, item: T) -> None:
        """Let a handle stand for something else.

        Raises:
            AclError: it is no live one.
        """
        self.get(number)
        self._live[number] = item

    @property
    def live(self) -> tuple[T, ...]:
        """Everything that a handle stands for."""
        return tuple(self._live.values())

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, number: object) -> bool:
        return number in self._live
