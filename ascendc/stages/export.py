"""The stage `export`: a part's torch module, traced once at a small batch, or the ONNX file a plugin has instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ascendc import graph
from ascendc.errors import StageError, UsageError
from ascendc.graph import Graph
from ascendc.model import Attention, Weights
from ascendc.stages.ingest import ingest
from ascendc.stages.trace import trace

if TYPE_CHECKING:
    import onnx_ir as ir
    import torch

    from ascendc.graph import Sources
    from ascendc.model import Model, Part, Tensor
    from ascendc.store import Workspace

TRACE_BATCH = 5
"""The batch a part is traced at.

`symbolic-batch` looks for it on axis 0, so it must not be a size that is there for another reason: 1 broadcasts,
2, 4 and 8 are head counts and merged pairs, 3 is the colours, 7 the patch grid of ViT-B/32.
"""

Exporter = Literal["auto", "torchscript", "dynamo"]


@dataclass(frozen=True)
class ExportSpec:
    """All that the stage reads besides the model."""

    part: str
    opset: int = 13
    exporter: Exporter = "auto"
    """`auto`: see `choose`."""
    attention: Attention = "eager"
    weights: Weights = Weights()  # noqa: RUF009 - frozen, hence safe to share


def export(spec: ExportSpec, model: Model, workspace: Workspace, sources: Sources | None = None) -> Graph:
    """Export one part.

    Args:
        spec: what to export, and how.
        model: the plugin's model.
        workspace: where the stage works.
        sources: the model's files; weights that are mapped from them stay there.

    Returns:
        The graph at batch `TRACE_BATCH`, its inputs and outputs named as the part names them; or the plugin's own
        ONNX file as it is.

    Raises:
        UsageError: sdpa below opset 14 (ASC1401), or an input whose size is not known (ASC1404).
        StageError: torch cannot export the module (ASC1402), another opset came back (ASC1403), or inputs and
            outputs are not those of the part (ASC1405).
    """
    if (path := model.onnx(spec.part)) is not None:
        return ingest(path, workspace, sources)
    if spec.attention == "sdpa" and spec.opset < 14:
        raise UsageError(
            "ASC1401",
            f"attention `sdpa` needs opset 14 or newer, not {spec.opset}; allowed below: eager",
            hint="--set export.attention=eager",
        )
    part = next(part for part in model.parts() if part.name == spec.part)
    inputs = tuple(_trace_input(tensor) for tensor in part.inputs)
    module = model.module(spec.part, spec.weights, spec.attention)
    dynamo = choose(spec.exporter, spec.opset).name == "dynamo"
    lent = sources or {}
    exported = trace(part, module, inputs, spec.opset, dynamo=dynamo, folder=workspace.folder, files=lent.values())
    _check(spec, part, exported)
    exported.ir_version = _ir_version(spec.opset)
    return graph.save(exported, workspace, sources=lent)


@dataclass(frozen=True)
class Choice:
    """An exporter, and why it was taken."""

    name: Literal["torchscript", "dynamo"]
    why: str

    def __str__(self) -> str:
        """``torchscript: …``, as the step says it."""
        return f"{self.name}: {self.why}"


def choose(exporter: Exporter, opset: int) -> Choice:
    """The exporter that `exporter` means.

    `auto` is torchscript at any opset: below 18 dynamo answers 18, and from 18 on both give the same answers while
    torchscript takes less time (torch 2.13: half, for a tower of CLIP).
    """
    if exporter != "auto":
        return Choice(exporter, "as the recipe says")
    why = f"it reaches opset {opset}, dynamo 18 and newer only" if opset < 18 else "it takes less time than dynamo"
    return Choice("torchscript", why)


def _trace_input(tensor: Tensor) -> torch.Tensor:
    """Zeros for integers (a valid index anywhere), even grey for floats."""
    import torch

    sizes = []
    for axis in (TRACE_BATCH if axis == "batch" else axis for axis in tensor.shape):
        if not isinstance(axis, int):
            raise UsageError("ASC1404", f"axis `{axis}` of input `{tensor.name}` must have a size to be traced at")
        sizes.append(axis)
    dtype: torch.dtype = getattr(torch, tensor.dtype)
    return torch.full(sizes, 0.5 if dtype.is_floating_point else 0, dtype=dtype)


def _check(spec: ExportSpec, part: Part, exported: ir.Model) -> None:
    opset = exported.opset_imports.get("")
    if opset != spec.opset:
        raise StageError(
            "ASC1403",
            f"exporter `{spec.exporter}` returned opset {opset} where {spec.opset} was asked for",
            hint="--set export.exporter=torchscript" if spec.exporter == "dynamo" else None,
        )
    for kind, wanted, made in (
        ("inputs", part.inputs, exported.graph.inputs),
        ("outputs", part.outputs, exported.graph.outputs),
    ):
        names = [value.name for value in made]
        if names != [tensor.name for tensor in wanted]:
            raise StageError(
                "ASC1405",
                f"the graph of part `{spec.part}` must have the {kind} {', '.join(t.name for t in wanted)}, "
                f"not {', '.join(map(str, names))}: the module ignores or splits some",
            )


def _ir_version(opset: int) -> int:
    """The oldest IR version that may carry an opset, 7 at least: boards run onnxruntimes that know no newer."""
    import onnx.helper

    return max(7, onnx.helper.find_min_ir_version_for([onnx.helper.make_opsetid("", opset)]))
