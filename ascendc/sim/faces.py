"""What faces the caller of a simulated OM: its inputs, outputs and gears, by ATC's options and the graph itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.shapes import Dim
from ascendc.cann.atc.shapes import read as read_shapes
from ascendc.cann.om.interface import Gears, Interface, Port
from ascendc.sim.device.aipp import source
from ascendc.sim.device.dynamic_aipp import CONFIG_INPUT, config_size
from ascendc.sim.device.shapes import SHAPE_INPUT, Range, Shape, filled, largest, measured
from ascendc.sim.device.tensors import size_of

if TYPE_CHECKING:
    from ascendc.cann.aipp.op import AippOp
    from ascendc.cann.outline import Outline

_KINDS = {"dynamic_batch_size": "batch", "dynamic_image_size": "image", "dynamic_dims": "dims"}
OUTPUT_TYPES = {"FP32": "float32", "FP16": "float16", "UINT8": "uint8", "INT8": "int8"}
"""What ``--output_type`` may say here."""


@dataclass(frozen=True)
class Faces:
    """All of it."""

    interface: Interface
    shapes: tuple[Shape, ...]
    """What the graph gets, before AIPP's part: -1 where gears or the caller decide."""
    ranges: tuple[Range, ...]
    """Of each input, where shapes are open without gears; else empty."""
    outputs: tuple[tuple[Shape, ...], ...]
    """For each gear the shapes of the outputs; without gears, once; nothing where shapes are open."""


def faces(outline: Outline, options: Mapping[str, str], blocks: Mapping[int, AippOp], session: Any) -> Faces:
    """What the compiled model takes and gives.

    Args:
        outline: of the graph.
        options: ATC's, which passed the rules.
        blocks: of AIPP, by the input that they are for.
        session: the graph, open in onnxruntime: its outputs' shapes are measured.

    Raises:
        AclError: the graph does not run with these shapes.
    """
    dims, gears = _dims(outline, options), read_gears(options)
    shapes = tuple(tuple(axis if isinstance(axis, int) else -1 for axis in one) for one in dims)
    is_open = gears is None and any(axis < 0 for shape in shapes for axis in shape)
    names, given = [port.name for port in outline.inputs], [port.name for port in outline.outputs]
    choices = [filled(shapes, gears, gear) for gear in gears.values] if gears else [] if is_open else [list(shapes)]
    found = tuple(measured(session, names, given, choice) for choice in choices)
    most = found[gears.values.index(largest(shapes, gears))] if gears else found[0] if found else None
    outputs = _outputs(outline, options, most)
    return Faces(
        interface=Interface(_inputs(outline, options, blocks, shapes, gears), outputs, gears),
        shapes=shapes,
        ranges=tuple(tuple(map(_limits, one)) for one in dims) if is_open else (),
        outputs=found,
    )


def _inputs(
    outline: Outline,
    options: Mapping[str, str],
    blocks: Mapping[int, AippOp],
    shapes: Sequence[Shape],
    gears: Gears | None,
) -> tuple[Port, ...]:
    ports = []
    halves = [name.strip() for name in options.get("input_fp16_nodes", "").split(";")]
    for rank, (port, shape) in enumerate(zip(outline.inputs, shapes, strict=True)):
        block = blocks.get(rank)
        if block is not None and block.aipp_mode == "dynamic":
            ports.append(Port(port.name, (shape[0], -1, -1, -1), "uint8", "NHWC", block.max_src_image_size))
        elif block is not None:
            ports.append(_sized(Port(port.name, source(block, shape), "uint8", "NHWC")))
        else:
            dtype = "float16" if port.name in halves else port.dtype
            ports.append(_sized(Port(port.name, shape, dtype, options.get("input_format", "ND"))))
    most = filled(shapes, gears, largest(shapes, gears)) if gears else shapes
    for rank in (rank for rank, block in blocks.items() if block.aipp_mode == "dynamic"):
        name = CONFIG_INPUT if len(ports) == len(shapes) else f"{CONFIG_INPUT}_aipp_node_{rank}"
        size = config_size(most[rank][0])
        ports.append(Port(name, (size,), "uint8", "ND", size))
    if gears is not None:
        count = len(gears.values[0])
        ports.append(Port(SHAPE_INPUT, (count,), "int32", "ND", 4 * count))
    return tuple(ports)


def _outputs(outline: Outline, options: Mapping[str, str], most: Sequence[Shape] | None) -> tuple[Port, ...]:
    """As the compiler says them: of the largest gear."""
    dtype = OUTPUT_TYPES.get(options.get("output_type", ""), "")
    ports = []
    for index, port in enumerate(outline.outputs):
        shape = most[index] if most else tuple(axis if isinstance(axis, int) else -1 for axis in port.shape or ())
        # A genuine compiler names outputs by node and index, and puts the ONNX name behind.
        ports.append(_sized(Port(f"sim_{index}:0:{port.name}", shape, dtype or port.dtype, "ND")))
    return tuple(ports)


def _dims(outline: Outline, options: Mapping[str, str]) -> list[tuple[Dim, ...]]:
    """Of each input: what the options say, by name or by position, else what the graph says."""
    read = read_shapes(Options.of(options))
    items = read.items if read else ()
    named = {item.name: item.dims for item in items if item.name}
    placed = [item.dims for item in items if not item.name]
    found = []
    for rank, port in enumerate(outline.inputs):
        plain: tuple[Dim, ...] = tuple(axis if isinstance(axis, int) else -1 for axis in port.shape or ())
        found.append(named.get(port.name, placed[rank] if rank < len(placed) else plain))
    return found


def _limits(dim: Dim) -> tuple[int, int]:
    """The least and the largest size of an axis; -1 stands for any from 1 on."""
    if isinstance(dim, tuple):
        return min(dim), max(dim)
    return (1, -1) if dim < 0 else (dim, dim)


def read_gears(options: Mapping[str, str]) -> Gears | None:
    """The gears that ATC's options ask for."""
    for option, kind in _KINDS.items():
        if text := options.get(option):
            groups = text.strip(";").split(";") if kind != "batch" else text.strip(",").split(",")
            values = tuple(tuple(int(size) for size in re.split(r"\s*,\s*", group.strip())) for group in groups)
            return Gears(kind, values)  # type: ignore[arg-type]  # the three words of the table above
    return None


def _sized(port: Port) -> Port:
    """With its bytes; 0 where axes are open, which the loader counts."""
    shape = port.shape or ()
    size = size_of(port, shape) if min(shape, default=0) >= 0 else 0
    return Port(port.name, port.shape, port.dtype, port.format, size)
