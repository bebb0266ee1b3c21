"""What is refused before any figure: another shape, another kind of numbers, NaN and infinity, each with its place."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.judge.result import Place, Refusal
from ascendc.runtime import shape_text

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

_KINDS = {"b": "truth values", "i": "integers", "u": "integers", "f": "floats"}


def refusal(reference: Array, candidate: Array) -> Refusal | None:
    """Why two tensors cannot be compared, in this order: shape, dtype, values that are not finite.

    Args:
        reference: samples first.
        candidate: likewise.
    """
    if reference.shape != candidate.shape:
        wanted, got = shape_text(reference.shape), shape_text(candidate.shape)
        return Refusal("shape", f"the shape must be {wanted}, and is {got}", None, 0)
    if not reference.size:
        return Refusal("shape", f"there is nothing to compare: the shape is {shape_text(reference.shape)}", None, 0)
    kinds = [_KINDS.get(array.dtype.kind) for array in (reference, candidate)]
    if unknown := [str(a.dtype) for a, kind in zip((reference, candidate), kinds, strict=True) if kind is None]:
        return Refusal("dtype", f"{unknown[0]} cannot be compared: floats, integers and truth values can", None, 0)
    if kinds[0] != kinds[1]:
        return Refusal("dtype", f"the dtype must be like {reference.dtype}, and is {candidate.dtype}", None, 0)
    for side, array in (("reference", reference), ("candidate", candidate)):
        if not (finite := np.isfinite(array)).all():
            return _lost(side, np.argwhere(~np.atleast_1d(finite)), reference, candidate)
    return None


def place(flat: tuple[int, ...], reference: Array, candidate: Array) -> Place:
    """A value by its index; those of a scalar are sample 0."""
    pair = [float(np.atleast_1d(array)[flat]) for array in (reference, candidate)]
    one, other = (value if isfinite(value) else None for value in pair)
    return Place(flat[0], flat[1:], one, other)


def _lost(side: str, where: Array, reference: Array, candidate: Array) -> Refusal:
    first = tuple(int(axis) for axis in where[0])
    found = place(first, reference, candidate)
    value = np.atleast_1d(reference if side == "reference" else candidate)[first]
    at = f"sample {found.sample}, index [{', '.join(map(str, found.index))}]"
    text = (
        f"the {side} holds {len(where)} of {reference.size} values that are not finite, in "
        f"{len(np.unique(where[:, 0]))} of {len(np.atleast_1d(reference))} samples; the first is {value} at {at}"
    )
    return Refusal("not finite", text, found, len(where))
