"""An ONNX graph in the store: a small skeleton, and files that hold each of its large weights once.

Passes rewrite the skeleton. In a folder it refers to a file of weights by the name ``<first 16 hex digits of its
sha256>.bin``. A file of weights is one of these:

* a file of the model's own, where weights lie before anything was done to them (`Borrowed`: it stays where it is);
* the graph itself as one ONNX file (`Graph.whole`), written once, after the portable passes;
* the whole of another graph; or weights alone, where one file would be too large for a protobuf.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from ascendc import wire
from ascendc.store import Blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import onnx
    import onnx_ir as ir

    from ascendc.store import Store, Workspace

    Sources = Mapping[str, Path]
    """Where the files of a model are, by sha256."""

_NONE: Sources = MappingProxyType({})

LARGE = 4096
"""Bytes from which an initializer leaves the skeleton."""

SINGLE_FILE_LIMIT = 1_900_000_000
"""Bytes up to which a graph is one file: a protobuf ends at 2 GiB."""


@dataclass(frozen=True)
class Borrowed:
    """A file of the model's own that holds weights. Its content is in the key of every step that reads it."""

    digest: str
    """sha256 of the content, 64 hex digits."""
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Graph:
    """An ONNX graph of the store."""

    skeleton: Blob
    """The ONNX protobuf with its large initializers as external data. The doc_string of each says what it is made of:
    a file and an offset, and how it was turned; or the sha256 of what a pass computed."""
    weights: tuple[Blob, ...]
    """The store's files that hold them, in the order they were minted."""
    opset: int
    """Of the default domain."""
    whole: Blob | None = None
    """The graph as one ONNX file; it holds its `weights`, if it has large ones."""
    borrowed: tuple[Borrowed, ...] = ()
    """The model's files that hold them."""

    @property
    def size(self) -> int:
        """Bytes, all files together; borrowed ones count in full."""
        if self.whole is not None:
            return self.whole.size
        return self.skeleton.size + sum(f.size for f in self.weights) + sum(f.size for f in self.borrowed)


def weights_name(file: Blob | Borrowed) -> str:
    """The file name by which a skeleton refers to `file`."""
    return f"{file.digest[:16]}.bin"


def lay_out(graph: Graph, store: Store, folder: Path, name: str = "model.onnx") -> Path:
    """Link skeleton and weights into `folder`, as onnxruntime and onnx_ir read them; returns the ONNX path."""
    path = folder / name
    path.unlink(missing_ok=True)
    store.link(graph.skeleton, path)
    for blob in graph.weights:
        target = folder / weights_name(blob)
        if not target.exists():
            store.link(blob, target)
    return path


def load(graph: Graph, workspace: Workspace, sources: Sources = _NONE) -> ir.Model:
    """The graph as an onnx_ir model; large initializers stay on disk, memory-mapped from where they are.

    Args:
        graph: the graph.
        workspace: of the store that holds it.
        sources: the model's files; needed for a graph that borrows from them.
    """
    import onnx_ir as ir

    model = ir.load(workspace.path(graph.skeleton))
    files = {weights_name(blob): workspace.path(blob) for blob in graph.weights}
    files |= {weights_name(file): sources[file.digest] for file in graph.borrowed}
    for value in model.graph.initializers.values():
        tensor = value.const_value
        if isinstance(tensor, ir.ExternalTensor):
            offset = tensor.offset or 0
            made_of = tensor.doc_string or f"{tensor.location} {offset}"
            value.const_value = stored(files[str(tensor.location)], offset, tensor.length, tensor, made_of)
    return model


def save(model: ir.Model, workspace: Workspace, known: Iterable[Blob] = (), sources: Sources = _NONE) -> Graph:
    """Put `model` into the store; weights that lie in no known file are written into one of their own.

    Args:
        model: the model; its external tensors must refer to files of `known` or of `sources`.
        workspace: where the stage works.
        known: weights files that the store already holds.
        sources: the model's files, which may lend their weights.
    """
    import onnx_ir as ir

    files: dict[str, Blob | Borrowed] = {str(workspace.path(blob)): blob for blob in known}
    files |= {str(path): Borrowed(digest, path.stat().st_size) for digest, path in sources.items()}
    fresh = {value: tensor for value, tensor in _large(model) if not isinstance(tensor, ir.ExternalTensor)}
    if fresh:
        blob = _write_weights(fresh, workspace)
        files[str(workspace.path(blob))] = blob
    return _graph(model, files, workspace)


def settle(model: ir.Model, workspace: Workspace, beside: Graph | None = None) -> Graph:
    """Write the weights of an exported model, once: with the graph as one file, or alone above `SINGLE_FILE_LIMIT`.

    Args:
        model: its tensors may lie anywhere, and be made only while they are written.
        workspace: where the stage works.
        beside: a graph of the same part; weights that its files hold are referred to there.
    """
    held = {} if beside is None else _held(beside, workspace)
    rest = {}
    for value, tensor in _large(model):
        there = held.get(_identity(tensor))
        if there is None:
            rest[value] = tensor
        else:
            value.const_value = there
    files: dict[str, Blob | Borrowed] = {str(workspace.path(blob)): blob for blob in beside.weights} if beside else {}
    if beside is None and sum(tensor.nbytes for tensor in rest.values()) <= SINGLE_FILE_LIMIT:
        whole = _write_whole(model, rest, workspace)
        return _graph(model, {str(workspace.path(whole)): whole}, workspace, whole)
    if rest:
        blob = _write_weights(rest, workspace, origin)
        files[str(workspace.path(blob))] = blob
    return _graph(model, files, workspace)


def outline(model: ir.Model) -> onnx.ModelProto:
    """The graph as a protobuf whose large initializers have no content: small, whatever the model weighs."""
    import onnx_ir as ir

    large = _large(model)
    try:
        for value, tensor in large:
            if not isinstance(tensor, ir.ExternalTensor):
                value.const_value = stored("", 0, tensor.nbytes, tensor)
        return ir.to_proto(model)
    finally:
        for value, tensor in large:
            value.const_value = tensor


def relocated(graph: Graph, workspace: Workspace, names: Mapping[Blob, str]) -> bytes:
    """The skeleton as the bytes of an ONNX file whose external data have the file names `names`.

    Of each weight it says location, offset and length, and no more: ATC takes any other entry for a number.
    """
    import onnx

    proto = onnx.load_model_from_string(workspace.path(graph.skeleton).read_bytes())
    places = {weights_name(blob): name for blob, name in names.items()}
    for tensor in proto.graph.initializer:
        tensor.ClearField("doc_string")
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = places[entry.value]
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def write_onnx(graph: Graph, workspace: Workspace, path: Path, sources: Sources = _NONE) -> None:
    """Lay the graph out at `path` as ONNX: one file, or with ``<path>.data…`` beside it above `SINGLE_FILE_LIMIT`."""
    if graph.whole is None and (graph.borrowed or graph.size <= SINGLE_FILE_LIMIT):
        graph = settle(load(graph, workspace, sources), workspace)
    if graph.whole is not None:
        workspace.store.link(graph.whole, path)
        return
    names = data_names(graph, path.name)
    for blob, name in names.items():
        workspace.store.link(blob, path.with_name(name))
    path.write_bytes(relocated(graph, workspace, names))


def data_names(graph: Graph, name: str) -> dict[Blob, str]:
    """What the files of weights of an ONNX file called `name` are called: ``image.onnx.data``, ``….data2``."""
    return {blob: f"{name}.data{i or ''}" for i, blob in zip((0, *range(2, 99)), graph.weights, strict=False)}


def stored(
    path: Path | str, offset: int, length: int | None, like: ir.TensorProtocol, origin: str | None = None
) -> ir.ExternalTensor:
    """A tensor in a file, of the type, shape and name of another; its doc_string says what it is made of.

    By absolute path and without a base directory, since onnx_ir refuses files with several hard links under one,
    and the store's files have them by design.
    """
    import onnx_ir as ir

    shape = ir.Shape(like.shape.numpy())
    return ir.ExternalTensor(
        str(path),
        offset,
        length,
        like.dtype,
        shape=shape,
        name=like.name or "",
        doc_string=origin,
        base_dir="",
    )


def _large(model: ir.Model) -> list[tuple[ir.Value, ir.TensorProtocol]]:
    initializers = ((value, value.const_value) for value in model.graph.initializers.values())
    return [(value, tensor) for value, tensor in initializers if tensor is not None and tensor.nbytes >= LARGE]


def _graph(
    model: ir.Model, files: Mapping[str, Blob | Borrowed], workspace: Workspace, whole: Blob | None = None
) -> Graph:
    """Mint the skeleton of a model whose large initializers all lie in `files` (by path)."""
    proto, used = outline(model), set()
    for initializer in proto.graph.initializer:
        for entry in initializer.external_data:
            if entry.key == "location":
                used.add(entry.value)
                entry.value = weights_name(files[entry.value])
    path = workspace.folder / "skeleton.onnx"
    path.write_bytes(proto.SerializeToString(deterministic=True))
    kept = [file for path_, file in files.items() if path_ in used]
    return Graph(
        workspace.put(path),
        tuple(file for file in kept if isinstance(file, Blob)),
        model.opset_imports[""],
        whole,
        tuple(file for file in kept if isinstance(file, Borrowed)),
    )


def origin(tensor: ir.TensorProtocol) -> str:
    """What a weight of a graph that was loaded is made of: equal for the same weight in two graphs of one model."""
    import onnx_ir as ir

    if isinstance(tensor, ir.ExternalTensor | ir.LazyTensor) and tensor.doc_string:
        return tensor.doc_string
    return f"sha256 {hashlib.sha256(tensor.tobytes()).hexdigest()}"  # a pass computed it


def _identity(tensor: ir.TensorProtocol) -> tuple[object, ...]:
    return origin(tensor), tensor.dtype, tuple(tensor.shape.numpy())


def _held(graph: Graph, workspace: Workspace) -> dict[tuple[object, ...], ir.TensorProtocol]:
    return {_identity(tensor): tensor for _, tensor in _large(load(graph, workspace))}


def _write_whole(model: ir.Model, weights: Mapping[ir.Value, ir.TensorProtocol], workspace: Workspace) -> Blob:
    """Write the model as one ONNX file, and bind `weights` to it."""
    by_name = {str(value.name): tensor for value, tensor in weights.items()}
    frame = outline(model)
    inside = [tensor for tensor in frame.graph.initializer if tensor.name not in by_name]
    del frame.graph.initializer[:]
    frame.graph.initializer.extend(inside)
    path = workspace.folder / "whole.onnx"
    with path.open("wb") as file:
        spans = wire.write(frame, by_name, file)
    blob = workspace.put(path)
    for value, tensor in weights.items():
        span = spans[str(value.name)]
        value.const_value = stored(workspace.path(blob), span.offset, span.length, tensor, origin(tensor))
    return blob


def _write_weights(
    weights: Mapping[ir.Value, ir.TensorProtocol],
    workspace: Workspace,
    made_of: Callable[[ir.TensorProtocol], str | None] = lambda _: None,
) -> Blob:
    """Write tensors into a file of their own, aligned, and bind the values to it; `made_of` says their origins."""
    path = workspace.folder / "weights.bin"
    offsets, at = [], 0
    with path.open("wb") as file:
        for tensor in weights.values():
            blanks = -at % wire.ALIGNMENT
            file.write(b"\0" * blanks)
            offsets.append(at + blanks)
            at += blanks + wire.copy(tensor, file)
    blob = workspace.put(path)
    for offset, (value, tensor) in zip(offsets, weights.items(), strict=True):
        value.const_value = stored(workspace.path(blob), offset, tensor.nbytes, tensor, made_of(tensor))
    return blob
