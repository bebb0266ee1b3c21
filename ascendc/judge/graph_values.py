"""The tensors of an ONNX graph: what its nodes make, and their values, a few at a time."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import onnx

from ascendc import onnx_file
from ascendc.calls import module_of
from ascendc.errors import StageError
from ascendc.graph import outline
from ascendc.inferred import infer
from ascendc.precision import feeds
from ascendc.precision.engine import Engine, small

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import onnx_ir as ir

    Array = npt.NDArray[Any]

SAMPLES = 8
"""That layers are looked at on: 28 distances have a median."""


@dataclass(frozen=True)
class Made:
    """A tensor that a node makes."""

    tensor: str
    op: str
    node: str
    index: int
    """Which of the node's outputs."""
    scope: str
    """The PyTorch module that the node comes from; empty: the exporter does not say."""
    users: tuple[str, ...]
    """Likewise of the nodes that take it, and of who asks the graph."""
    size: int | None
    """Values that a sample has of it; None: not known."""


class GraphValues:
    """A graph, and the first samples of its inputs."""

    simulated = False

    def __init__(self, path: Path, arrays: Mapping[str, Array]) -> None:
        """Open it.

        Raises:
            UsageError: it is no ONNX file, or the samples do not fit (ASC2711 to ASC2714).
        """
        self.path = path
        self._model = model = onnx_file.load(path)
        infer(model)
        fed = feeds.fit(model, arrays)
        self.count = fed.several(SAMPLES)
        self.feeds = {name: array[: self.count] for name, array in fed.arrays.items()}
        self._runs = list(fed.runs(range(self.count)))
        self.tensors = tuple(_made(model))

    def where(self, tensors: Sequence[Made]) -> dict[str, str]:
        """Those that this graph makes too, by name."""
        mine = {made.tensor for made in self.tensors}
        return {made.tensor: made.tensor for made in tensors if made.tensor in mine}

    def fetch(self, tensors: Sequence[Made]) -> dict[str, Array]:
        """Values over all samples, by tensor.

        Raises:
            StageError: onnxruntime does not take the graph (ASC2810), or it fails on the samples (ASC2702).
        """
        import numpy as np

        names = [made.tensor for made in tensors]
        engine = self._watching(names)
        pieces = [engine.run(run) for run in self._runs]
        if len(pieces) == 1:
            return pieces[0]
        return {name: np.concatenate([np.atleast_1d(piece[name]) for piece in pieces]) for name in names}

    def _watching(self, names: Sequence[str]) -> Engine:
        """The graph with some of its tensors as outputs: what is an output stays in memory, asked for or not."""
        proto = outline(self._model)
        graph = onnx.helper.make_graph(list(proto.graph.node), "layers", [], [], small(self._model))
        named = [value for value in proto.graph.input if value.name not in self._model.graph.initializers]
        graph.input.extend(named)
        try:
            return Engine(self._model, graph, [onnx.ValueInfoProto(name=name) for name in names])
        except StageError as error:
            raise StageError("ASC2810", f"onnxruntime does not take `{self.path}`: {error.__cause__}") from error


def _made(model: ir.Model) -> list[Made]:
    found = []
    for node in model.graph:
        if node.op_type == "Constant":
            continue
        scope = module_of(node) or ""
        for index, value in enumerate(node.outputs):
            if not value.name or (value.type is not None and value.dtype is None):
                continue
            users = tuple(module_of(use.node) or "" for use in value.uses()) + ("",) * value.is_graph_output()
            found.append(Made(value.name, node.op_type, node.name or "", index, scope, users, _size(value)))
    return found


def _size(value: ir.Value) -> int | None:
    """Of a sample, which is what the first axis counts."""
    if value.shape is None:
        return None
    sizes = [axis for axis in list(value.shape)[1:] if isinstance(axis, int)]
    return prod(sizes) if len(sizes) == max(len(value.shape) - 1, 0) else None
