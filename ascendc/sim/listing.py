"""Writing the partition MODEL_INOUT_INFO, as `ascendc.cann.om.tlv` reads it."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from ascendc.cann.om.interface import Gears, Port
from ascendc.sim.blueprint import Blueprint
from ascendc.sim.numbers import DTYPES, LAYOUTS

_GEARS = {"batch": 2, "image": 3, "dims": 4}


def listed(blueprint: Blueprint) -> bytes:
    """The bytes of the partition."""
    interface = blueprint.interface
    blocks = [_block(0, _ports(interface.inputs, blueprint.ranges)), _block(1, _ports(interface.outputs, {}))]
    if interface.gears is not None:
        blocks.append(_block(_GEARS[interface.gears.kind], _gears(interface.gears)))
        texts = [text.encode() for text in blueprint.gear_texts()]
        lengths = struct.pack(f"<{len(texts) + 1}I", len(texts), *map(len, texts))
        blocks.append(_block(5, lengths + b"".join(texts)))
    return b"".join(blocks)


def _block(kind: int, value: bytes) -> bytes:
    return struct.pack("<II", kind, len(value)) + value


def _ports(ports: Sequence[Port], ranges: Mapping[str, Sequence[tuple[int, int]]]) -> bytes:
    parts = [struct.pack("<I", len(ports))]
    for port in ports:
        name, dims = port.name.encode(), _int64s(port.shape or ())
        limits = _int64s([end for one in ranges.get(port.name, ()) for end in one])
        layout, dtype = LAYOUTS.get(port.format or "ND", 2), DTYPES.get(port.dtype or "", -1)
        lengths = (len(name), len(dims), len(dims), len(limits))
        parts.append(struct.pack("<QiiIIII", port.size or 0, layout, dtype, *lengths))
        parts.append(name + dims + dims + limits)
    return b"".join(parts)


def _gears(gears: Gears) -> bytes:
    count = struct.pack("<I", len(gears.values))
    flat = _int64s([size for value in gears.values for size in value])
    if gears.kind == "batch":
        return count + flat
    return count + b"".join(struct.pack("<I", len(value)) for value in gears.values) + flat


def _int64s(numbers: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}q", *numbers)
