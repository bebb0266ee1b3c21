"""What AscendCL tells of an input with AIPP: ``aclAippInfo``, under the names of C."""

from math import prod
from typing import Any

from ascendc.cann.aipp.op import AippOp
from ascendc.sim.device.codes import GE_AIPP_NOT_EXIST, INVALID_PARAM, AclError
from ascendc.sim.device.dynamic_aipp import FORMATS
from ascendc.sim.device.layout import Layout
from ascendc.sim.device.tensors import size_of
from ascendc.sim.numbers import DTYPES, LAYOUTS
from ascendc.sim.session import call, machine

_NUMBERS = {name: number for number, name in FORMATS.items()}
_SOURCE = {"srcFormat": LAYOUTS["NCHW"], "srcDatatype": DTYPES["float32"], "srcDimNum": 4}
"""The input as the graph had it."""
_HALF = 2
"""Bytes of an element that AIPP makes: float16."""


@call("Ik", None)
def get_first_aipp_info(model: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetFirstAippInfo``: of dynamic AIPP the source and the dimensions; all else is 0."""
    layout = machine().models.get(model).layout
    if index >= len(layout.inputs):
        raise AclError(INVALID_PARAM, f"index {index} is not below {len(layout.inputs)}")
    block = layout.blocks.get(index)
    if block is None:
        raise AclError(GE_AIPP_NOT_EXIST, f"input {index} has no AIPP")
    dims = _dims(layout, index)
    settings = {**_colours(block), **_picture(block), **_channels(block)}
    if block.aipp_mode == "dynamic":
        settings = {name: value * 0 for name, value in settings.items()}
    return {**settings, **_SOURCE, "shapeCount": len(dims), "outDims": dims}


def _colours(op: AippOp) -> "dict[str, Any]":
    """Three coefficients of the matrix are not told: the binding forgets them."""
    (r0c0, r0c1, _), (r1c0, r1c1, r1c2), (_, _, r2c2) = op.matrix
    matrix = {"R0C0": r0c0, "R0C1": r0c1, "R1C0": r1c0, "R1C1": r1c1, "R1C2": r1c2, "R2C2": r2c2}
    return {
        "cscSwitch": int(op.csc_switch),
        "rbuvSwapSwitch": int(op.rbuv_swap_switch),
        "axSwapSwitch": int(op.ax_swap_switch),
        **{f"matrix{place}": value for place, value in matrix.items()},
        **{f"outputBias{channel}": value for channel, value in enumerate(op.output_bias)},
        **{f"inputBias{channel}": value for channel, value in enumerate(op.input_bias)},
    }


def _picture(op: AippOp) -> "dict[str, Any]":
    return {
        "inputFormat": _NUMBERS[op.input_format] if op.input_format else 0,
        "srcImageSizeW": op.src_image_size_w,
        "srcImageSizeH": op.src_image_size_h,
        "singleLineMode": int(op.single_line_mode),
        "aippExtend": 0,
        "cropSwitch": int(op.crop),
        "loadStartPosW": op.load_start_pos_w,
        "loadStartPosH": op.load_start_pos_h,
        "cropSizeW": op.crop_size_w,
        "cropSizeH": op.crop_size_h,
        "resizeSwitch": int(op.resize),
        "resizeOutputW": op.resize_output_w,
        "resizeOutputH": op.resize_output_h,
        "paddingSwitch": int(op.padding),
        "leftPaddingSize": op.left_padding_size,
        "rightPaddingSize": op.right_padding_size,
        "topPaddingSize": op.top_padding_size,
        "bottomPaddingSize": op.bottom_padding_size,
    }


def _channels(op: AippOp) -> "dict[str, Any]":
    named = {"meanChn": op.mean, "minChn": op.minimum, "varReciChn": op.reciprocal}
    return {f"{name}{channel}": value for name, values in named.items() for channel, value in enumerate(values)}


def _dims(layout: Layout, index: int) -> "list[dict[str, Any]]":
    """What goes into AIPP and what comes out, for each gear; once where there are none, or shapes are open."""
    port = layout.inputs[index]
    found = []
    for gear in layout.gears.values if layout.gears is not None else (None,):
        source, network = layout.input_shapes(gear)[index], layout.graph_shapes(gear)[index]
        if layout.blocks[index].aipp_mode == "dynamic":
            source, size = port.shape or (), layout.input_sizes[index]
        else:
            size = max(size_of(port, source), 0)
        told = {"srcDims": _shape(port.name, source), "srcSize": size}
        out_size = _HALF * prod(network) if min(network) >= 0 else 0
        found.append({**told, "aippOutdims": _shape(port.name, network), "aippOutSize": out_size})
    return found


def _shape(name: str, shape: "tuple[int, ...]") -> "dict[str, Any]":
    return {"name": name, "dimCount": len(shape), "dims": list(shape)}
