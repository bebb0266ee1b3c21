"""Bounds of an ONNX file on a chip: the graph that ATC would see, counted (`ascendc.cann.cost`)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ascendc import check
from ascendc.calls import calls
from ascendc.cann.cost import report
from ascendc.cann.cost.bounds import machine
from ascendc.cann.cost.graph import Graph, Op, Tensor
from ascendc.cann.cost.report import Slow
from ascendc.cann.operators import installed
from ascendc.cann.outline import DTYPES
from ascendc.errors import UsageError
from ascendc.folded import folded
from ascendc.onnx_file import read_outline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import onnx_ir as ir

    from ascendc.cann.cost.bounds import Precision
    from ascendc.cann.cost.graph import Attribute
    from ascendc.cann.cost.report import Estimate
    from ascendc.cann.operators.verdict import PrecisionMode
    from ascendc.cann.outline import Outline
    from ascendc.cann.soc import Soc
    from ascendc.folded import Folded

BATCHES = (1, 8)
"""What is estimated where nobody asks for more."""

_MODES: dict[Precision, PrecisionMode] = {
    "fp16": "force_fp16",
    "bf16": "allow_mix_precision_bf16",
    "fp32": "must_keep_origin_dtype",
}
"""What ATC is told for a precision."""

MOST_NAMED = 5
"""Nodes that a note names."""


def estimate(
    path: Path,
    soc: Soc,
    batches: Sequence[int] = (),
    precision: Precision = "fp16",
    sizes: Mapping[str, int] | None = None,
) -> Estimate:
    """Bounds of the model at `path` on `soc`.

    Args:
        path: an ONNX file.
        soc: the chip.
        batches: numbers of items at once; none: 1 and 8, or what the file is fixed to.
        precision: of all floats.
        sizes: of symbolic axes other than the batch, by their names.

    Raises:
        UsageError: the file cannot be read (ASC23xx), `soc` cannot be estimated on (ASC2351, ASC2352), the file is
            fixed to another batch (ASC2353), or an axis has no size (ASC2354).
    """
    chip = machine(soc, precision)
    outline = read_outline(path)
    names, fixed = _batch_axes(outline)
    wanted = dict.fromkeys(batches or (BATCHES if names else (fixed,)))
    if not names and (other := next((batch for batch in wanted if batch != fixed), None)):
        raise UsageError(
            "ASC2353",
            f"batch must not be {other}: the inputs of `{path}` are fixed to {fixed}; allowed: {fixed}",
            hint="export with a symbolic first axis, then any batch can be estimated",
        )
    graphs, notes = {}, []
    for batch in wanted:
        found = folded(path, sizes, batch if names else None)
        graphs[batch], left_out = of_model(found.model, path)
        notes += [note for note in (*found.notes, *left_out) if note not in notes]
    ai_cpu, unknown = _on_ai_cpu(found, soc, precision)
    return report.estimate(str(path), graphs, chip, ai_cpu, (*notes, *unknown))


def _on_ai_cpu(found: Folded, soc: Soc, precision: Precision) -> tuple[tuple[Slow, ...] | None, tuple[str, ...]]:
    """The nodes that CANN's operator tables send to the AI CPU; None without a table for `soc`. And what to mind."""
    try:
        known = check.operators_of(soc, installed.find(os.environ))
    except UsageError as error:
        return None, (error.message,)
    checked = check.check_graph(calls(found), soc, known, _MODES[precision])
    slow = (node for node in checked.findings if node.status == "aicpu")
    notes = () if checked.ok else (f"ATC would refuse {checked.errors} of its nodes: ascendc check says which and why",)
    return tuple(Slow(node.node, node.op, node.reason) for node in slow), notes


def _batch_axes(outline: Outline) -> tuple[tuple[str, ...], int]:
    """Names of the inputs' first axes that are symbolic; and the size of the first that is not."""
    first = [port.shape[0] for port in outline.inputs if port.shape]
    fixed = [axis for axis in first if isinstance(axis, int) and axis > 0]
    return tuple(dict.fromkeys(axis for axis in first if isinstance(axis, str))), fixed[0] if fixed else 1


def of_model(model: ir.Model, path: Path) -> tuple[Graph, tuple[str, ...]]:
    """The main graph, and what of it could not be taken along.

    Raises:
        UsageError: an input has no shape, or an axis without a size (ASC2354).
    """
    for value in model.graph.inputs:
        _check_input(value, path)
    ops, lost = [], []
    for node in model.graph:
        try:
            ops.append(_op(node))
        except _UnknownShapeError:
            lost.append(node)
    graph = Graph(
        tuple(_tensor(value) for value in model.graph.inputs),
        tuple(_tensor(value) for value in model.graph.outputs if _known(value)),
        tuple(ops),
    )
    return graph, _left_out(lost)


def _check_input(value: ir.Value, path: Path) -> None:
    if value.shape is None:
        raise UsageError("ASC2354", f"input `{value.name}` of `{path}` has no shape")
    for axis in value.shape:
        if not isinstance(axis, int) or axis < 0:
            name = None if isinstance(axis, int) else axis.value
            raise UsageError(
                "ASC2354",
                f"axis `{name or '?'}` of input `{value.name}` of `{path}` has no size",
                hint=f"--size {name}=N gives it one" if name else "give the axis a size, or a name, in the file",
            )


class _UnknownShapeError(Exception):
    """A value has a shape that inference could not find."""


def _left_out(nodes: Sequence[ir.Node]) -> tuple[str, ...]:
    if not nodes:
        return ()
    named = ", ".join(f"{node.op_type} {node.name or ''}".strip() for node in nodes[:MOST_NAMED])
    more = f" and {len(nodes) - MOST_NAMED} more" if len(nodes) > MOST_NAMED else ""
    return (f"not counted at all, since their shapes are unknown: {named}{more}",)


def _op(node: ir.Node) -> Op:
    return Op(
        name=node.name or node.op_type,
        op=f"{node.domain}::{node.op_type}" if node.domain else node.op_type,
        inputs=tuple(None if value is None else _tensor(value) for value in node.inputs),
        outputs=tuple(_tensor(value) for value in node.outputs if value.name),
        attributes={name: value for name, value in map(_attribute, node.attributes.values()) if value is not None},
    )


def _attribute(attribute: ir.Attr) -> tuple[str, Attribute | None]:
    import onnx_ir as ir

    if attribute.is_ref():
        return attribute.name, None
    if attribute.type in (ir.AttributeType.INT, ir.AttributeType.FLOAT, ir.AttributeType.STRING):
        value: Attribute = attribute.value
        return attribute.name, value
    return attribute.name, tuple(attribute.value) if attribute.type == ir.AttributeType.INTS else None


def _known(value: ir.Value) -> bool:
    return value.shape is not None and all(isinstance(axis, int) and axis >= 0 for axis in value.shape)


def _tensor(value: ir.Value) -> Tensor:
    if value.shape is None or not _known(value):
        raise _UnknownShapeError
    dtype = DTYPES.get(int(value.dtype), "?") if value.dtype is not None else "?"
    shape = tuple(axis for axis in value.shape if isinstance(axis, int))
    return Tensor(value.name or "", dtype, shape, constant=value.const_value is not None)
