"""golden: the raw samples, the reference inputs made from them, and what the original model answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.errors import StageError
from ascendc.model import Attention, Part, Samples, Tensor, Weights
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
        StageError: inputs or outputs are not what the part declares (ASC1602, ASC1611), the module raised (ASC1610),
            an output has no axis of samples (ASC1614) or is not finite (ASC1603).
    """
    part = spec.part
    inputs = dict(model.inputs(part.name, samples, spec.weights))
    _check_inputs(model, part, inputs, samples)
    path = model.onnx(part.name)
    chunks = list(_run_onnx(path, part, inputs) if path else _run_torch(spec, model, part, inputs))
    for name, array in chunks[0].items():
        if array.ndim == 0:
            raise StageError(
                "ASC1614",
                f"{model.title}: output `{name}` of `{part.name}` is one number for all samples; its first axis must "
                "be the samples, as that of the inputs: nothing can be compared by sample otherwise",
            )
    outputs = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
    _check(model, part, "output", part.outputs, outputs, "the ONNX file" if path else f"module({part.name!r})")
    for name, array in outputs.items():
        if not np.isfinite(array).all():
            raise StageError(
                "ASC1603",
                f"the reference output `{name}` of part `{part.name}` holds NaN or infinity"
                + ("" if path else _culprit(spec, model)),
            )
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


def _check_inputs(model: Model, part: Part, inputs: Arrays, samples: Samples) -> None:
    _check(model, part, "input", part.inputs, inputs, f"inputs({part.name!r})")
    counts = sorted({len(samples.images), len(samples.texts), len(samples.arrays)} - {0})
    rows = {len(inputs[tensor.name]) for tensor in part.inputs if tensor.shape and isinstance(tensor.shape[0], str)}
    if rows and (len(rows) > 1 or not rows <= set(counts)):
        raise StageError(
            "ASC1611",
            f"{model.title}: inputs({part.name!r}) must return a row for each of {' or '.join(map(str, counts))} "
            f"samples, not {' and '.join(map(str, sorted(rows)))} rows",
        )


def _check(model: Model, part: Part, kind: str, tensors: tuple[Tensor, ...], arrays: Arrays, source: str) -> None:
    """Hold arrays against what the part declares: names, dtypes, sizes of axes that have one."""
    names = [tensor.name for tensor in tensors]
    if sorted(names) != sorted(arrays):
        raise StageError(
            "ASC1602",
            f"{model.title}: parts() declares the {kind}s {', '.join(names)} of `{part.name}`; "
            f"{source} returned {', '.join(arrays) or 'none'}",
        )
    for tensor in tensors:
        array = arrays[tensor.name]
        same_rank = len(array.shape) == len(tensor.shape)
        axes = zip(tensor.shape[1:], array.shape[1:], strict=False)  # the first holds all samples, whatever runs take
        fits = same_rank and all(w == h or isinstance(w, str) for w, h in axes)
        if not fits or str(array.dtype) != tensor.dtype:
            declared, got = ("×".join(map(str, shape)) for shape in (tensor.shape, array.shape))
            raise StageError(
                "ASC1602",
                f"{model.title}: parts() declares {kind} `{tensor.name}` of `{part.name}` as {tensor.dtype} "
                f"{declared}; {source} returned {array.dtype} {got}",
            )


def _chunks(inputs: Arrays) -> Iterator[dict[str, Any]]:
    count = len(next(iter(inputs.values())))
    for start in range(0, count, CHUNK):
        yield {name: array[start : start + CHUNK] for name, array in inputs.items()}


def _run_torch(spec: GoldenSpec, model: Model, part: Part, inputs: Arrays) -> Iterator[dict[str, Any]]:
    import torch

    module = model.module(part.name, spec.weights, spec.attention)
    with torch.inference_mode():
        for chunk in _chunks(inputs):
            arguments = [torch.from_numpy(np.ascontiguousarray(chunk[tensor.name])) for tensor in part.inputs]
            try:
                result = module(*arguments)
            except Exception as error:
                raise StageError(
                    "ASC1610",
                    f"{model.title}: module({part.name!r}) raised in forward(): {type(error).__name__}: {error}",
                    hint="the traceback is shown with -v",
                ) from error
            outputs = result if isinstance(result, tuple | list) else (result,)
            for output in outputs:
                if not isinstance(output, torch.Tensor):
                    raise StageError(
                        "ASC1612",
                        f"{model.title}: module({part.name!r}) must return a tensor or a tuple of tensors, "
                        f"not {type(output).__name__}",
                    )
            declared = [tensor.name for tensor in part.outputs]
            names = declared + [f"#{i}" for i in range(len(declared), len(outputs))]
            yield {name: output.numpy() for name, output in zip(names, outputs, strict=False)}


def _culprit(spec: GoldenSpec, model: Model) -> str:
    """Which weights are to blame, if any."""
    state = model.module(spec.part.name, spec.weights, spec.attention).state_dict()
    broken = [name for name, tensor in state.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    return f", as does the weight `{broken[0]}`" if broken else ""


def _run_onnx(path: Path, part: Part, inputs: Arrays) -> Iterator[dict[str, Any]]:
    try:
        with open_session(path, "cpu", lean=True) as session:
            for chunk in _chunks(inputs):
                yield session.run_batched(chunk)
    except SessionError as error:
        raise StageError(
            "ASC1609", f"part `{part.name}`: onnxruntime cannot run the original graph: {error}"
        ) from error
