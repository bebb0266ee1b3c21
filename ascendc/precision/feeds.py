"""Samples: what a model is fed, checked against its inputs, and handed over a few at a time."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zipfile import is_zipfile

import numpy as np

from ascendc.errors import UsageError
from ascendc.runtime.npz import read_arrays
from ascendc.runtime.service import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import onnx_ir as ir

    Array = npt.NDArray[Any]

CHUNK = 8
"""Samples per run, to bound memory."""

COUNT = 8
"""Samples that are drawn where none are given: one is no distance, and 28 distances have a median."""

SEED = 0
"""Of samples that are drawn."""


@dataclass(frozen=True)
class Feeds:
    """Arrays that fit a model's inputs."""

    arrays: Mapping[str, Array]
    """Samples first, by input."""
    fixed: Mapping[str, Array]
    """Inputs that are the same in every run: those without an axis of samples."""
    count: int
    batch: int | None
    """The batch that the model is fixed to; None: any."""

    def runs(self, chosen: Sequence[int] | None = None) -> Iterator[dict[str, Array]]:
        """What runs are fed.

        Args:
            chosen: samples, as many as `several` says; None: all.
        """
        at = range(self.count) if chosen is None else chosen
        size = self.batch or CHUNK
        for start in range(0, len(at), size):
            rows = np.asarray(at[start : start + size])
            yield {**{name: array[rows] for name, array in self.arrays.items()}, **self.fixed}

    def several(self, wanted: int) -> int:
        """How many samples to choose where about `wanted` are: whole batches, of those that there are."""
        size = self.batch or 1
        return max(min(wanted, self.count) // size, 1) * size


def fit(model: ir.Model, arrays: Mapping[str, Array]) -> Feeds:
    """Hold arrays against the inputs of a model.

    Args:
        model: the model.
        arrays: by input, samples first; further ones are left alone.

    Raises:
        UsageError: one is missing (ASC2711), is of another type (ASC2712) or shape (ASC2713), or they are not
            equally many (ASC2714).
    """
    given: dict[str, Array] = {}
    fixed: dict[str, Array] = {}
    batches: set[int] = set()
    inputs = fed(model)
    open_ = any(_axes(value)[:1] == (None,) for value in inputs)
    for value in inputs:
        name = str(value.name)
        if name not in arrays:
            said = ", ".join(f"`{one}`" for one in arrays) or "nothing"
            raise UsageError("ASC2711", f"the samples lack the input `{name}`; they hold {said}")
        array = _typed(value, np.asarray(arrays[name]))
        axes = _axes(value)
        _check_shape(name, axes, array)
        if not axes or (open_ and axes[0] is not None):
            fixed[name] = array
        else:
            given[name] = array
            batches.update(() if axes[0] is None else (axes[0],))
    counts = {name: len(array) for name, array in given.items()}
    if len(set(counts.values())) > 1 or 0 in counts.values() or len(batches) > 1:
        said = ", ".join(f"`{name}` has {count}" for name, count in counts.items())
        raise UsageError("ASC2714", f"inputs must have equally many samples, at least one: {said}")
    count, batch = next(iter(counts.values()), 1), next(iter(batches), None)
    if batch and count % batch:
        raise UsageError("ASC2714", f"the model is fixed to a batch of {batch}; {count} samples are no multiple of it")
    return Feeds(given, fixed, count, batch)


def fed(model: ir.Model) -> list[ir.Value]:
    """The inputs that are no weights."""
    return [value for value in model.graph.inputs if str(value.name) not in model.graph.initializers]


def read(path: Path) -> dict[str, Array]:
    """Arrays by name: those of an ``.npz``, or of a folder's ``<name>.npy``.

    Raises:
        UsageError: neither, or damaged (ASC2710).
    """
    if not path.is_dir():
        if not path.exists():
            raise _unread(path, "there is no such file or folder")
        arrays = _read(path, path) if is_zipfile(path) else None
        if not isinstance(arrays, dict):
            raise _unread(path, "it is no .npz archive")
        return arrays
    found = {file.stem: _read(path, file) for file in sorted(path.glob("*.npy"))}
    if not found:
        raise _unread(path, "the folder holds no .npy file")
    return {name: array for name, array in found.items() if not isinstance(array, dict)}


def _read(path: Path, file: Path) -> Array | dict[str, Array]:
    try:
        return read_arrays(file, f"`{file.name}`")
    except InputError as error:
        raise _unread(path, str(error)) from error


def _unread(path: Path, why: str) -> UsageError:
    hint = "it is an .npz with an array for each input, or a folder with <input>.npy, samples first"
    return UsageError("ASC2710", f"--samples `{path}` cannot be read: {why}", hint=hint)


def drawn(model: ir.Model, file: str) -> dict[str, Array]:
    """`COUNT` samples from the standard normal distribution.

    Args:
        model: the model.
        file: its name, for commands that errors show.

    Raises:
        UsageError: an input is no float, or has an open axis that is not its first (ASC2715).
    """
    random = np.random.default_rng(SEED)
    found = {}
    for value in fed(model):
        axes, name = _axes(value), str(value.name)
        dtype = _dtype(value)
        if dtype.kind != "f":
            raise _make_them(model, file, f"`{name}` holds {dtype}: what its numbers mean is not known")
        if None in axes[1:]:
            raise _make_them(model, file, f"axis {axes.index(None, 1)} of `{name}` is open")
        batch = axes[0] if axes else None
        rows = COUNT if batch is None else -(-COUNT // batch) * batch
        shape = (rows, *(axis for axis in axes[1:] if axis is not None)) if axes else ()
        found[name] = np.asarray(random.standard_normal(shape)).astype(dtype)
    return found


def _make_them(model: ir.Model, file: str, why: str) -> UsageError:
    """An error that shows how samples are made."""
    arrays = []
    for value in fed(model):
        batch, *others = _axes(value) or (1,)
        shape = ",".join(str(axis or "N") for axis in (batch or COUNT, *others))
        draw = f"r.standard_normal(({shape}))" if _dtype(value).kind == "f" else f"r.integers(0,N,({shape}))"
        arrays.append(f'{json.dumps(value.name)}:{draw}.astype("{_dtype(value).name}")')
    code = f'import numpy as np; r=np.random.default_rng(0); np.savez("samples.npz",**{{{",".join(arrays)}}})'
    return UsageError(
        "ASC2715",
        f"samples are needed, since {why}",
        hint=f"real inputs tell most; made-up ones, with your numbers for N: python -c {shlex.quote(code)} && "
        f"ascendc forecast {shlex.quote(file)} --samples samples.npz",
    )


def _axes(value: ir.Value) -> tuple[int | None, ...]:
    """Sizes; None for open axes."""
    shape = () if value.shape is None else value.shape
    return tuple(axis if isinstance(axis, int) else None for axis in shape)


def _dtype(value: ir.Value) -> np.dtype[Any]:
    return np.dtype(np.float32 if value.dtype is None else value.dtype.numpy())


def _typed(value: ir.Value, array: Array) -> Array:
    wanted = _dtype(value)
    if array.dtype == wanted:
        return array
    same = array.dtype.kind == wanted.kind or {array.dtype.kind, wanted.kind} <= set("iu")
    with np.errstate(over="ignore"):
        turned = array.astype(wanted) if same else array
    if not same or (wanted.kind in "iu" and (turned != array).any()):
        raise UsageError("ASC2712", f"input `{value.name}` takes {wanted}; the samples are {array.dtype}")
    return turned


def _check_shape(name: str, axes: tuple[int | None, ...], array: Array) -> None:
    fits = array.ndim == len(axes) and all(
        axis is None or axis == size for axis, size in zip(axes[1:], array.shape[1:], strict=True)
    )
    if not fits:
        wanted, got = (
            "×".join("N" if axis is None else str(axis) for axis in shape) or "one number"
            for shape in ((None, *axes[1:]) if axes else (), array.shape)
        )
        raise UsageError("ASC2713", f"input `{name}` takes {wanted} (samples first); the samples are {got}")
