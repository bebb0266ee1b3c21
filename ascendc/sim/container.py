"""Writing OM files: a genuine container, as `ascendc.cann.om` reads it, around whatever the simulator puts into it."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ascendc.cann.om.container import HEADER, MAGIC
from ascendc.cann.om.interface import Gears, Interface, Port
from ascendc.cann.om.types import ACL_DTYPES, FORMATS, PROTO_DTYPES
from ascendc.protobuf import message, number, varint

Scalar = str | int | float | bool
Value = Scalar | Sequence[Scalar] | Mapping[str, Scalar]
"""What an attribute may be; a mapping becomes named attributes."""

_ACL = {name: code for code, name in ACL_DTYPES.items()}
_PROTO = {name: code for code, name in PROTO_DTYPES.items()}
_LAYOUTS = {name: code for code, name in FORMATS.items()}
_GEARS = {"batch": 2, "image": 3, "dims": 4}
_GEAR_TYPES = {"batch": 1, "image": 2, "dims": 3}


@dataclass(frozen=True)
class Blueprint:
    """What an OM shall hold."""

    name: str
    interface: Interface
    attributes: Mapping[str, Value] = field(default_factory=dict)
    """Of the model."""
    input_attributes: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    """Of inputs, by their names: AIPP's."""
    partitions: tuple[tuple[int, bytes], ...] = ()
    """Further ones: type and content, behind the model definition."""
    listed: bool = True
    """Whether inputs and outputs are listed, as since CANN 8.0, or only in the graph."""
    wide: bool = True
    """Whether tables have 64-bit numbers."""
    ranges: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """Of inputs whose shapes are open, by their names: the least and the largest size of each axis."""
    gear_outputs: Sequence[Sequence[Sequence[int]]] = ()
    """For each gear the shapes of the outputs."""
    first_version: bool = False
    """Whether the header is as it was up to CANN 20."""


def write(blueprint: Blueprint) -> bytes:
    """The bytes of the file."""
    pieces = [(0, _definition(blueprint)), *blueprint.partitions]
    if blueprint.listed:
        pieces.insert(0, (8, _listed(blueprint)))
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


def _listed(blueprint: Blueprint) -> bytes:
    interface = blueprint.interface
    blocks = [_block(0, _ports(interface.inputs, blueprint.ranges)), _block(1, _ports(interface.outputs, {}))]
    if interface.gears is not None:
        blocks.append(_block(_GEARS[interface.gears.kind], _gears(interface.gears)))
        texts = [text.encode() for text in _gear_outputs(blueprint)]
        lengths = struct.pack(f"<{len(texts) + 1}I", len(texts), *map(len, texts))
        blocks.append(_block(5, lengths + b"".join(texts)))
    return b"".join(blocks)


def _gear_outputs(blueprint: Blueprint) -> list[str]:
    """``gear,output,sizes…``, as the compiler writes them."""
    return [
        ",".join(map(str, (gear, output, *shape)))
        for gear, shapes in enumerate(blueprint.gear_outputs)
        for output, shape in enumerate(shapes)
    ]


def _block(kind: int, value: bytes) -> bytes:
    return struct.pack("<II", kind, len(value)) + value


def _ports(ports: Sequence[Port], ranges: Mapping[str, Sequence[tuple[int, int]]]) -> bytes:
    parts = [struct.pack("<I", len(ports))]
    for port in ports:
        name, dims = port.name.encode(), _int64s(port.shape or ())
        limits = _int64s([end for one in ranges.get(port.name, ()) for end in one])
        layout, dtype = _LAYOUTS.get(port.format or "ND", 2), _ACL.get(port.dtype or "", -1)
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


def _definition(blueprint: Blueprint) -> bytes:
    """A ModelDef: name 1, graph 7, attr 11."""
    names = [port.name for port in blueprint.interface.outputs]
    attributes = {"attr_model_out_nodes_name": names, **blueprint.attributes}
    return message(1, blueprint.name.encode()) + message(7, _graph(blueprint)) + _map(11, attributes)


def _graph(blueprint: Blueprint) -> bytes:
    interface = blueprint.interface
    ops = [
        _op(port.name, "Data", {"index": index, **blueprint.input_attributes.get(port.name, {})}, outputs=(port,))
        for index, port in enumerate(interface.inputs)
    ]
    if interface.gears is not None:
        gears = {f"_pred_value_{index}": list(value) for index, value in enumerate(interface.gears.values)}
        kind = {"_batch_num": len(interface.gears.values), "mbatch_dynamic_type": _GEAR_TYPES[interface.gears.kind]}
        ops.append(_op("mbatch-switch-name", "Case", {**kind, **gears}))
    told: dict[str, Value] = {"_dynamic_output_dims": _gear_outputs(blueprint)} if blueprint.gear_outputs else {}
    ops.append(_op("Node_Output", "NetOutput", told, inputs=interface.outputs))
    return message(1, blueprint.name.encode()) + b"".join(message(6, op) for op in ops)


def _op(
    name: str, kind: str, attributes: Mapping[str, Value], inputs: Sequence[Port] = (), outputs: Sequence[Port] = ()
) -> bytes:
    """An OpDef: name 1, type 2, attr 10, src_name 24, src_index 25, input_desc 33, output_desc 34."""
    body = message(1, name.encode()) + message(2, kind.encode()) + _map(10, attributes)
    body += b"".join(message(24, port.name.partition(":")[0].encode()) for port in inputs)
    body += b"".join(number(25, 0) for _ in inputs)
    body += b"".join(message(33, _tensor(port)) for port in inputs)
    return body + b"".join(message(34, _tensor(port)) for port in outputs)


def _tensor(port: Port) -> bytes:
    """A TensorDescriptor: name 1, dtype 2, shape 3 {dim 1}, layout 4."""
    axes = b"".join(varint(axis & (1 << 64) - 1) for axis in port.shape or ())
    body = message(1, port.name.encode()) + number(2, _PROTO.get(port.dtype or "", 0))
    return body + message(3, message(1, axes)) + message(4, (port.format or "ND").encode())


def _map(field_number: int, attributes: Mapping[str, Value]) -> bytes:
    return b"".join(
        message(field_number, message(1, key.encode()) + message(2, attribute(value)))
        for key, value in attributes.items()
    )


def attribute(value: Value) -> bytes:
    """An AttrDef: list 1, s 2, i 3, f 4, b 5, func 10."""
    if isinstance(value, Mapping):
        return message(10, _map(2, value))
    if isinstance(value, str | int | float):
        return _scalar(value)
    # A ListValue has the fields of an AttrDef's scalars, once per element.
    return message(1, b"".join(_scalar(one) for one in value))


def _scalar(value: Scalar) -> bytes:
    if isinstance(value, bool):
        return number(5, value)
    if isinstance(value, str):
        return message(2, value.encode())
    if isinstance(value, int):
        return number(3, value)
    return varint(4 << 3 | 5) + struct.pack("<f", value)
