"""Writing the partition MODEL_DEF, as `ascendc.cann.om.definition` reads it."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from ascendc.cann.om.interface import Port
from ascendc.protobuf import message, number, varint
from ascendc.sim.blueprint import Blueprint, Scalar, Value
from ascendc.sim.numbers import PROTO

_GEAR_TYPES = {"batch": 1, "image": 2, "dims": 3}


def definition(blueprint: Blueprint) -> bytes:
    """A ModelDef: name 1, graph 7, attr 11."""
    names = [port.name for port in blueprint.interface.outputs]
    attributes = {"attr_model_out_nodes_name": names, **blueprint.attributes}
    return message(1, blueprint.name.encode()) + message(7, _graph(blueprint)) + _map(11, attributes)


def _graph(blueprint: Blueprint) -> bytes:
    interface = blueprint.interface
    ops = []
    for index, port in enumerate(interface.inputs):
        said = blueprint.input_attributes.get(port.name, {})
        kind = "AippData" if said.get("_data_related_aipp_mode") == "dynamic_aipp_conf" else "Data"
        ops.append(_op(port.name, kind, {"index": index, **said}, outputs=(port,)))
    if interface.gears is not None:
        gears = {f"_pred_value_{index}": list(value) for index, value in enumerate(interface.gears.values)}
        case = {"_batch_num": len(interface.gears.values), "mbatch_dynamic_type": _GEAR_TYPES[interface.gears.kind]}
        ops.append(_op("mbatch-switch-name", "Case", {**case, **gears}))
    told: dict[str, Value] = {"_dynamic_output_dims": blueprint.gear_texts()} if blueprint.gear_outputs else {}
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
    body = message(1, port.name.encode()) + number(2, PROTO.get(port.dtype or "", 0))
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
