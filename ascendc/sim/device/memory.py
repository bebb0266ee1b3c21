"""Memory with real addresses: whoever has an address may read and write there, as on a board.

Fresh memory is poisoned, and so is freed memory before it goes: what relies on zeros, or on what is gone, shows.
"""

from __future__ import annotations

import bisect
import ctypes
import threading
from dataclasses import dataclass
from typing import Literal

from ascendc.sim.device.codes import RT_OUT_OF_MEMORY, RT_PARAM, AclError

Kind = Literal["device", "host"]

ALIGNMENT = 64
"""Bytes; AscendCL aligns to it."""
FRESH, FREED = 0xA5, 0xDD
"""What memory is filled with."""


@dataclass(frozen=True)
class Block:
    """An allocation."""

    address: int
    size: int
    kind: Kind
    device: int
    buffer: ctypes.Array[ctypes.c_char]
    """What keeps it."""

    @property
    def end(self) -> int:
        """The address behind it."""
        return self.address + self.size


class Memory:
    """All allocations of a process. Thread-safe.

    Args:
        capacity: bytes of each device.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._blocks: dict[int, Block] = {}
        self._addresses: list[int] = []
        self._lock = threading.Lock()
        self.allocations = 0
        """Made so far: steady use makes none."""
        self.copied = 0
        """Bytes copied so far."""

    def allocate(self, size: int, kind: Kind, device: int) -> int:
        """The address of `size` poisoned bytes.

        Raises:
            AclError: the size is 0, or the device is full.
        """
        if size <= 0:
            raise AclError(RT_PARAM, f"memory of {size} bytes must not be asked for")
        with self._lock:
            used = sum(block.size for block in self._blocks.values() if (block.kind, block.device) == (kind, device))
            if kind == "device" and used + size > self._capacity:
                raise AclError(RT_OUT_OF_MEMORY, f"device {device} has {self._capacity - used} bytes left, not {size}")
            buffer = ctypes.create_string_buffer(size + ALIGNMENT)
            address = -(-ctypes.addressof(buffer) // ALIGNMENT) * ALIGNMENT
            ctypes.memset(address, FRESH, size)
            self._blocks[address] = Block(address, size, kind, device, buffer)
            bisect.insort(self._addresses, address)
            self.allocations += 1
        return address

    def free(self, address: int, kind: Kind) -> None:
        """Give an allocation back.

        Raises:
            AclError: there is none at the address, or not of this kind: a double free.
        """
        with self._lock:
            block = self._blocks.get(address)
            if block is None or block.kind != kind:
                raise AclError(RT_PARAM, f"there is no {kind} memory at 0x{address:x} to free (freed twice?)")
            ctypes.memset(address, FREED, block.size)
            del self._blocks[address]
            self._addresses.remove(address)

    def find(self, address: int) -> Block | None:
        """The allocation that an address lies in."""
        with self._lock:
            index = bisect.bisect_right(self._addresses, address) - 1
            block = self._blocks[self._addresses[index]] if index >= 0 else None
        return block if block is not None and address < block.end else None

    def on_device(self, address: int) -> bool:
        """Whether an address lies in memory of a device."""
        block = self.find(address)
        return block is not None and block.kind == "device"

    def check(self, address: int, size: int, what: str) -> None:
        """See that `size` bytes at an address do not reach over the end of the allocation they begin in.

        Raises:
            AclError: they do, or the address is null.
        """
        if not address:
            raise AclError(RT_PARAM, f"{what} is null")
        block = self.find(address)
        if block is not None and address + size > block.end:
            raise AclError(
                RT_PARAM, f"{what}: {size} bytes at 0x{address:x} reach {address + size - block.end} too far"
            )

    def copy(self, target: int, source: int, size: int) -> None:
        """Copy bytes between addresses, wherever they are."""
        ctypes.memmove(target, source, size)
        self.copied += size

    def used(self, device: int) -> int:
        """Bytes that are allocated on a device."""
        with self._lock:
            return sum(b.size for b in self._blocks.values() if (b.kind, b.device) == ("device", device))

    @property
    def live(self) -> tuple[Block, ...]:
        """Everything that was not given back."""
        with self._lock:
            return tuple(self._blocks.values())

    @property
    def capacity(self) -> int:
        """Bytes of a device."""
        return self._capacity


def view(address: int, size: int) -> ctypes.Array[ctypes.c_char]:
    """The bytes at an address."""
    return (ctypes.c_char * size).from_address(address)
