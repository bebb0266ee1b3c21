"""An ONNX graph in the store: a small skeleton, and its large weights in files of their own.

Passes rewrite the skeleton; weights they do not touch are never read or written again. In a folder the
skeleton refers to a weights file by the name ``<first 16 hex digits of its sha256>.bin``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.store import Blob

if TYPE_CHECKING:
    from pathlib import Path

    import onnx_ir as ir

    from ascendc.store import Store, Workspace

LARGE = 4096
"""Bytes from which an initializer leaves the skeleton."""

SINGLE_FILE_LIMIT = 1_900_000_000
"""Bytes up to which a graph is handed over as one file: a protobuf ends at 2 GiB."""


@dataclass(frozen=True)
class Graph:
    """An ONNX graph of the store."""

    skeleton: Blob
    """The ONNX protobuf with its large initializers as external data."""
    weights: tuple[Blob, ...]
    """The external data files, in the order they were minted."""
    opset: int
    """Of the default domain."""

    @property
    def size(self) -> int:
        """Bytes, all files together."""
        return self.skeleton.size + sum(blob.size for blob in self.weights)


def weights_name(blob: Blob) -> str:
    """The file name by which a skeleton refers to `blob`."""
    return f"{blob.digest[:16]}.bin"


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


def load(graph: Graph, workspace: Workspace) -> ir.Model:
    """The graph as an onnx_ir model; large initializers stay on disk, memory-mapped from the store itself."""
    import onnx_ir as ir

    model = ir.load(workspace.path(graph.skeleton))
    files = {weights_name(blob): workspace.path(blob) for blob in graph.weights}
    for value in model.graph.initializers.values():
        tensor = value.const_value
        if isinstance(tensor, ir.ExternalTensor):
            value.const_value = _stored(files[str(tensor.location)], tensor.offset or 0, tensor.length, tensor)
    return model


def save(model: ir.Model, workspace: Workspace, known: tuple[Blob, ...] = ()) -> Graph:
    """Put `model` into the store.

    Args:
        model: the model; its external tensors must refer to files of `known`.
        workspace: where the stage works.
        known: weights files that the store already holds.
    """
    import onnx_ir as ir

    fresh = [
        value
        for value in model.graph.initializers.values()
        if value.const_value is not None
        and not isinstance(value.const_value, ir.ExternalTensor)
        and value.const_value.nbytes >= LARGE
    ]
    minted = known
    if fresh:
        blob = _write_weights(fresh, workspace)
        minted = (*known, blob)
    names = {str(workspace.path(blob)): weights_name(blob) for blob in minted}
    proto, used = ir.to_proto(model), set()
    for initializer in proto.graph.initializer:
        for entry in initializer.external_data:
            if entry.key == "location":
                entry.value = names[entry.value]
                used.add(entry.value)
    path = workspace.folder / "skeleton.onnx"
    path.write_bytes(proto.SerializeToString(deterministic=True))
    kept = tuple(blob for blob in minted if weights_name(blob) in used)
    return Graph(workspace.put(path), kept, model.opset_imports[""])


def write_single(graph: Graph, workspace: Workspace, path: Path) -> None:
    """Write the whole graph at `path`: one file up to `SINGLE_FILE_LIMIT`, external data beside it above."""
    import onnx_ir as ir

    model = load(graph, workspace)
    if sum(blob.size for blob in graph.weights) <= SINGLE_FILE_LIMIT:
        ir.external_data.load_to_model(model)
        ir.save(model, path)
    else:
        ir.save(model, path, external_data=f"{path.name}.data")


def _write_weights(values: list[ir.Value], workspace: Workspace) -> Blob:
    """Write tensors into one file, 64-byte aligned, and bind the values to it."""
    path = workspace.folder / "weights.bin"
    spans: list[tuple[ir.Value, int, int]] = []
    with path.open("wb") as file:
        for value in values:
            tensor = value.const_value
            assert tensor is not None
            file.write(b"\0" * (-file.tell() % 64))
            start = file.tell()
            data = tensor.tobytes()
            file.write(data)
            spans.append((value, start, len(data)))
    blob = workspace.put(path)
    for value, offset, length in spans:
        assert value.const_value is not None
        value.const_value = _stored(workspace.path(blob), offset, length, value.const_value)
    return blob


def _stored(path: Path, offset: int, length: int | None, like: ir.TensorProtocol) -> ir.ExternalTensor:
    """A tensor in a file of the store.

    By absolute path and without a base directory, since onnx_ir refuses files with several hard links under one,
    and the store's files have them by design.
    """
    import onnx_ir as ir

    return ir.ExternalTensor(
        str(path), offset, length, like.dtype, shape=ir.Shape(like.shape.numpy()), name=like.name or "", base_dir=""
    )
