"""The partition MODEL_INOUT_INFO: inputs, outputs and gears as a list of (type, length, value).

Source: the graph engine's ``ge_model_inout_types.h`` and its readers (August 2026); seen in files of CANN 8.0.
"""

from __future__ import annotations

import struct

from ascendc.cann.om.container import DamagedError, Partition
from ascendc.cann.om.interface import GEAR_KINDS, Gears, Interface, Port
from ascendc.cann.om.types import ACL_DTYPES, FORMATS, RANK
from ascendc.protobuf import Content

_MOST = 1 << 20
"""Bytes of the partition, which is read whole; what was met has 507."""

_INPUTS, _OUTPUTS = 0, 1
_KINDS = {number + 1: kind for number, kind in GEAR_KINDS.items()}
"""Gears by the type of their list."""

_PORT = "<QiiIIII"
"""Size, format, type, then the lengths in bytes of name, dims, dims before AIPP, and ranges."""


def read(data: Content, part: Partition) -> Interface:
    """The interface that the partition of a file describes.

    Raises:
        DamagedError: something does not fit into the partition, or it is larger than any model has it.
    """
    if part.size > _MOST:
        raise DamagedError(f"its list of inputs and outputs has {part.size} bytes; allowed: {_MOST}")
    block = data[part.start : part.end]
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    gears: Gears | None = None
    at = 0
    while at < len(block):
        kind, length = _numbers(block, "<II", at)
        at += 8
        if length > len(block) - at:
            raise DamagedError(f"a list of type {kind} should have {length} bytes, and {len(block) - at} are left")
        value = block[at : at + length]
        at += length
        if kind == _INPUTS:
            inputs = _ports(value)
        elif kind == _OUTPUTS:
            outputs = _ports(value)
        elif kind in _KINDS and value:
            values = _batches(value) if _KINDS[kind] == "batch" else _groups(value)
            gears = Gears(_KINDS[kind], values) if values else None
    return Interface(inputs, outputs, gears)


def _ports(value: bytes) -> tuple[Port, ...]:
    (count,) = _numbers(value, "<I", 0)
    heads = struct.calcsize(_PORT)
    if count * heads > len(value):
        raise DamagedError(f"{count} inputs or outputs are more than the {len(value)} bytes of their list can hold")
    at, ports = 4, []
    for _ in range(count):
        size, format_, dtype, *lengths = _numbers(value, _PORT, at)
        at += heads
        if sum(lengths) > len(value) - at:
            raise DamagedError("an input or output is longer than its list")
        name, dims = value[at : at + lengths[0]], value[at + lengths[0] : at + lengths[0] + lengths[1]]
        at += sum(lengths)
        if len(dims) > RANK * 8:
            raise DamagedError(f"a shape in the list of inputs and outputs has more than {RANK} axes")
        ports.append(
            Port(
                name.decode(errors="replace"),
                _int64s(dims),
                ACL_DTYPES.get(dtype),
                FORMATS.get(format_ & 0xFF),  # above it stands how a private layout is subdivided
                size or None,  # 0: open shapes
            )
        )
    return tuple(ports)


def _batches(value: bytes) -> tuple[tuple[int, ...], ...]:
    (count,) = _numbers(value, "<I", 0)
    if count * 8 > len(value) - 4:
        raise DamagedError(f"{count} batch gears are more than their list can hold")
    return tuple((batch,) for batch in _int64s(value[4 : 4 + count * 8]))


def _groups(value: bytes) -> tuple[tuple[int, ...], ...]:
    (count,) = _numbers(value, "<I", 0)
    if count * 4 > len(value) - 4:
        raise DamagedError(f"{count} gears are more than their list can hold")
    lengths = struct.unpack_from(f"<{count}I", value, 4)
    at = 4 + count * 4
    if sum(lengths) * 8 > len(value) - at:
        raise DamagedError(f"{sum(lengths)} sizes of gears are more than their list can hold")
    groups = []
    for length in lengths:
        groups.append(_int64s(value[at : at + length * 8]))
        at += length * 8
    return tuple(groups)


def _int64s(raw: bytes) -> tuple[int, ...]:
    if len(raw) % 8:
        raise DamagedError(f"a list of 64-bit numbers has {len(raw)} bytes")
    return struct.unpack(f"<{len(raw) // 8}q", raw)


def _numbers(block: bytes, layout: str, at: int) -> tuple[int, ...]:
    if at + struct.calcsize(layout) > len(block):
        raise DamagedError(f"the list of inputs and outputs ends at byte {len(block)}, within a number")
    return struct.unpack_from(layout, block, at)
