"""The container of an OM: a header of 256 bytes, and for each model a table of partitions and the partitions.

Everything is little-endian. Source: the loaders and writers of the open-source graph engine (August 2026) and files
from 2020 to CANN 8.0. Nothing is allocated by a length that the file claims: every length is held against what is left.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ascendc.protobuf import Content

MAGIC = b"IMOD"
HEADER = 256
"""Bytes; the file says so itself, and every loader insists on it."""

_SECOND = 0x20000000
"""Version of the header since which it has the number of models, and numbers of 64 bits; the first is 0x10000000."""

FLOW, BUNDLE = 3, 5
"""Model types: a flow model's tables are always wide, and a bundle's partitions are whole OMs."""

MODEL_TYPES = ("plain", "standard", "tiny", "flow", "lite", "bundle")
"""By number; the graph engine calls the first an IR model."""

PHONE = "phone"
"""The type of a model for Kirin chips, which count their types differently."""

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

PHONE_PARTITIONS = {
    **PARTITIONS,
    3: "TASK_GRAPH",
    4: "SIGNATURE_INFO",
    5: "MODEL_CONFIG",
    6: "AIPP_CUSTOM_INFO",
    7: "ENCRYPT_INFO",
    8: "WEIGHT_INFO",
}
"""Likewise in a model for phones."""

MOST = 4096
"""Models, and partitions of all of them together, that a file may have; what was met has 3 and 15. Each partition costs
memory, and a file of holes could list a hundred million in 4 KB of disk."""

_PRECOMPILED = range(20, 24)
"""Partition types of an ``.exeom``, whose partitions may be aligned, and which has no model definition."""


class DamagedError(ValueError):
    """The bytes are not what they claim to be; the text says where."""


class ForeignError(ValueError):
    """The file is whole, as far as one can tell, and for something that is not AscendCL; the text says for what."""


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
    def end(self) -> int:
        """Where it ends."""
        return self.start + self.size


@dataclass(frozen=True)
class Header:
    """The first 256 bytes."""

    version: int
    encrypted: bool
    model_type: int
    """Index into `MODEL_TYPES`, if it is one, and the model is not for phones."""
    phone: bool
    """Whether it is for phones."""
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

    @property
    def bundle(self) -> bool:
        """Whether its partitions are models."""
        return self.model_type == BUNDLE and not self.phone


@dataclass(frozen=True)
class Container:
    """A file whose tables hold together to its exact end."""

    header: Header
    models: tuple[tuple[Partition, ...], ...]
    """The partitions of each model; those of an encrypted file are not read, and a bundle has one table for all."""

    @property
    def type(self) -> str:
        """The model's type by name."""
        header = self.header
        if header.phone:
            return PHONE
        known = header.model_type < len(MODEL_TYPES)
        return MODEL_TYPES[header.model_type] if known else f"type {header.model_type}"

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """Of all models, in order."""
        return tuple(partition for model in self.models for partition in model)

    def first(self, number: int) -> Partition | None:
        """The first partition of a type in the first model."""
        return next((part for model in self.models[:1] for part in model if part.number == number), None)

    def name(self, partition: Partition) -> str:
        """The type of a partition; ``TYPE_<n>`` where it is in no table."""
        names = PHONE_PARTITIONS if self.header.phone else PARTITIONS
        return names.get(partition.number, f"TYPE_{partition.number}")


def read(data: Content, at: int = 0, end: int | None = None) -> Container:
    """The tables of an OM.

    Args:
        data: a file; mapped, it serves as well.
        at: where the OM begins in it: a bundle holds several.
        end: where it ends; None: with the file.

    Raises:
        DamagedError: a header, table or partition does not fit into the file, or bytes are left over.
        ForeignError: it is precompiled, for chips without a graph engine.
    """
    end = len(data) if end is None else end
    header = _header(data, at, end)
    at += HEADER
    if header.length != end - at:
        raise DamagedError(
            f"its header says that {header.length} bytes follow, and {end - at} do: "
            f"{'the file is cut short' if header.length > end - at else 'something was added to it'}"
        )
    if header.encrypted:
        return Container(header, ())
    if header.models > MOST:
        raise DamagedError(f"its header says that it holds {header.models} models; allowed: {MOST}")
    models: list[tuple[Partition, ...]] = []
    for _ in range(1 if header.bundle else header.models):
        partitions, at = _model(data, at, end, header)
        models.append(partitions)
        if (count := sum(map(len, models))) > MOST:
            raise DamagedError(f"its models have {count} partitions and more; allowed: {MOST}")
    if at != end:
        raise DamagedError(f"its last partition ends at byte {at}, and the file at byte {end}")
    return Container(header, tuple(models))


def _header(data: Content, at: int, end: int) -> Header:
    if end - at < HEADER:
        raise DamagedError(f"it has {end - at} bytes; the header alone has {HEADER}")
    magic, size, version = struct.unpack_from("<4sII", data, at)
    if magic != MAGIC:
        raise DamagedError(f"the model at byte {at} begins with {magic!a} instead of {MAGIC!a}")
    if size != HEADER:
        raise DamagedError(f"its header says that it has {size} bytes; every OM's has {HEADER}")
    (short_length, encrypted, model_type) = struct.unpack_from("<IBxB", data, at + 76)
    models, long_length, dynamic = 1, 0, 0
    if version >= _SECOND:
        (models,) = struct.unpack_from("<I", data, at + 156)
        long_length, dynamic = struct.unpack_from("<QxB", data, at + 184)
    # Ascend's had no types yet when headers were of the first version.
    phone = version < _SECOND and model_type != 0
    bundle = model_type == BUNDLE and not phone
    return Header(
        version=version,
        encrypted=bool(encrypted),
        model_type=model_type,
        phone=phone,
        name=_text(data[at + 84 : at + 116]),
        models=models or 1,
        # A bundle's writers count the header too.
        length=max(0, (long_length or short_length) - (HEADER if bundle else 0)),
        wide=long_length != 0 or bundle or (model_type == FLOW and not phone),
        dynamic=dynamic == 1,
    )


def _model(data: Content, at: int, end: int, header: Header) -> tuple[tuple[Partition, ...], int]:
    """The partitions behind the table at `at`, and where the last one ends; they follow each other without a gap."""
    head, entry = ("<I4x", "<I4xQQ") if header.wide else ("<I", "<III")
    if at + struct.calcsize(head) > end:
        raise DamagedError(f"the file ends at byte {end}, within a table of partitions")
    (count,) = struct.unpack_from(head, data, at)
    start = at + struct.calcsize(head)
    behind = start + count * struct.calcsize(entry)
    if behind > end:
        raise DamagedError(f"the table at byte {at} lists {count} partitions, which are more than the file can hold")
    if count > MOST:
        raise DamagedError(f"the table at byte {at} lists {count} partitions; allowed: {MOST}")
    # Offsets count from the end of the table, a bundle's from its beginning.
    base = at if header.bundle else behind
    partitions = []
    for index in range(count):
        number, offset, size = struct.unpack_from(entry, data, start + index * struct.calcsize(entry))
        if number in _PRECOMPILED:
            what = "a precompiled model (.exeom) for chips without a graph engine"
            raise ForeignError(f"{what}: 310, 310P and 310B do not load it")
        if base + offset != behind:
            raise DamagedError(f"partition {index} should begin at byte {behind}, and its table says {base + offset}")
        if size > end - behind:
            raise DamagedError(f"partition {index} should have {size} bytes, and {end - behind} are left")
        partitions.append(Partition(number, behind, size))
        behind += size
    return tuple(partitions), behind


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode(errors="replace")
