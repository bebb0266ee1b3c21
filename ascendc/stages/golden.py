"""golden: the raw samples, the reference inputs made from them, and what the original model answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.errors import StageError
from ascendc.model import Attention, Part, Samples, Weights
from ascendc.runtime import SessionError, open_session
from ascendc.store import Blob

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ascendc.model import Arrays, Model
    from ascendc.store import Store, Workspace

CHUNK = 8
"""Samples per run of the reference, to bound its memory."""


@dataclass(frozen=True)
class GoldenSpec:
    """What golden outputs depend on, beside the model's files."""

    part: Part
    weights: Weights
    attention: Attention
    samples: int
    seed: int
    folder: tuple[tuple[str, str], ...] = ()
    """Name and sha256 of the user's sample files; empty: the plugin's own samples."""


@dataclass(frozen=True)
class NamedArray:
    """An array kept as an ``.npy`` file."""

    name: str
    blob: Blob


@dataclass(frozen=True)
class GoldenPart:
    """Reference inputs and outputs of one part, batched over all samples."""

    part: str
    inputs: tuple[NamedArray, ...]
    outputs: tuple[NamedArray, ...]


def golden(spec: GoldenSpec, model: Model, samples: Samples, workspace: Workspace) -> GoldenPart:
    """Run the reference (PyTorch, or the original ONNX file) on the reference inputs.

    Raises:
        StageError: the plugin's inputs do not fit its part (ASC1602), or an output is not finite (ASC1603).
    """
    part = spec.part
    inputs = dict(model.inputs(part.name, samples, spec.weights))
    _check_inputs(model, part, inputs)
    source = model.onnx(part.name)
    chunks = list(_run_onnx(source, part, inputs) if source else _run_torch(spec, model, part, inputs))
    outputs = {tensor.name: np.concatenate([chunk[i] for chunk in chunks]) for i, tensor in enumerate(part.outputs)}
    for name, array in outputs.items():
        if not np.isfinite(array).all():
            raise StageError("ASC1603", f"the reference output `{name}` of part `{part.name}` holds NaN or infinity")
    return GoldenPart(part.name, keep(inputs, workspace), keep(outputs, workspace))


def read(arrays: tuple[NamedArray, ...], store: Store) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays themselves, memory-mapped."""
    return {array.name: np.load(store.path(array.blob), mmap_mode="r") for array in arrays}


def keep(arrays: Mapping[str, Any], workspace: Workspace) -> tuple[NamedArray, ...]:
    """Put arrays into the store as ``.npy`` files."""
    kept = []
    for name, array in arrays.items():
        path = workspace.folder / "array.npy"
        np.save(path, np.ascontiguousarray(array))
        kept.append(NamedArray(name, workspace.put(path)))
    return tuple(kept)


def _check_inputs(model: Model, part: Part, inputs: Mapping[str, Any]) -> None:
    wanted = {tensor.name: tensor.dtype for tensor in part.inputs}
    got = {name: str(array.dtype) for name, array in inputs.items()}
    if wanted != got:
        raise StageError(
            "ASC1602",
            f"plugin `{model.NAME}`: inputs({part.name!r}) must return {wanted}, not {got}",
        )


def _chunks(inputs: Arrays) -> Iterator[dict[str, Any]]:
    count = len(next(iter(inputs.values())))
    for start in range(0, count, CHUNK):
        yield {name: array[start : start + CHUNK] for name, array in inputs.items()}


def _run_torch(spec: GoldenSpec, model: Model, part: Part, inputs: Arrays) -> Iterator[list[Any]]:
    import torch

    module = model.module(part.name, spec.weights, spec.attention)
    with torch.inference_mode():
        for chunk in _chunks(inputs):
            result = module(*(torch.from_numpy(np.ascontiguousarray(chunk[t.name])) for t in part.inputs))
            outputs = result if isinstance(result, tuple) else (result,)
            yield [output.float().numpy() for output in outputs]


def _run_onnx(path: Path, part: Part, inputs: Arrays) -> Iterator[list[Any]]:
    try:
        with open_session(path, "cpu") as session:
            for chunk in _chunks(inputs):
                results = session.run_batched(chunk)
                yield [results[tensor.name] for tensor in part.outputs]
    except SessionError as error:
        raise StageError(
            "ASC1609", f"part `{part.name}`: onnxruntime cannot run the original graph: {error}"
        ) from error
