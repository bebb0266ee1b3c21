"""Taking in an ONNX file that the user brings: checked, its weights left where they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc import graph, wire
from ascendc.errors import UsageError
from ascendc.passes import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx
    import onnx_ir as ir

    from ascendc.graph import Graph, Sources
    from ascendc.store import Workspace


def ingest(path: Path, workspace: Workspace, sources: Sources | None = None) -> Graph:
    """Read an ONNX file, with external data if it has any, into the store.

    Args:
        path: the file; external data must lie in its folder or below.
        workspace: where the stage works.
        sources: the model's files; weights in others are written into the store.

    Raises:
        UsageError: there is no such file (ASC1410), it is not a whole ONNX model (ASC1411), its external data lies
            outside of its folder, is missing, too short or wrongly placed (ASC1412), or it is not valid (ASC1413).
    """
    import onnx
    import onnx_ir as ir
    import onnx_ir.passes.common as common

    model = _read(path)
    for value in model.graph.initializers.values():
        if isinstance(value.const_value, ir.ExternalTensor):
            value.const_value = _external(path, value.const_value)
    try:
        onnx.checker.check_model(values.bare(ir.to_proto(model)))
    except onnx.checker.ValidationError as error:
        raise _invalid(path, str(error)) from error
    lent = {file.resolve(): file for file in (sources or {}).values()}
    spans = wire.spans(path) if path.resolve() in lent else {}
    for value in model.graph.initializers.values():
        if value.const_value is not None:
            value.const_value = _lent(value.const_value, path, spans.get(str(value.name)), lent)
    common.RemoveInitializersFromInputsPass()(model)
    return graph.save(model, workspace, sources=sources or {})


def _lent(
    tensor: ir.TensorProtocol, path: Path, span: wire.Span | None, lent: Mapping[Path, Path]
) -> ir.TensorProtocol:
    """A large tensor where it lies, if that is a file of the model; otherwise its content.

    Args:
        tensor: an initializer.
        path: the ONNX file.
        span: where its content is in that file, if it is there.
        lent: the model's files by their real paths.
    """
    import onnx_ir as ir

    large = tensor.nbytes >= graph.LARGE and not isinstance(tensor, ir.StringTensor)
    if isinstance(tensor, ir.ExternalTensor):
        file = lent.get(Path(tensor.path)) if large else None
        if file is None:
            return ir.Tensor(tensor.numpy(), name=tensor.name)
        return graph.stored(file, tensor.offset or 0, tensor.nbytes, tensor)
    if large and span is not None and span.length == tensor.nbytes:
        return graph.stored(lent[path.resolve()], span.offset, span.length, tensor)
    return tensor


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
    for info in proto.graph.input:
        if any(axis.dim_value < 0 for axis in info.type.tensor_type.shape.dim):
            raise _invalid(path, f"input `{info.name}` has a negative size")
    for tensor in proto.graph.initializer:
        _check(path, tensor)
    try:
        return ir.from_proto(proto)
    except ir.serde.SerdeError as error:
        root: BaseException = error  # onnx_ir nests one error per level of the graph; the innermost names the fault
        while root.__cause__ is not None:
            root = root.__cause__
        raise _invalid(path, str(root)) from error


def _check(path: Path, tensor: onnx.TensorProto) -> None:
    """What neither onnx_ir nor the checker says of a weight, or says only by a crash."""
    import onnx

    known = {number for name, number in onnx.TensorProto.DataType.items() if name != "UNDEFINED"}
    outside = tensor.data_location == onnx.TensorProto.EXTERNAL
    if tensor.data_type not in known - ({onnx.TensorProto.STRING} if outside else set()):
        raise _invalid(path, f"initializer `{tensor.name}` cannot have the element type {tensor.data_type}")
    if any(size < 0 for size in tensor.dims):
        raise _invalid(path, f"initializer `{tensor.name}` has the negative shape {list(tensor.dims)}")
    for entry in tensor.external_data if outside else ():
        if entry.key in ("offset", "length") and not re.fullmatch("[0-9]{1,18}", entry.value):
            raise UsageError(
                "ASC1412",
                f"external data of `{path}`: the {entry.key} of `{tensor.name}` must be a number of bytes, "
                f"not {_short(entry.value)}",
            )


def _invalid(path: Path, why: str) -> UsageError:
    return UsageError("ASC1413", f"`{path}` is not a valid ONNX model: {' '.join(why.split())}")


def _short(text: str) -> str:
    """Fit to be printed, whatever a file says."""
    return ascii(text if len(text) <= 60 else f"{text[:57]}...")


def _external(path: Path, tensor: ir.ExternalTensor) -> ir.ExternalTensor:
    """The tensor by the absolute path of its file, which may lie beside the name of the model or beside the model.

    The two differ where a download cache shows its files by symlinks.
    """
    import onnx_ir as ir

    try:
        data = (path.parent / tensor.location).resolve()
        there = data.is_file()
    except (OSError, ValueError) as error:  # a name that is too long, a NUL
        raise UsageError(
            "ASC1412",
            f"external data of `{path}`: `{tensor.name}` is in {_short(str(tensor.location))}, which is no file name",
        ) from error
    if not any(data.is_relative_to(folder) for folder in (path.parent.resolve(), path.resolve().parent)):
        raise UsageError(
            "ASC1412", f"external data of `{path}` must lie in its folder; `{tensor.name}` is in `{tensor.location}`"
        )
    if not there:
        raise UsageError("ASC1412", f"external data `{data}` of `{path}` does not exist (`{tensor.name}`)")
    if tensor.length is not None and tensor.length != tensor.nbytes:
        raise UsageError(
            "ASC1412",
            f"external data of `{path}`: the length of `{tensor.name}` must be its {tensor.nbytes} bytes, "
            f"not {tensor.length}",
        )
    end = (tensor.offset or 0) + tensor.nbytes
    if data.stat().st_size < end:
        raise UsageError(
            "ASC1412", f"external data `{data}` of `{path}` ends before byte {end}, where `{tensor.name}` does"
        )
    return ir.ExternalTensor(
        str(data), tensor.offset, tensor.length, tensor.dtype, shape=ir.Shape(tensor.shape), name=tensor.name or ""
    )
