"""Tensors between the memory of a device and the graph."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from ascendc.cann.om.interface import Port
from ascendc.cann.om.types import BITS
from ascendc.sim.device.memory import view
from ascendc.sim.device.shapes import Shape

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Buffer:
    """Where a tensor lies."""

    address: int
    size: int


def size_of(port: Port, shape: Shape) -> int:
    """Bytes of a tensor."""
    return (prod(shape) * BITS[port.dtype or "float32"] + 7) // 8


def read(port: Port, shape: Shape, buffer: Buffer) -> Array:
    """What lies in a buffer; zeros where it is too small."""
    import numpy as np

    size = size_of(port, shape)
    raw = bytes(view(buffer.address, min(size, buffer.size))).ljust(size, b"\0")
    array: Array = np.frombuffer(raw, port.dtype).reshape(shape)
    return array


def rounded(array: Array) -> Array:
    """Floats as float16 has them."""
    import numpy as np

    return array.astype(np.float16).astype(np.float32) if array.dtype.kind == "f" else array


def packed(port: Port, array: Array) -> bytes:
    """The bytes of a result, in the type of its output."""
    import numpy as np

    return np.ascontiguousarray(array.astype(np.dtype(port.dtype or "float32"))).tobytes()


def write(raw: bytes, buffer: Buffer) -> None:
    """Bytes into a buffer, cut where it ends."""
    ctypes.memmove(buffer.address, raw, min(len(raw), buffer.size))
