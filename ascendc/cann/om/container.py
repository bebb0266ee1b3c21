"""The container of an OM: a header of 256 bytes, and for each model a table of partitions and the partitions.

Everything is little-endian. Source: the loader of the open-source graph engine (August 2026) and files from 2021 to
CANN 8.0. Nothing is allocated by a length that the file claims: every length is held against what is left of the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ascendc.protobuf import Content

MAGIC = b"IMOD"
HEADER = 256
"""Bytes; the file says so itself, and every loader insists on it."""

_FIRST, _SECOND = 0x10000000, 0x20000000
"""Versions of the header; in the first, up to CANN 20, the number of models and what follows lie elsewhere."""

_FLOW = 3
"""The model type whose tables are always wide."""

MODEL_TYPES = ("IR model", "standard", "tiny", "flow", "lite", "bundle", "reserved")
"""By number."""

PARTITIONS = {
    0: "MODEL_DEF",
    1: "WEIGHTS_DATA",
    2: "TASK_INFO",
    3: "TBE_KERNELS",
    4: "CUST_AICPU_KERNELS",
    5: "SO_BINS",
    6: "FLOW_MODEL",
    7: "FLOW_SUBMODEL",
    8: "MODEL_INOUT_INFO",
    9: "STATIC_TASK_DESC",
    10: "DYNAMIC_TASK_DESC",
    11: "TASK_PARAM",
    12: "TILING_DATA",
    20: "PRE_MODEL_DESC",
    21: "PRE_MODEL_SQE",
    22: "PRE_KERNEL_ARGS",
    23: "PRE_MODEL_DESC_EXTEND",
    24: "BUNDLE_MODEL_INFO",
    25: "BUNDLE_MODEL_VAR_INFO",
    26: "CUSTOM_OPS",
}
"""Partition types by number."""


class DamagedError(ValueError):
    """The bytes are not what they claim to be; the text says where."""


@dataclass(frozen=True)
class Partition:
    """A piece of a model."""

    number: int
    """Its type."""
    start: int
    """Where it begins in the file."""
    size: int
    """Bytes."""

    @property
    def type(self) -> str:
        """Its type by name; ``TYPE_<n>`` where it is in no table."""
        return PARTITIONS.get(self.number, f"TYPE_{self.number}")

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + self.size


@dataclass(frozen=True)
class Header:
    """The first 256 bytes."""

    version: int
    encrypted: bool
    model_type: int
    """Index into `MODEL_TYPES`, if it is one."""
    name: str
    """Of the model, cut to 31 bytes."""
    models: int
    """Models in the file."""
    length: int
    """Bytes behind the header."""
    wide: bool
    """Whether tables have 64-bit numbers."""
    dynamic: bool
    """Whether its shapes are open (not gears)."""


@dataclass(frozen=True)
class Container:
    """A file whose tables hold together to its exact end."""

    header: Header
    models: tuple[tuple[Partition, ...], ...]
    """The partitions of each model; those of an encrypted file are not read."""


def read(data: Content) -> Container:
    """The tables of an OM.

    Args:
        data: the whole file; a mapped file serves as well.

    Raises:
        DamagedError: a header, table or partition does not fit into the file, or bytes are left over.
    """
    header = _header(data)
    if header.length != len(data) - HEADER:
        raise DamagedError(
            f"its header says that {header.length} bytes follow, and {len(data) - HEADER} do: "
            f"{'the file is cut short' if header.length > len(data) - HEADER else 'something was added to it'}"
        )
    if header.encrypted:
        return Container(header, ())
    at, models = HEADER, []
    for _ in range(header.models):
        partitions, at = _model(data, at, header)
        models.append(partitions)
    if at != len(data):
        raise DamagedError(f"its last partition ends at byte {at}, and the file at byte {len(data)}")
    return Container(header, tuple(models))


def _header(data: Content) -> Header:
    if len(data) < HEADER:
        raise DamagedError(f"it has {len(data)} bytes; the header alone has {HEADER}")
    size, version = struct.unpack_from("<II", data, 4)
    if size != HEADER:
        raise DamagedError(f"its header says that it has {size} bytes; every OM's has {HEADER}")
    if version not in (_FIRST, _SECOND):
        raise DamagedError(f"its header has the unknown version 0x{version:08x}")
    encrypted, _, model_type, _ = struct.unpack_from("<4B", data, 80)
    models, long_length, dynamic = 1, 0, 0
    if version == _SECOND:
        (models,) = struct.unpack_from("<I", data, 156)
        (long_length,) = struct.unpack_from("<Q", data, 184)
        dynamic = data[193]
    (short_length,) = struct.unpack_from("<I", data, 76)
    return Header(
        version=version,
        encrypted=bool(encrypted),
        model_type=model_type,
        name=_text(data[84:116]),
        models=models or 1,
        length=long_length or short_length,
        wide=long_length != 0 or model_type == _FLOW,
        dynamic=dynamic == 1,
    )


def _model(data: Content, at: int, header: Header) -> tuple[tuple[Partition, ...], int]:
    """The partitions behind the table at `at`, and where the last one ends; they follow each other without a gap."""
    head, entry = ("<I4x", "<I4xQQ") if header.wide else ("<I", "<III")
    (count,) = _unpack(data, head, at, "a table of partitions")
    start = at + struct.calcsize(head)
    end = start + count * struct.calcsize(entry)
    if end > len(data):
        raise DamagedError(f"the table at byte {at} lists {count} partitions, which are more than the file can hold")
    partitions, behind = [], end
    for index in range(count):
        number, offset, size = struct.unpack_from(entry, data, start + index * struct.calcsize(entry))
        if offset != behind - end:
            raise DamagedError(f"partition {index} should begin at byte {behind}, and its table says {end + offset}")
        if size > len(data) - behind:
            raise DamagedError(f"partition {index} should have {size} bytes, and {len(data) - behind} are left")
        partitions.append(Partition(number, behind, size))
        behind += size
    return tuple(partitions), behind


def _unpack(data: Content, layout: str, at: int, what: str) -> tuple[int, ...]:
    if at + struct.calcsize(layout) > len(data):
        raise DamagedError(f"the file ends at byte {len(data)}, within {what}")
    return struct.unpack_from(layout, data, at)


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode(errors="replace")
