"""The stage `export`: a part's torch module, traced once at a small batch, or the ONNX file a plugin has instead."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ascendc import graph
from ascendc.errors import StageError, UsageError
from ascendc.graph import Graph
from ascendc.model import Attention, Weights
from ascendc.stages import ingest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import onnx_ir as ir
    import torch

    from ascendc.model import Model, Part, Tensor
    from ascendc.store import Workspace

TRACE_BATCH = 5
"""The batch a part is traced at.

`symbolic-batch` looks for it on axis 0, so it must not be a size that is there for another reason: 1 broadcasts,
2, 4 and 8 are head counts and merged pairs, 3 is the colours, 7 the patch grid of ViT-B/32.
"""

Exporter = Literal["auto", "torchscript", "dynamo"]

_TRACING = threading.Lock()
"""torch's exporters keep global state, and so do the warning filters set around them."""


@dataclass(frozen=True)
class ExportSpec:
    """All that the stage reads besides the model."""

    part: str
    opset: int = 13
    exporter: Exporter = "auto"
    """`auto` is torchscript: it reaches the opsets below 18 that CANN parses best, and needs no weights to trace."""
    attention: Attention = "eager"
    weights: Weights = Weights()  # noqa: RUF009 - frozen, hence safe to share


def export(spec: ExportSpec, model: Model, workspace: Workspace) -> Graph:
    """Export one part.

    Args:
        spec: what to export, and how.
        model: the plugin's model.
        workspace: where the stage works.

    Returns:
        The graph at batch `TRACE_BATCH`, its inputs and outputs named as the part names them; or the plugin's own
        ONNX file as it is.

    Raises:
        UsageError: sdpa below opset 14 (ASC1401), or an input whose size is not known (ASC1404).
        StageError: torch cannot export the module (ASC1402), another opset came back (ASC1403), or inputs and
            outputs are not those of the part (ASC1405).
    """
    if (path := model.onnx(spec.part)) is not None:
        return ingest.ingest(path, workspace)
    if spec.attention == "sdpa" and spec.opset < 14:
        raise UsageError(
            "ASC1401",
            f"attention `sdpa` needs opset 14 or newer, not {spec.opset}; allowed below: eager",
            hint="--set export.attention=eager",
        )
    part = next(part for part in model.parts() if part.name == spec.part)
    inputs = tuple(_trace_input(tensor) for tensor in part.inputs)
    module = model.module(spec.part, spec.weights, spec.attention)
    export_ = _with_dynamo if spec.exporter == "dynamo" else _with_torchscript
    with _TRACING, _quiet():
        try:
            exported = export_(spec, part, module, inputs, workspace)
        except RuntimeError as error:  # the base of all that torch.onnx raises
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise StageError("ASC1402", f"torch cannot export part `{spec.part}`: {reason}") from error
    _check(spec, part, exported)
    exported.ir_version = _ir_version(spec.opset)
    return graph.save(exported, workspace)


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


def _with_torchscript(
    spec: ExportSpec, part: Part, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], workspace: Workspace
) -> ir.Model:
    """Trace without weights (a quarter of the time, and no limit of 2 GiB), then bind them.

    Without folding: torch would fold transposed weights into inputs whose values are lost.
    """
    import onnx_ir as ir
    import torch

    path = workspace.folder / "torchscript.onnx"
    torch.onnx.export(
        module,
        inputs,
        str(path),
        dynamo=False,
        opset_version=spec.opset,
        input_names=[tensor.name for tensor in part.inputs],
        output_names=[tensor.name for tensor in part.outputs],
        export_params=False,
        do_constant_folding=False,
    )
    exported = ir.load(path)
    _bind(exported, module.state_dict())
    return exported


def _with_dynamo(
    spec: ExportSpec, part: Part, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], workspace: Workspace
) -> ir.Model:
    import torch

    del workspace
    program = torch.onnx.export(
        module,
        inputs,
        dynamo=True,
        opset_version=spec.opset,
        input_names=[tensor.name for tensor in part.inputs],
        output_names=[tensor.name for tensor in part.outputs],
        verbose=False,
    )
    assert program is not None
    exported: ir.Model = program.model
    _name_after_modules(exported)
    return exported


def _bind(model: ir.Model, state: Mapping[str, torch.Tensor]) -> None:
    """Turn the inputs that are parameters into initializers; a parameter that is only read transposed is kept so."""
    import onnx_ir.passes.common as common

    parameters = [value for value in model.graph.inputs if value.name in state]
    model.graph.inputs[:] = [value for value in model.graph.inputs if value.name not in state]
    for value in parameters:
        value.const_value = _tensor(state[str(value.name)], str(value.name))
        model.graph.register_initializer(value)
    common.IdentityEliminationPass()(model)  # torch aliases parameters of equal content
    for value in tuple(model.graph.initializers.values()):
        for node in value.consumers():
            perm = node.attributes.get("perm")
            if node.op_type == "Transpose" and value.name in state and perm is not None:
                _bind_transposed(model, node, state[str(value.name)], tuple(perm.as_ints()))
    common.RemoveUnusedNodesPass()(model)


def _bind_transposed(model: ir.Model, node: ir.Node, weight: torch.Tensor, perm: tuple[int, ...]) -> None:
    import onnx_ir as ir

    source = node.inputs[0]
    assert source is not None
    name = f"{source.name}.{''.join(map(str, perm))}"
    turned = model.graph.initializers.get(name)
    if turned is None:
        tensor = _tensor(weight.permute(perm), name)
        turned = ir.val(name, const_value=tensor, dtype=tensor.dtype, shape=tensor.shape)
        model.graph.register_initializer(turned)
    ir.convenience.replace_all_uses_with(node.outputs[0], turned)


def _tensor(weight: torch.Tensor, name: str) -> ir.LazyTensor:
    """The weight, copied into row-major order only while it is written."""
    import onnx_ir as ir

    detached = weight.detach()
    dtype = ir.tensor_adapters.from_torch_dtype(detached.dtype)
    return ir.LazyTensor(
        lambda: ir.tensor_adapters.TorchTensor(detached.contiguous(), name=name),
        dtype=dtype,
        shape=ir.Shape(tuple(detached.shape)),
        name=name,
    )


def _name_after_modules(model: ir.Model) -> None:
    """Name dynamo's nodes as torchscript does: ``/text_model/encoder/layers.0/self_attn/MatMul``."""
    import ast

    counts: dict[str, int] = {}
    for node in model.graph:
        scopes: list[str] = ast.literal_eval(node.metadata_props.get("pkg.torch.onnx.name_scopes", "[]"))[:-1]
        steps = [inner.removeprefix(outer).lstrip(".") for outer, inner in itertools.pairwise(scopes)]
        path = "/".join(["", *filter(None, steps), node.op_type])
        n = counts.get(path, 0)
        counts[path] = n + 1
        node.name = f"{path}_{n}" if n else path
        node.metadata_props.clear()


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


_NOISE: tuple[tuple[str, str], ...] = (
    ("You are using the legacy TorchScript-based ONNX export", "chosen, see ExportSpec.exporter"),
    ("The feature will be removed", "torch's exporter, of its own logging"),
    ("Converting a tensor to a Python", "a trace takes one branch; verify compares the result"),
    ("torch.tensor results are registered as constants", "as above"),
    ("Exporting aten::index operator of advanced indexing", "end-of-text pooling: never negative, and rewritten"),
    ("Constant folding - Only steps=1", "our own pass folds"),
    ("`isinstance(treespec, LeafSpec)` is deprecated", "inside torch's own exporter"),
)
"""Warnings of torch that users can do nothing about, by how they begin, and why each may be dropped."""


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's known noise from the user; any other warning passes."""
    import re

    logger = logging.getLogger("torch.onnx")  # dynamo reports every optional package that is absent
    level: Any = logger.level
    with warnings.catch_warnings():
        for start, _ in _NOISE:
            warnings.filterwarnings("ignore", message=re.escape(start))
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)
