"""The tensors in AscendCL's dumps, matched to the nodes of the ONNX graph that an OM was compiled from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.cann.dump import file, folder
from ascendc.cann.dump.layout import plain
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from ascendc.cann.dump.file import Dump
    from ascendc.cann.dump.folder import Run
    from ascendc.cann.dump.message import Dumped
    from ascendc.judge.graph_values import Made

    Array = npt.NDArray[Any]

    Index = dict[tuple[str, int], tuple[Dump, Dumped]]

_ADDED = ("Cast", "TransData")
"""What the compiler puts behind a node, and calls by its name: the node's own dump is preferred."""


class DumpValues:
    """Runs of one model, in order; each of the first samples."""

    def __init__(self, runs: Sequence[Run]) -> None:
        """Read what each file describes.

        Raises:
            UsageError: one is no dump (ASC2820).
        """
        self._indexes = [_index(run) for run in runs]
        self.simulated = any(dump.said.simulated for index in self._indexes for dump, _ in index.values())

    def where(self, tensors: Sequence[Made]) -> dict[str, str]:
        """By tensor the file that has it: of the node by its name in the model, else by the one in the file's name."""
        found = {}
        for made in tensors:
            entry = _entry(self._indexes[0], made)
            if entry is not None:
                found[made.tensor] = entry[0].path.name
        return found

    def fetch(self, tensors: Sequence[Made]) -> dict[str, Array]:
        """Values over all runs, by tensor; those whose layout is not known are left out.

        Raises:
            UsageError: a file is damaged (ASC2821).
        """
        found = {}
        for made in tensors:
            entries = [_entry(index, made) for index in self._indexes]
            arrays = [plain(d.values(t), t.format, t.original_shape) for d, t in filter(None, entries)]
            whole = [array for array in arrays if array is not None]
            if len(whole) == len(self._indexes):
                found[made.tensor] = np.concatenate([np.atleast_1d(array) for array in whole])
        return found


def of_samples(path: Any, count: int, wanted: int) -> tuple[Run, ...]:
    """The runs in a folder that the first samples went through.

    Args:
        path: the folder.
        count: samples that went through all runs.
        wanted: samples that are looked at.

    Raises:
        UsageError: there are no dumps (ASC2822), or the samples are no multiple of the runs (ASC2812).
    """
    runs = folder.runs(path)
    if count % len(runs):
        raise UsageError(
            "ASC2812",
            f"`{path}` holds dumps of {len(runs)} runs, and there are {count} samples: they must be the inputs of just "
            "these runs, equally many in each",
        )
    return runs[: max(wanted // (count // len(runs)), 1)]


def _index(run: Run) -> Index:
    """Outputs by node and index; by the name in the model, and by the one in the file's name."""
    found: Index = {}
    for one in sorted(run.files, key=lambda one: one.type not in _ADDED):  # what comes later stays
        dump = file.read(one.path)
        for tensor in dump.said.tensors:
            if tensor.way == "output":
                found[folder.written(one.node), tensor.index] = dump, tensor
                if tensor.node:
                    found[tensor.node, tensor.node_index] = dump, tensor
    return found


def _entry(index: Index, made: Made) -> tuple[Dump, Dumped] | None:
    names = (made.node, folder.written(made.node)) if made.node else ()
    return next((index[name, made.index] for name in names if (name, made.index) in index), None)
