"""An ONNX file that somebody brings to be looked at: its outline in milliseconds, or its graph with the weights mapped.

Both read the file as protobuf lays it out (field numbers: onnx.proto3 of ONNX 1.16) and skip what weighs: neither a
file of 600 MB nor one of 20 GB with external data costs more than its graph. Reading to *use* a model is
`ascendc.stages.ingest`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ascendc.cann.outline import DTYPES, Node, Outline, Port
from ascendc.errors import UsageError
from ascendc.protobuf import BYTES, VARINT, Content, Field, TornError, fields, message, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import onnx_ir as ir

LARGE = 1024
"""Bytes from which the content of a tensor stays in the file."""

MOST_BYTES = 1 << 28
"""Bytes that a graph may have without its weights: a hundred times what any model has needed so far."""

_EXTERNAL = 1
"""TensorProto.DataLocation."""


def read_outline(path: Path) -> Outline:
    """Interface and nodes of the ONNX file at `path`; imports no library.

    Raises:
        UsageError: there is no such file (ASC2301), or it is not an ONNX model (ASC2302).
    """
    with _mapped(path) as data:
        return _outline(data)


def load(path: Path) -> ir.Model:
    """The model at `path`; its large tensors are mapped from where they are when somebody looks at them.

    External data need not be there as long as nobody looks at it; `missing_data` says what is not.

    Raises:
        UsageError: there is no such file (ASC2301), it is not an ONNX model (ASC2302), its graph is too large
            (ASC2303) or contradicts itself (ASC2304), or external data is not there (ASC2305).
    """
    import onnx
    import onnx_ir as ir
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf ships no types

    with _mapped(path) as data:
        content = b"".join(_light_model(data, str(path.absolute())))
    if len(content) > MOST_BYTES:
        raise UsageError(
            "ASC2303",
            f"`{path}`: its graph has {len(content) >> 20} MB without the weights; allowed: {MOST_BYTES >> 20} MB",
            hint="keep large tensors in raw_data: python -c 'import onnx; onnx.save(onnx.load(…), …)' does",
        )
    try:
        proto = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise _no_model(path, "its fields do not fit ONNX's") from error
    try:
        model = ir.from_proto(proto)
    except (ir.serde.SerdeError, ValueError, TypeError, KeyError) as error:
        root: BaseException = error  # onnx_ir nests one error per level of the graph; the innermost names the fault
        while root.__cause__ is not None:
            root = root.__cause__
        raise UsageError("ASC2304", f"`{path}` contradicts itself: {' '.join(str(root).split())[:300]}") from error
    for value in model.graph.initializers.values():
        if isinstance(value.const_value, ir.ExternalTensor):
            value.const_value = _placed(path, value.const_value)
    return model


def _placed(path: Path, tensor: ir.ExternalTensor) -> ir.ExternalTensor:
    """An external tensor by the absolute path of its file, which ATC looks for beside the model's real path."""
    import onnx_ir as ir

    file = path.resolve().parent / tensor.location
    end = (tensor.offset or 0) + tensor.nbytes
    try:
        there = file.is_file()
    except (OSError, ValueError) as error:  # a name that is too long, a NUL
        said = ascii(str(tensor.location)[:60])
        raise UsageError("ASC2305", f"`{path}`: {said}, where `{tensor.name}` should be, is no file name") from error
    if not there:
        raise UsageError(
            "ASC2305", f"external data `{file}` of `{path}` does not exist (`{tensor.name}`)", hint=f"ls {file.parent}"
        )
    if file.stat().st_size < end:
        raise UsageError("ASC2305", f"external data `{file}` of `{path}` ends before byte {end} (`{tensor.name}`)")
    shape = ir.Shape(tensor.shape)
    # Without a base directory, under which onnx_ir refuses files that have several hard links.
    return ir.ExternalTensor(
        str(file), tensor.offset, tensor.nbytes, tensor.dtype, shape=shape, name=tensor.name or "", base_dir=""
    )


@contextmanager
def _mapped(path: Path) -> Iterator[Content]:
    """The bytes of a file; what is wrong with them is said of the file."""
    try:
        with opened(path) as data:
            if not data:
                raise TornError("it is empty")
            yield data
    except FileNotFoundError as error:
        raise UsageError("ASC2301", f"the ONNX file `{path}` does not exist") from error
    except OSError as error:
        raise UsageError("ASC2301", f"the ONNX file `{path}` cannot be read: {error.strerror}") from error
    except TornError as error:
        raise _no_model(path, str(error)) from error


def _no_model(path: Path, why: str) -> UsageError:
    return UsageError("ASC2302", f"`{path}` is not an ONNX model, or only the beginning of one: {why}")


def _outline(data: Content) -> Outline:
    ir_version, opsets, graphs = 0, [], []
    for field in fields(data, 0, len(data)):
        if field.number == 1 and field.kind == VARINT:
            ir_version = field.start
        elif field.number == 7 and field.kind == BYTES:
            graphs.append(field)
        elif field.number == 8 and field.kind == BYTES:
            parts = {part.number: part for part in fields(data, field.start, field.end)}
            opsets.append((_domain(data, parts.get(1)), parts[2].start if 2 in parts else 0))
    if not graphs:
        raise TornError("it has no graph")
    nodes: list[Node] = []
    inputs: list[Port] = []
    outputs: list[Port] = []
    weights: set[str] = set()
    for field in (field for graph in graphs for field in fields(data, graph.start, graph.end)):
        if field.kind != BYTES:
            continue
        if field.number == 1:
            nodes.append(_node(data, field))
        elif field.number == 5:
            named = [part for part in fields(data, field.start, field.end) if part.number == 8]
            weights.update(_text(data, part) for part in named)
        elif field.number in (11, 12):
            (inputs if field.number == 11 else outputs).append(_port(data, field))
    if not nodes:
        raise TornError("its graph has no node")
    fed = tuple(port for port in inputs if port.name not in weights)
    return Outline(fed, tuple(outputs), tuple(nodes), tuple(opsets), ir_version)


def _node(data: Content, field: Field) -> Node:
    name, op, domain = "", "", ""
    inputs, outputs = [], []
    for part in fields(data, field.start, field.end):
        if part.number == 1:
            inputs.append(_text(data, part))
        elif part.number == 2:
            outputs.append(_text(data, part))
        elif part.number == 3:
            name = _text(data, part)
        elif part.number == 4:
            op = _text(data, part)
        elif part.number == 7:
            domain = _domain(data, part)
    return Node(name, op, domain, tuple(inputs), tuple(outputs))


def _port(data: Content, field: Field) -> Port:
    """A ValueInfoProto: name 1, type 2 {tensor_type 1 {elem_type 1, shape 2 {dim 1 {dim_value 1, dim_param 2}}}}."""
    parts = {part.number: part for part in fields(data, field.start, field.end)}
    name = _text(data, parts[1]) if 1 in parts else ""
    dtype, shape = None, None
    for kind in fields(data, parts[2].start, parts[2].end) if 2 in parts and parts[2].kind == BYTES else ():
        if kind.number != 1 or kind.kind != BYTES:
            continue
        for part in fields(data, kind.start, kind.end):
            if part.number == 1 and part.kind == VARINT:
                dtype = DTYPES.get(part.start)
            elif part.number == 2 and part.kind == BYTES:
                shape = tuple(_axis(data, axis) for axis in fields(data, part.start, part.end) if axis.number == 1)
    return Port(name, dtype, shape)


def _axis(data: Content, field: Field) -> int | str:
    if field.kind != BYTES:
        raise TornError("an axis of a shape is no message")
    for part in fields(data, field.start, field.end):
        if part.number == 1 and part.kind == VARINT:
            return part.start if part.start < 1 << 63 else part.start - (1 << 64)
        if part.number == 2 and part.kind == BYTES:
            return _text(data, part) or "?"
    return "?"


def _domain(data: Content, field: Field | None) -> str:
    domain = "" if field is None else _text(data, field)
    return "" if domain == "ai.onnx" else domain


def _text(data: Content, field: Field) -> str:
    if field.kind != BYTES:
        raise TornError("a name is no text")
    return data[field.start : field.end].decode(errors="replace")


def _light_model(data: Content, path: str) -> Iterator[bytes]:
    """The model's bytes, with what lies in large tensors replaced by where it lies: as external data in `path`."""
    found = False
    for field in fields(data, 0, len(data)):
        if field.number == 7 and field.kind == BYTES:
            found = True
            yield message(7, b"".join(_light_graph(data, field, path)))
        else:
            yield data[field.at : field.end]
    if not found:
        raise TornError("it has no graph")


def _light_graph(data: Content, graph: Field, path: str) -> Iterator[bytes]:
    for field in fields(data, graph.start, graph.end):
        if field.number == 5 and field.kind == BYTES and field.end - field.start >= LARGE:
            yield message(5, b"".join(_light_tensor(data, field, path)))
        else:
            yield data[field.at : field.end]


def _light_tensor(data: Content, tensor: Field, path: str) -> Iterator[bytes]:
    for field in fields(data, tensor.start, tensor.end):
        if field.number == 9 and field.kind == BYTES and field.end - field.start >= LARGE:
            length = field.end - field.start
            for key, value in (("location", path), ("offset", str(field.start)), ("length", str(length))):
                yield message(13, message(1, key.encode()) + message(2, value.encode()))
            yield bytes((14 << 3, _EXTERNAL))
        else:
            yield data[field.at : field.end]
