"""Writing OM files: a genuine container, as `ascendc.cann.om` reads it, around whatever the simulator puts into it."""

from __future__ import annotations

import struct

from ascendc.cann.om.container import HEADER, MAGIC
from ascendc.sim.blueprint import Blueprint, Value
from ascendc.sim.definition import attribute, definition
from ascendc.sim.listing import listed

__all__ = ["Blueprint", "Value", "attribute", "write"]


def write(blueprint: Blueprint) -> bytes:
    """The bytes of the file."""
    pieces = [(0, definition(blueprint)), *blueprint.partitions]
    if blueprint.listed:
        pieces.insert(0, (8, listed(blueprint)))
    wide = blueprint.wide and not blueprint.first_version
    table = struct.pack("<I4x" if wide else "<I", len(pieces))
    at = 0
    for kind, content in pieces:
        table += struct.pack("<I4xQQ" if wide else "<III", kind, at, len(content))
        at += len(content)
    body = table + b"".join(content for _, content in pieces)
    return _header(blueprint, len(body), wide) + body


def _header(blueprint: Blueprint, length: int, wide: bool) -> bytes:
    header = bytearray(HEADER)
    version = 0x10000000 if blueprint.first_version else 0x20000000
    struct.pack_into("<4sII", header, 0, MAGIC, HEADER, version)
    struct.pack_into("<I", header, 76, 0 if wide else length)
    header[84:115] = blueprint.name.encode()[:31].ljust(31, b"\0")
    if not blueprint.first_version:
        struct.pack_into("<I", header, 156, 1)
        struct.pack_into("<QxB", header, 184, length if wide else 0, bool(blueprint.ranges))
    return bytes(header)
