"""Taking in an ONNX file that the user brings: checked, its weights moved into the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc import graph
from ascendc.errors import UsageError
from ascendc.passes import values

if TYPE_CHECKING:
    from pathlib import Path

    import onnx_ir as ir

    from ascendc.graph import Graph
    from ascendc.store import Workspace


def ingest(path: Path, workspace: Workspace) -> Graph:
    """Read an ONNX file, with external data if it has any, into the store.

    Args:
        path: the file; external data must lie in its folder or below.
        workspace: where the stage works.

    Raises:
        UsageError: there is no such file (ASC1410), it is not a whole ONNX model (ASC1411), its external data lies
            outside of its folder, is missing or too short (ASC1412), or the checker refuses it (ASC1413).
    """
    import onnx
    import onnx_ir as ir
    import onnx_ir.passes.common as common

    model = _read(path)
    for value in model.graph.initializers.values():
        if isinstance(value.const_value, ir.ExternalTensor):
            value.const_value = _external(path, value.const_value)
    try:
        onnx.checker.check_model(values.bare(model))
    except onnx.checker.ValidationError as error:
        raise UsageError("ASC1413", f"`{path}` is not a valid ONNX model: {' '.join(str(error).split())}") from error
    for value in model.graph.initializers.values():
        if isinstance(value.const_value, ir.ExternalTensor):  # memory-mapped: read only while it is written
            value.const_value = ir.Tensor(value.const_value.numpy(), name=value.name)
    common.RemoveInitializersFromInputsPass()(model)
    return graph.save(model, workspace)


def _read(path: Path) -> ir.Model:
    import onnx
    import onnx_ir as ir
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf ships no types

    if not path.is_file():
        raise UsageError("ASC1410", f"the ONNX file `{path}` does not exist")
    try:
        proto = onnx.load(path, load_external_data=False)
    except DecodeError as error:
        raise UsageError("ASC1411", f"`{path}` is not an ONNX model, or only the beginning of one") from error
    if not proto.graph.node or not proto.opset_import:
        raise UsageError("ASC1411", f"`{path}` is not an ONNX model, or only the beginning of one")
    return ir.from_proto(proto)


def _external(path: Path, tensor: ir.ExternalTensor) -> ir.ExternalTensor:
    """The tensor by the absolute path of its file, which may lie beside the name of the model or beside the model.

    The two differ where a download cache shows its files by symlinks.
    """
    import onnx_ir as ir

    data = (path.parent / tensor.location).resolve()
    if not any(data.is_relative_to(folder) for folder in (path.parent.resolve(), path.resolve().parent)):
        raise UsageError(
            "ASC1412", f"external data of `{path}` must lie in its folder; `{tensor.name}` is in `{tensor.location}`"
        )
    if not data.is_file():
        raise UsageError("ASC1412", f"external data `{data}` of `{path}` does not exist (`{tensor.name}`)")
    end = (tensor.offset or 0) + (tensor.length or tensor.nbytes)
    if data.stat().st_size < end:
        raise UsageError(
            "ASC1412", f"external data `{data}` of `{path}` ends before byte {end}, where `{tensor.name}` does"
        )
    return ir.ExternalTensor(
        str(data), tensor.offset, tensor.length, tensor.dtype, shape=ir.Shape(tensor.shape), name=tensor.name or ""
    )
