"""An ONNX file as protobuf lays it out, so that weights stream into it, and are found in it, without being parsed.

Field numbers: onnx.proto3 of ONNX 1.16 (ModelProto.graph 7, GraphProto.initializer 5, TensorProto.dims 1, data_type 2,
name 8, raw_data 9, doc_string 12).
"""

from __future__ import annotations

import itertools
import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ascendc.protobuf import BYTES, fields, varint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt
    import onnx
    import onnx_ir as ir

ALIGNMENT = 64
"""Bytes; weights begin at multiples of it, so that whoever maps the file can compute on them in place."""

_SLAB = 1 << 25
"""Bytes of a weight that are turned into another layout at a time."""
_TILE = 32
"""Rows that are transposed at a time: both sides of the copy stay in the processor's cache."""


class Sink(Protocol):
    """What a file is written to."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Take the next bytes."""


@dataclass(frozen=True)
class Span:
    """Where the content of a weight lies in a file."""

    offset: int
    """Bytes from the start of the file."""
    length: int
    """Bytes."""


def write(model: onnx.ModelProto, weights: Mapping[str, ir.TensorProtocol], file: Sink) -> dict[str, Span]:
    """Write `model` with further initializers as one ONNX file, below 2 GiB.

    Args:
        model: all but the weights.
        weights: initializers by name; each is read when its turn comes, and forgotten.
        file: what is written to, empty.

    Returns:
        Where the weights lie, by name.
    """
    import onnx

    frame = onnx.ModelProto()
    frame.CopyFrom(model)
    frame.ClearField("graph")
    head, graph = frame.SerializeToString(deterministic=True), model.graph.SerializeToString(deterministic=True)
    length = len(graph) + sum(tensor.nbytes for tensor in weights.values())
    # The graph's length stands before it; how many bytes that takes moves the weights, and so their padding.
    for width in itertools.count(len(varint(length))):
        start = len(head) + 1 + width
        at, headers = start + len(graph), []
        for name, tensor in weights.items():
            headers.append(_header(name, tensor, at))
            at += len(headers[-1]) + tensor.nbytes
        if len(varint(at - start)) == width:
            break
    file.write(head + _tag(7, BYTES) + varint(at - start) + graph)
    spans, at = {}, start + len(graph)
    for header, (name, tensor) in zip(headers, weights.items(), strict=True):
        file.write(header)
        at += len(header)
        spans[name] = Span(at, copy(tensor, file))
        at += spans[name].length
    return spans


def copy(tensor: ir.TensorProtocol, file: Sink) -> int:
    """Write the content of a tensor, row-major and little-endian, in pieces; returns its bytes."""
    if tensor.dtype.bitwidth < 8:  # several in a byte: numpy has them unpacked
        file.write(tensor.tobytes())
        return tensor.nbytes
    array = view(tensor)
    if array.flags.c_contiguous:
        file.write(array.reshape(-1).view(np.uint8).data)
        return tensor.nbytes
    rows = max(1, _SLAB // max(1, array[:1].nbytes))
    slab = np.empty((min(rows, len(array)), *array.shape[1:]), array.dtype)
    for start in range(0, len(array), rows):
        piece = array[start : start + rows]
        _turn(piece, slab[: len(piece)])
        file.write(slab[: len(piece)].reshape(-1).view(np.uint8).data)
    return tensor.nbytes


def view(tensor: ir.TensorProtocol) -> npt.NDArray[Any]:
    """The content of a tensor; what lies in a file is mapped anew, so that its pages go when the array goes.

    (onnx_ir keeps a mapping as long as the tensor lives: after a pass over all of them, the whole model is in memory.)
    """
    import onnx_ir as ir

    if not isinstance(tensor, ir.ExternalTensor) or tensor.dtype.bitwidth < 8 or not tensor.size:
        return tensor.numpy()
    shape = tuple(tensor.shape.numpy())
    return np.memmap(tensor.path, tensor.dtype.numpy(), "r", tensor.offset or 0, shape)


def spans(path: Path) -> dict[str, Span]:
    """Where the raw content of each initializer lies in an ONNX file that protobuf has already accepted.

    Initializers that are kept otherwise (typed fields, external data) and those of subgraphs are left out.
    """
    found: dict[str, Span] = {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for outer in fields(data, 0, len(data)):
            for field in fields(data, outer.start, outer.end) if outer.number == 7 else ():
                if field.number == 5:
                    parts = {part.number: part for part in fields(data, field.start, field.end)}
                    if {8, 9} <= parts.keys():
                        name = data[parts[8].start : parts[8].end].decode()
                        found[name] = Span(parts[9].start, parts[9].end - parts[9].start)
    return found


def _turn(source: npt.NDArray[np.generic], target: npt.NDArray[np.generic]) -> None:
    if source.ndim != 2:
        np.copyto(target, source)
        return
    for start in range(0, source.shape[1], _TILE):
        target[:, start : start + _TILE] = source[:, start : start + _TILE]


def _header(name: str, tensor: ir.TensorProtocol, at: int) -> bytes:
    """An initializer up to its content, which begins at a multiple of `ALIGNMENT` if the header begins at `at`."""
    dims = b"".join(varint(size) for size in tensor.shape.numpy())
    text = name.encode()
    fixed = _tag(1, BYTES) + varint(len(dims)) + dims + _tag(2, 0) + varint(int(tensor.dtype))
    fixed += _tag(8, BYTES) + varint(len(text)) + text
    raw = _tag(9, BYTES) + varint(tensor.nbytes)
    blanks = 0
    while True:  # as a doc_string: the one field that may hold any number of bytes and says nothing
        body = fixed + _tag(12, BYTES) + varint(blanks) + b" " * blanks + raw
        header = _tag(5, BYTES) + varint(len(body) + tensor.nbytes) + body
        short = -(at + len(header)) % ALIGNMENT
        if not short:
            return header
        blanks += short  # once more where a length has come to need another byte


def _tag(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)
