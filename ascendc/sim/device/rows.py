"""Copies of rows that do not lie close together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.sim.device.codes import INVALID_PARAM, AclError

if TYPE_CHECKING:
    from ascendc.sim.device.machine import Machine


@dataclass(frozen=True)
class Rows:
    """What ``aclrtMemcpy2d`` copies: addresses, and bytes from the start of one row to that of the next."""

    target: int
    target_pitch: int
    source: int
    source_pitch: int
    width: int
    """Bytes of a row that are copied."""
    height: int
    """How many rows."""

    def check(self, machine: Machine, kind: int) -> None:
        """See that the copy may be made.

        Raises:
            AclError: rows are empty or overlap, or the first or the last may not be copied.
        """
        pitch = min(self.target_pitch, self.source_pitch)
        if not self.height or not 0 < self.width <= pitch:
            raise AclError(INVALID_PARAM, f"{self.height} rows of {self.width} bytes do not lie {pitch} bytes apart")
        machine.check_copy(self.target, self.width, self.source, self.width, kind)
        machine.memory.check(self.target, self._extent(self.target_pitch), "the target of a copy")
        machine.memory.check(self.source, self._extent(self.source_pitch), "the source of a copy")

    def copy(self, machine: Machine) -> None:
        """Make it."""
        for row in range(self.height):
            target, source = self.target + row * self.target_pitch, self.source + row * self.source_pitch
            machine.memory.copy(target, source, self.width)

    def _extent(self, pitch: int) -> int:
        return pitch * (self.height - 1) + self.width
