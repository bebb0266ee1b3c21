"""Dimensions of inputs and outputs."""

import zlib
from typing import Any

from ascendc.sim.device.codes import API_NOT_SUPPORTED, INVALID_PARAM, AclError
from ascendc.sim.device.objects import Desc
from ascendc.sim.session import call, machine, plain

_LONGEST = 127
"""Characters of a name that fit into AscendCL's record of dimensions."""


def _told(desc: Desc, index: int, *, output: bool) -> str:
    """The name of an input or output, or what stands for it where it is too long."""
    name = desc.port(index, output=output).name
    if len(name) <= _LONGEST:
        return name
    return f"acl_modelId_{desc.number}_{'output' if output else 'input'}_{index}_{zlib.crc32(name.encode()):08x}"


def _dims(name: str, shape: Any) -> "dict[str, Any]":
    return {"name": name, "dimCount": len(shape), "dims": list(shape)}


@call("kk", {})
def get_input_dims(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetInputDims``: of a YUV picture height, width and three channels, as it looks."""
    found = machine().descs.get(desc)
    shape, block = found.port(index).shape or (), found.known.layout.blocks.get(index)
    if block is not None and block.aipp_mode == "static" and block.input_format == "YUV420SP_U8":
        batch, rows, width, _ = shape
        shape = (batch, rows * 2 // 3 if rows > 0 else rows, width, 3)
    return _dims(_told(found, index, output=False), shape)


@call("kk", {})
def get_input_dims_v2(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetInputDimsV2``: as many elements as the buffer has."""
    found = machine().descs.get(desc)
    return _dims(_told(found, index, output=False), found.port(index).shape or ())


@call("kk", {})
def get_output_dims(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetOutputDims``: of the largest gear; -1 where shapes are open."""
    found = machine().descs.get(desc)
    name = _told(found, index, output=True)
    return _dims(name, found.known.layout.output_shapes(None)[index])


@call("kk", {})
def get_cur_output_dims(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetCurOutputDims``: of the gear that was set last, else of the largest; not where shapes are open."""
    found = machine().descs.get(desc)
    if found.known.layout.ranges:
        raise AclError(API_NOT_SUPPORTED, "shapes are open: get_dataset_tensor_desc tells those of the outputs")
    name = _told(found, index, output=True)
    return _dims(name, found.known.layout.output_shapes(machine().gears.get(found.number))[index])


@call("kk", {"rangeCount": 0, "range": []})
def get_input_dims_range(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetInputDimsRange``: twice the size where an axis is fixed; none on models with gears."""
    found = machine().descs.get(desc)
    port, layout = found.port(index), found.known.layout
    ranges = layout.ranges[index] if layout.ranges else [(size, size) for size in port.shape or ()]
    listed = [list(one) for one in ranges] if layout.gears is None else []
    return {"rangeCount": len(listed), "range": listed}


@plain("ks")
def get_tensor_real_name(desc: int, name: str) -> str:
    """``aclmdlGetTensorRealName``: of a name that a record of dimensions tells."""
    found = machine().descs.get(desc)
    for output, ports in ((False, found.known.layout.inputs), (True, found.known.layout.outputs)):
        for index, port in enumerate(ports):
            if name in (port.name, _told(found, index, output=output)):
                return port.name
    raise AclError(INVALID_PARAM, f"there is no tensor {name}")
