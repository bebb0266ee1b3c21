"""Gears: which there are, and choosing one."""

import ctypes
from typing import Any

from ascendc.sim.arguments import ALL, integers
from ascendc.sim.device.codes import (
    GE_GEAR_LENGTH,
    GE_GEAR_VALUE,
    INVALID_PARAM,
    AclError,
)
from ascendc.sim.device.layout import Layout
from ascendc.sim.device.shapes import SHAPE_INPUT
from ascendc.sim.session import call, machine

_MOST_GEARS = 4096
"""Gears that the binding asks for at once."""


@call("k", {})
def get_dynamic_batch(desc: int) -> "dict[str, Any]":
    """``aclmdlGetDynamicBatch``: none on a model without batch gears."""
    gears = machine().descs.get(desc).known.layout.gears
    sizes = [value[0] for value in gears.values] if gears is not None and gears.kind == "batch" else []
    return {"batchCount": len(sizes), "batch": sizes}


@call("kk", {})
def get_dynamic_hw(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetDynamicHW``."""
    del index
    gears = machine().descs.get(desc).known.layout.gears
    sizes = [list(value) for value in gears.values] if gears is not None and gears.kind == "image" else []
    return {"hwCount": len(sizes), "hw": sizes}


@call("kk", 0)
def get_input_dynamic_gear_count(desc: int, index: int) -> int:
    """``aclmdlGetInputDynamicGearCount``: of gears of several axes alone; `index` is -1."""
    return len(_dims_gears(machine().descs.get(desc).known.layout, index))


@call("kkk", lambda desc, index, count: None if count > _MOST_GEARS else [None] * count)
def get_input_dynamic_dims(desc: int, index: int, count: int) -> "list[dict[str, Any]]":
    """``aclmdlGetInputDynamicDims``: for each gear the full shapes of all inputs, one behind the other.

    Empty ones follow where `count` is larger than that of the gears.
    """
    layout = machine().descs.get(desc).known.layout
    gears = _dims_gears(layout, index)
    if not len(gears) <= count <= _MOST_GEARS:
        raise AclError(INVALID_PARAM, f"the count must lie from {len(gears)} to {_MOST_GEARS}, not {count}")
    shapes = [[size for shape in layout.graph_shapes(gear) for size in shape] for gear in gears]
    shapes += [[]] * (count - len(gears))
    return [{"name": "", "dimCount": len(flat), "dims": list(flat)} for flat in shapes]


@call("IkkK")
def set_dynamic_batch_size(model: int, dataset: int, index: int, batch: int) -> None:
    """``aclmdlSetDynamicBatchSize``."""
    _set_gear(model, dataset, index, "batch", (batch,))


@call("IkkKK")
def set_dynamic_hw_size(model: int, dataset: int, index: int, height: int, width: int) -> None:
    """``aclmdlSetDynamicHWSize``."""
    _set_gear(model, dataset, index, "image", (height, width))


@call("IkkO")
def set_input_dynamic_dims(model: int, dataset: int, index: int, dims: "dict[str, Any]") -> None:
    """``aclmdlSetInputDynamicDims``: the full shapes of all inputs, one behind the other."""
    found, flat = machine().models.get(model).layout, _flat(dims)
    open_ = [axis for port in found.inputs if port.name != SHAPE_INPUT for axis in port.shape or ()]
    if not flat:
        raise AclError(INVALID_PARAM, "dimCount must not be 0")
    if len(open_) != len(flat):
        raise AclError(INVALID_PARAM, f"the inputs have {len(open_)} axes, not {len(flat)}")
    gear = tuple(size for size, axis in zip(flat, open_, strict=True) if axis < 0)
    _set_gear(model, dataset, index, "dims", gear)


def _dims_gears(layout: Layout, index: int) -> "tuple[tuple[int, ...], ...]":
    if index != ALL:
        raise AclError(INVALID_PARAM, f"the index must be -1, not {index}")
    return layout.gears.values if layout.gears is not None and layout.gears.kind == "dims" else ()


def _flat(dims: Any) -> "list[int]":
    """The sizes of a dictionary as `get_input_dynamic_dims` makes it; its name may be missing.

    Raises:
        TypeError: it is no such dictionary.
        RuntimeError: its name is no string.
    """
    if not isinstance(dims, dict):
        raise TypeError("argument 4 is not dict")
    if not isinstance(dims.get("name", ""), str):
        raise RuntimeError("PyUnicode_AsUTF8String failed")  # noqa: TRY004  # as the binding does
    listed, count = dims.get("dims"), dims.get("dimCount")
    if not isinstance(listed, list):
        raise TypeError("The dims of parameter 4 is not a list.")
    wrong = "the dims of fourth parameter is not list of int"
    if not isinstance(count, int) or not 0 <= count <= len(listed):
        raise TypeError(wrong)
    return integers(listed[:count], wrong, wrong)


def _set_gear(model: int, dataset: int, index: int, kind: str, gear: "tuple[int, ...]") -> None:
    """Record a gear in the dataset, and write it into the buffer of the input that ATC added."""
    found, fed = machine().models.get(model).layout, machine().datasets.get(dataset)
    if min(gear, default=0) <= 0:
        raise AclError(INVALID_PARAM, "a gear must not hold 0")
    if index >= len(fed.buffers) or index >= len(found.inputs) or found.inputs[index].name != SHAPE_INPUT:
        raise AclError(INVALID_PARAM, f"input {index} is not {SHAPE_INPUT}, or has no buffer")
    if found.gears is None or found.gears.kind != kind or gear not in found.gears.values:
        offered = "none" if found.gears is None else f"{found.gears.kind} {list(found.gears.values)}"
        raise AclError(GE_GEAR_VALUE, f"{kind} gear {gear} was not compiled; there are: {offered}")
    buffer = machine().buffers.get(fed.buffers[index])
    if not buffer.address:
        raise AclError(INVALID_PARAM, f"the buffer of {SHAPE_INPUT} has no address")
    if buffer.size < 4 * len(gear):
        raise AclError(GE_GEAR_LENGTH, f"the buffer of {SHAPE_INPUT} has {buffer.size} bytes")
    machine().memory.check(buffer.address, 4 * len(gear), SHAPE_INPUT)
    # The graph engine writes 64 bits each where there is room for them.
    number = ctypes.c_int64 if buffer.size >= 8 * len(gear) else ctypes.c_int32
    values = (number * len(gear))(*gear)
    ctypes.memmove(buffer.address, values, ctypes.sizeof(values))
    fed.gear = gear
    machine().gears[model] = gear
