"""A torch module as an ONNX graph, by either of torch's exporters, without their noise."""

from __future__ import annotations

import ast
import contextlib
import itertools
import logging
import re
import threading
import warnings
from typing import TYPE_CHECKING

from ascendc.errors import StageError
from ascendc.graph import LARGE, stored
from ascendc.mapped import locate, mappings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import onnx_ir as ir
    import torch

    from ascendc.model import Part

_TRACING = threading.Lock()
"""torch's exporters keep global state, and so do the warning filters set around them."""


def trace(
    part: Part,
    module: torch.nn.Module,
    inputs: tuple[torch.Tensor, ...],
    opset: int,
    *,
    dynamo: bool,
    folder: Path,
    files: Iterable[Path] = (),
) -> ir.Model:
    """Export `module`; nothing is read or written of its weights, but where they are.

    Args:
        part: names the inputs and outputs.
        module: in eval mode.
        inputs: to trace with, in the part's order.
        opset: the opset to ask for; dynamo answers 18 to anything below.
        dynamo: by torch.export, rather than by TorchScript.
        folder: where torch may write.
        files: where weights may be mapped from; those that are become external data of these files.

    Raises:
        StageError: torch cannot export the module (ASC1402).
    """
    import torch

    with _TRACING, _quiet(), torch.no_grad():  # or every activation would be kept, for gradients
        try:
            model = (_dynamo if dynamo else _torchscript)(part, module, inputs, opset, folder)
        except RuntimeError as error:  # the base of all that torch.onnx raises
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise StageError("ASC1402", f"torch cannot export part `{part.name}`: {reason}") from error
    _lend(model, files)
    return model


def _torchscript(
    part: Part, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], opset: int, folder: Path
) -> ir.Model:
    """Trace without weights (a quarter of the time, and no limit of 2 GiB), then bind them.

    Without folding: torch would fold transposed weights into inputs whose values are lost.
    """
    import onnx_ir as ir
    import torch

    path = folder / "torchscript.onnx"
    torch.onnx.export(
        module,
        inputs,
        str(path),
        dynamo=False,
        opset_version=opset,
        input_names=[tensor.name for tensor in part.inputs],
        output_names=[tensor.name for tensor in part.outputs],
        export_params=False,
        do_constant_folding=False,
    )
    exported = ir.load(path)
    _bind(exported, module.state_dict())
    return exported


def _dynamo(
    part: Part, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], opset: int, folder: Path
) -> ir.Model:
    import torch

    del folder
    program = torch.onnx.export(
        module,
        inputs,
        dynamo=True,
        opset_version=opset,
        input_names=[tensor.name for tensor in part.inputs],
        output_names=[tensor.name for tensor in part.outputs],
        verbose=False,
        optimize=False,  # it would turn weights in memory; our own fold turns them while they are written
    )
    assert program is not None
    exported: ir.Model = program.model
    _name_after_modules(exported)
    return exported


def _bind(model: ir.Model, state: Mapping[str, torch.Tensor]) -> None:
    """Turn the inputs that are parameters into initializers."""
    import onnx_ir as ir
    import onnx_ir.passes.common as common

    parameters = [value for value in model.graph.inputs if value.name in state]
    model.graph.inputs[:] = [value for value in model.graph.inputs if value.name not in state]
    for value in parameters:
        name = str(value.name)
        value.const_value = ir.tensor_adapters.TorchTensor(state[name].detach(), name=name)
        model.graph.register_initializer(value)
    common.IdentityEliminationPass()(model)  # torch aliases parameters of equal content
    common.RemoveUnusedNodesPass()(model)


def _lend(model: ir.Model, files: Iterable[Path]) -> None:
    """Let large initializers that are mapped from a file be that file's."""
    import torch

    stretches = mappings(files)
    for value in model.graph.initializers.values():
        tensor = value.const_value
        raw = getattr(tensor, "raw", None)  # of a TorchTensor: onnx_ir's, or the class that dynamo has for itself
        if tensor is None or not isinstance(raw, torch.Tensor) or tensor.nbytes < LARGE or not raw.is_contiguous():
            continue
        if place := locate(raw.data_ptr(), tensor.nbytes, stretches):
            value.const_value = stored(*place, tensor.nbytes, tensor)


def _name_after_modules(model: ir.Model) -> None:
    """Name dynamo's nodes as torchscript does: ``/text_model/encoder/layers.0/self_attn/MatMul``."""
    counts: dict[str, int] = {}
    for node in model.graph:
        scopes: list[str] = ast.literal_eval(node.metadata_props.get("pkg.torch.onnx.name_scopes", "[]"))[:-1]
        steps = [inner.removeprefix(outer).lstrip(".") for outer, inner in itertools.pairwise(scopes)]
        path = "/".join(["", *filter(None, steps), node.op_type])
        n = counts.get(path, 0)
        counts[path] = n + 1
        node.name = f"{path}_{n}" if n else path
        node.metadata_props.clear()


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
    logger = logging.getLogger("torch.onnx")  # dynamo reports every optional package that is absent
    level = logger.level
    with warnings.catch_warnings():
        for start, _ in _NOISE:
            warnings.filterwarnings("ignore", message=re.escape(start))
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)
