"""Copies between host and device: what may be copied where."""

from __future__ import annotations

from ascendc.sim.device.codes import RT_PARAM, AclError
from ascendc.sim.device.memory import Memory

_KINDS = ("host to host", "host to device", "device to host", "device to device")
"""By number; a fifth leaves it to AscendCL."""


class Copies:
    """The rules of copies on a machine.

    Args:
        memory: where the bytes lie.
        warnings: gets what a real device might let pass.
        board: whether host and device are one.
        strict: whether a copy that is of another kind than it says fails; programs that ran on cards have them, and
            so it is a warning else.
    """

    def __init__(self, memory: Memory, warnings: list[str], *, board: bool, strict: bool) -> None:
        self._memory, self._warnings, self._board, self._strict = memory, warnings, board, strict

    def check(self, target: int, room: int, source: int, size: int, kind: int) -> None:
        """See that a copy may be made.

        Raises:
            AclError: it does not fit, reaches over the end of what it begins in, or is of no kind.
        """
        if size > room:
            raise AclError(RT_PARAM, f"{size} bytes do not go into {room}")
        self._memory.check(target, size, "the target of a copy")
        self._memory.check(source, size, "the source of a copy")
        if not 0 <= kind <= len(_KINDS):
            raise AclError(RT_PARAM, f"{kind} is no kind of copy")
        self._check_direction(target, source, kind)

    def _check_direction(self, target: int, source: int, kind: int) -> None:
        if self._board:
            if kind in (1, 2):
                self._warnings.append("a copy between host and device on a board, where both are one")
            return
        wants = {0: (False, False), 1: (True, False), 2: (False, True), 3: (True, True)}.get(kind)
        found = tuple(self._memory.on_device(address) for address in (target, source))
        if wants is None or wants == found:
            return
        said = f"a copy that is said to be {_KINDS[kind]} is not"
        if self._strict:
            raise AclError(RT_PARAM, said)
        self._warnings.append(said)
