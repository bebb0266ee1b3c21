"""Making a simulated OM: the facts that a genuine one would have, around the graph itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.cann.aipp.read import read as read_aipp
from ascendc.cann.aipp.write import pairs
from ascendc.cann.om.facts import SIMULATED
from ascendc.cann.om.interface import Gears, Interface, Port
from ascendc.cann.om.types import BITS
from ascendc.onnx_file import read_outline
from ascendc.sim.container import Blueprint, Value, write
from ascendc.sim.device.model import SHAPE_INPUT
from ascendc.sim.device.payload import GRAPH, PLAN, Plan

if TYPE_CHECKING:
    from ascendc.cann.aipp.op import AippOp
    from ascendc.cann.outline import Outline

VERSION = "0.0.simulated"
"""What stands where a genuine OM has the version of its compiler."""

_HALF = ("force_fp16", "fp16", "allow_mix_precision", "allow_mix_precision_fp16", "mixed_float16", "allow_fp32_to_fp16")
"""Precision modes in which the simulator rounds to float16."""

_CHANNELS = {"RGB888_U8": 3, "XRGB8888_U8": 4, "YUV400_U8": 1}
_KINDS = {"dynamic_batch_size": "batch", "dynamic_image_size": "image", "dynamic_dims": "dims"}
_TYPES = {"FP32": "float32", "FP16": "float16", "UINT8": "uint8", "INT8": "int8"}


def compiled(onnx: Path, options: Mapping[str, str]) -> bytes:
    """The bytes of the OM.

    Args:
        onnx: a graph that passed the rules.
        options: ATC's, by name, which passed them too.
    """
    outline = read_outline(onnx)
    block = _aipp(options)
    faces = _interface(outline, options, block)
    mode = options.get("precision_mode") or options.get("precision_mode_v2") or "force_fp16"
    names = tuple(port.name for port in outline.inputs)
    aipp = Path(options["insert_op_conf"]).read_text(encoding="utf-8") if block else ""
    plan = Plan(names, tuple(port.name for port in outline.outputs), mode in _HALF, aipp)
    marks: dict[str, dict[str, Value]] = {}
    if block:
        marks[names[block.related_input_rank]] = {"_data_related_aipp_mode": "static_aipp", "aipp": dict(pairs(block))}
    command = " ".join(("atc", *(f"--{name}={value}" for name, value in options.items())))
    attributes: dict[str, Value] = {
        "soc_version": options["soc_version"],
        "atc_version": VERSION,
        "opp_version": VERSION,
        "framework_type": 5,
        "atc_cmdline": command,
        SIMULATED: "1",
    }
    content = onnx.read_bytes()
    pieces = ((GRAPH, content), (PLAN, plan.to_bytes()))
    return write(Blueprint(Path(options["output"]).name, faces, attributes, marks, pieces))


def _aipp(options: Mapping[str, str]) -> AippOp | None:
    path = options.get("insert_op_conf")
    return read_aipp(Path(path).read_text(encoding="utf-8")).blocks[0].op if path else None


def _interface(outline: Outline, options: Mapping[str, str], block: AippOp | None) -> Interface:
    shapes = _shapes(options.get("input_shape", ""))
    gears = _gears(options)
    inputs = []
    for rank, port in enumerate(outline.inputs):
        shape = shapes.get(port.name, tuple(axis if isinstance(axis, int) else -1 for axis in port.shape or ()))
        if block and block.related_input_rank == rank:
            inputs.append(_sized(Port(port.name, _source(block, shape), "uint8", "NHWC")))
        else:
            inputs.append(_sized(Port(port.name, shape, port.dtype, options.get("input_format", "ND"))))
    largest = _largest(outline, inputs, gears)
    if gears is not None:
        count = len(gears.values[0])
        inputs.append(Port(SHAPE_INPUT, (count,), "int32", "ND", 4 * count))
    dtype = _TYPES.get(options.get("output_type", ""), "")
    outputs = []
    for index, port in enumerate(outline.outputs):
        shape = tuple(_axis(axis, largest, gears) for axis in port.shape or ())
        # A genuine compiler names outputs by node and index, and puts the ONNX name behind.
        outputs.append(_sized(Port(f"sim_{index}:0:{port.name}", shape, dtype or port.dtype, "ND")))
    return Interface(tuple(inputs), tuple(outputs), gears)


def _axis(axis: int | str, batch: int, gears: Gears | None) -> int:
    if isinstance(axis, int):
        return axis
    return -1 if gears is not None else batch


def _largest(outline: Outline, inputs: Sequence[Port], gears: Gears | None) -> int:
    """The batch of a static model, or of its largest gear."""
    if gears is not None:
        return max(value[0] for value in gears.values)
    for port, fixed in zip(outline.inputs, inputs, strict=False):
        if port.shape and isinstance(port.shape[0], str) and fixed.shape:
            return fixed.shape[0]
    return 1


def _source(block: AippOp, shape: tuple[int, ...]) -> tuple[int, ...]:
    """What a program hands over: NHWC, of the source's size."""
    height, width = block.src_image_size_h or shape[2], block.src_image_size_w or shape[3]
    if block.input_format == "YUV420SP_U8":
        return (shape[0], height * 3 // 2, width, 1)
    return (shape[0], height, width, _CHANNELS[block.input_format])


def _shapes(text: str) -> dict[str, tuple[int, ...]]:
    """``--input_shape`` by input."""
    found = {}
    for item in filter(None, text.split(";")):
        name, _, dims = item.rpartition(":")
        found[name.strip()] = tuple(int(dim) for dim in dims.split(",") if dim.strip())
    return found


def _gears(options: Mapping[str, str]) -> Gears | None:
    for option, kind in _KINDS.items():
        if text := options.get(option):
            groups = text.strip(";").split(";") if kind != "batch" else text.strip(",").split(",")
            values = tuple(tuple(int(size) for size in re.split(r"\s*,\s*", group.strip())) for group in groups)
            return Gears(kind, values)  # type: ignore[arg-type]  # the three words of the table above
    return None


def _sized(port: Port) -> Port:
    """With its bytes; 0 where gears leave axes open, which the loader counts."""
    shape = port.shape or ()
    size = prod(shape) * BITS.get(port.dtype or "", 8) // 8 if min(shape, default=0) >= 0 else 0
    return Port(port.name, port.shape, port.dtype, port.format, size)
