"""What answers of each kind may be off, relative to how far samples are apart; docs/compare.md argues it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ascendc.stages.package import OM_LIMITS

if TYPE_CHECKING:
    import onnx_ir as ir

EXACT = 2e-4
"""What float32 answers may be off: another order of sums, another library, and no other model."""

HALF = OM_LIMITS["fp16"]

_MODE = re.compile(r"--precision_mode(?:_v2)?=(\S+)")

_KEEPS = ("must_keep_origin_dtype", "origin", "force_fp32")
"""ATC's modes that leave float32 alone."""


def of_model(model: ir.Model) -> float:
    """Of an ONNX file: whether any weight, input or output of it is in half precision."""
    import onnx_ir as ir

    values = (*model.graph.inputs, *model.graph.outputs, *model.graph.initializers.values())
    halves = (ir.DataType.FLOAT16, ir.DataType.BFLOAT16)
    return HALF if any(value.dtype in halves for value in values) else EXACT


def of_om(command_line: str | None) -> float:
    """Of an OM, by the precision mode in ATC's command line; its default is float16."""
    mode = _MODE.search(command_line or "")
    return OM_LIMITS["origin"] if mode and mode.group(1) in _KEEPS else HALF
