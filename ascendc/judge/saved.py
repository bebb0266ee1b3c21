"""Outputs that were saved: an ``.npz``, a folder of ``.npy``, or what ais_bench wrote."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.errors import UsageError
from ascendc.judge.limits import EXACT, HALF
from ascendc.judge.side import Answer, Face, Side
from ascendc.runtime import InputError, read_arrays

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from ascendc.judge.side import Inputs

    Array = npt.NDArray[Any]

_SPLIT = re.compile(r"(.+)_(\d{1,4})")
"""``<file of the input>_<output>.npy`` (ais_bench of msit 8.1): one file a sample and output."""


class SavedSide(Side):
    """Answers, and not what gave them."""

    kind = "saved"

    def __init__(self, path: Path) -> None:
        """Read them all.

        Raises:
            UsageError: they cannot be read (ASC2806).
        """
        self.name = str(path)
        found = read(path)
        self._by_sample = path.is_dir() and _are_by_sample(tuple(found))
        self.arrays = _joined(path, found) if self._by_sample else found
        self.faces = (Face("", (), () if self._by_sample else tuple(found)),)

    def answer(self, face: Face, inputs: Inputs | None) -> Answer:
        """What was saved; what it answers is the caller's to know."""
        del inputs
        outputs = {name: self.arrays[name] for name in face.outputs or self.arrays}
        half = self._by_sample or any(array.dtype == np.float16 for array in outputs.values())
        said = "what ais_bench wrote" if self._by_sample else "saved outputs"
        return Answer(outputs, said, False, HALF if half else EXACT)


def _are_by_sample(names: tuple[str, ...]) -> bool:
    """Whether files are called as ais_bench does: every sample has outputs 0, 1…, and there are several samples."""
    split = [match.groups() for match in map(_SPLIT.fullmatch, names) if match]
    stems, places = {stem for stem, _ in split}, {int(place) for _, place in split}
    complete = len(split) == len(names) == len(stems) * len(places)
    return complete and len(stems) > 1 and places == set(range(len(places)))


def _joined(path: Path, found: dict[str, Array]) -> dict[str, Array]:
    """By output, the samples in the order of their files' names; each file has a batch axis of one."""

    def output(name: str) -> int:
        return int(name.rpartition("_")[2])

    joined = {}
    for place, names in groupby(sorted(found, key=lambda name: (output(name), name)), output):
        try:
            joined[str(place)] = np.concatenate([np.atleast_1d(found[name]) for name in names])
        except ValueError as error:
            raise _unread(path, f"its files of output {place} do not fit together: {error}") from error
    return joined


def read(path: Path) -> dict[str, Array]:
    """Arrays by name: those of an ``.npz``, or of a folder's ``<name>.npy``.

    Raises:
        UsageError: neither, or damaged (ASC2806).
    """
    if not path.is_dir():
        return _archive(path)
    files = sorted(path.glob("*.npy"))
    if not files and any(path.glob("*.bin")):
        raise _unread(path, "the folder holds .bin files, which say no shape: ais_bench writes .npy with --outfmt NPY")
    if not files:
        raise _unread(path, "the folder holds no .npy file")
    return {file.stem: _one(file) for file in files}


def _archive(path: Path) -> dict[str, Array]:
    found = _content(path)
    if not isinstance(found, dict):
        raise _unread(path, "it is a single array without a name; allowed: an .npz, or a folder of <name>.npy")
    if not found:
        raise _unread(path, "it holds no array")
    return found


def _one(path: Path) -> Array:
    found = _content(path)
    if not isinstance(found, np.ndarray):
        raise _unread(path, "it is an archive, and no .npy")
    return found


def _content(path: Path) -> Any:
    try:
        return read_arrays(path, f"`{path}`")
    except InputError as error:
        raise UsageError("ASC2806", str(error), hint=_HINT) from error


_HINT = "outputs and samples are an .npz, or a folder of <name>.npy, samples first"


def _unread(path: Path, why: str) -> UsageError:
    return UsageError("ASC2806", f"`{path}` cannot be read: {why}", hint=_HINT)
