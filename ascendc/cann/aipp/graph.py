"""What GE refuses of a configuration while it prepares the graph (GE, insert_aipp_op_util.cc and aipp_op.cc)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.cann.aipp import table
from ascendc.cann.aipp.finding import Doubt, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ascendc.cann.aipp.case import Case
    from ascendc.cann.outline import Outline

_NOT_NEGATIVE = (
    "src_image_size_w",
    "src_image_size_h",
    "load_start_pos_w",
    "load_start_pos_h",
    "crop_size_w",
    "resize_output_w",
    "resize_output_h",
    "left_padding_size",
    "right_padding_size",
    "top_padding_size",
    "bottom_padding_size",
)
"""GE forgets ``crop_size_h``, which the kernel stumbles over."""


def of_block(case: Case) -> Iterator[Refusal]:
    """What is refused of a block by itself."""
    op = case.op
    if op.aipp_mode not in ("static", "dynamic"):
        said = f"must not be {op.aipp_mode}" if op.aipp_mode else "must be set"
        yield case.refuse(
            "graph", "aipp_mode", f"`aipp_mode` {said}; allowed: static, dynamic", "write aipp_mode: static"
        )
    for name, field in table.fields().items():
        values = getattr(op, name)
        if field.repeated and name != "input_edge_idx" and len(values) > 1:
            message = f"`{name}` must be set once, not {len(values)} times"
            yield case.refuse("graph", name, message, f"keep one line {name}: {values[0]}")
    if op.aipp_mode == "dynamic":
        if op.max_src_image_size == 0:
            message = "`max_src_image_size` must be above 0 with aipp_mode dynamic"
            fix = "add max_src_image_size: batch × the bytes of the largest picture that a program may send"
            yield case.refuse("graph", "max_src_image_size", message, fix)
        return
    if not op.input_format and op.aipp_mode == "static":
        formats = ", ".join(name for name, known in table.formats().items() if known.documented)
        message = f"`input_format` must be set with aipp_mode static; allowed: {formats}"
        yield case.refuse("graph", "input_format", message, "add input_format: RGB888_U8, or what the pictures have")
    for name in _NOT_NEGATIVE:
        if (value := getattr(op, name)) < 0:
            high = table.fields()[name].high
            message = f"`{name}` must not be negative, but is {value}; allowed: 0 to {high}"
            yield case.refuse("graph", name, message, f"write {name}: 0, or delete it")


def of_gears(case: Case) -> Iterator[Refusal]:
    """What ``--dynamic_image_size`` does not go with."""
    op = case.op
    for name in ("crop", "padding"):
        if getattr(op, name):
            message = f"`{name}` must be false with --dynamic_image_size"
            yield case.refuse("graph", name, message, f"delete {name}, or --dynamic_image_size", "E10052")
    if op.aipp_mode == "static":
        for name in ("src_image_size_w", "src_image_size_h"):
            if value := getattr(op, name):
                message = f"`{name}` must be 0 with --dynamic_image_size, not {value}: each gear has its own size"
                yield case.refuse("graph", name, message, f"delete {name}", "E10052")


def of_inputs(cases: Sequence[Case], model: Outline | None, fp16: Sequence[str]) -> Iterator[Refusal | Doubt]:
    """Which inputs the blocks are put before: whether they are there, and each has one block at most."""
    by_name = bool(cases and cases[0].op.related_input_name)
    seen: dict[str | int, Case] = {}
    for case in cases:
        op = case.op
        mixed = len(cases) > 1 and bool(op.related_input_name) != by_name
        field = "related_input_name" if op.related_input_name else "related_input_rank"
        if mixed:
            message = "blocks must all name their inputs in one way, but this one has " + field
            yield case.refuse("graph", field, message, "use related_input_rank in all", "E10052")
        key = op.related_input_name or op.related_input_rank
        if not mixed and key in seen:
            message = f"`{field}` must differ between blocks, but is {key} as on line {seen[key].block.line}"
            yield case.refuse("graph", field, message, "give each block the rank of its own input, from 0", "E10052")
        seen.setdefault(key, case)
        if op.related_input_name:
            message = "`related_input_name` must not be set: ATC finds names in Caffe models only"
            if model is None:
                yield case.doubt(field, f"{message}, and refuses it with ONNX", "use related_input_rank with ONNX")
            else:
                yield case.refuse("graph", field, message, "use related_input_rank", "E10052")
        elif model is not None:
            yield from _of_input(case, model, fp16)


def _of_input(case: Case, model: Outline, fp16: Sequence[str]) -> Iterator[Refusal | Doubt]:
    rank, names = case.op.related_input_rank, [port.name for port in model.inputs]
    if rank >= len(names):
        ranks = ", ".join(f"{at} ({name})" for at, name in enumerate(names[:8]))
        message = f"`related_input_rank` must be the rank of an input, not {rank}; allowed: {ranks or 'none'}"
        yield case.refuse("graph", "related_input_rank", message, "write the rank of the image input", "E10052")
        return
    if names[rank] in fp16:
        message = f"input `{names[rank]}` must not be in --input_fp16_nodes: AIPP takes 8-bit pixels"
        fix = f"take {names[rank]} out of --input_fp16_nodes"
        yield case.refuse("graph", "related_input_rank", message, fix, "E10034")
    shape = model.inputs[rank].shape
    if case.op.aipp_mode == "static" and shape is not None and len(shape) != 4:
        message = f"input `{names[rank]}` is hardly a picture: those have 4 axes, not {len(shape)}"
        yield case.doubt("related_input_rank", message, "write the rank of the image input")
    if case.op.aipp_mode == "dynamic" and shape is not None and len(shape) not in (3, 4):
        message = f"input `{names[rank]}` must have 3 or 4 axes for dynamic AIPP, not {len(shape)}"
        yield case.refuse("graph", "related_input_rank", message, "write the rank of the image input", "E10001")
