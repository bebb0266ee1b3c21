"""A dump file: eight bytes of length, a message that describes tensors, and their bytes one after the other.

Sources: ``big_dump_data.py`` and ``dump_data.proto`` of Huawei's comparison tools (Ascend/msprobe, August 2026), and
CANN's ``aicpu_schedule``, which writes it. Files from before version 2.0 are the message alone, with the bytes inside.
No dump of a device has been read by this yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from ascendc.cann.dump.message import Description, Dumped, describe
from ascendc.cann.om.types import BITS
from ascendc.errors import UsageError
from ascendc.protobuf import Content, TornError, opened

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[Any]

LENGTH = 8
"""Bytes of the length of the message, little-endian."""


@dataclass(frozen=True)
class Dump:
    """A file, and what it describes."""

    path: Path
    said: Description

    def values(self, tensor: Dumped) -> Array:
        """Its values, in the shape that the bytes have; bfloat16 as float32.

        Raises:
            UsageError: there are fewer bytes than the shape needs, or numpy has no such dtype (ASC2821).
        """
        import numpy as np

        what, half = f"{tensor.way} {tensor.index}", tensor.dtype == "bfloat16"
        if BITS.get(tensor.dtype, 0) < 8 or tensor.dtype == "complex32":
            raise self._unfit(f"{what} holds {tensor.dtype}, which numpy does not have")
        dtype = np.dtype(np.uint16 if half else tensor.dtype)
        size = prod(tensor.shape) * dtype.itemsize
        if not 0 < size <= tensor.size:
            shape = "×".join(map(str, tensor.shape)) or "scalar"
            raise self._unfit(f"{what} is {tensor.dtype} {shape}, and has {tensor.size} bytes")
        with self.path.open("rb") as file:
            file.seek(tensor.start)
            raw = file.read(size)
        if len(raw) < size:
            raise self._unfit("it has become shorter")
        array: Array = np.frombuffer(raw, dtype).reshape(tensor.shape)
        return (array.astype(np.uint32) << 16).view(np.float32) if half else array

    def _unfit(self, why: str) -> UsageError:
        return UsageError("ASC2821", f"the dump `{self.path}` cannot be compared: {why}")


def read(path: Path) -> Dump:
    """Describe what is in a dump file; no tensor is read.

    Raises:
        UsageError: it cannot be read, or is no dump (ASC2820).
    """
    try:
        with opened(path) as data:
            return Dump(path, _described(data))
    except OSError as error:
        raise UsageError("ASC2820", f"the dump `{path}` cannot be read: {error.strerror}") from error
    except TornError as error:
        raise UsageError(
            "ASC2820",
            f"`{path}` is no dump of AscendCL, or only the beginning of one: {error}",
            hint="a folder of dumps holds files <type>.<node>.<task>.<stream>.<time>, and a mapping.csv for long names",
        ) from error


def _described(data: Content) -> Description:
    length = int.from_bytes(data[:LENGTH], "little")
    # What begins with a field of a message would be a length of petabytes.
    if len(data) > LENGTH and length <= len(data) - LENGTH:
        return describe(data, LENGTH, LENGTH + length, behind=True)
    return describe(data, 0, len(data), behind=False)
