"""Running a session over all samples, a few at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.errors import UsageError
from ascendc.judge import failures
from ascendc.judge.side import Answer
from ascendc.runtime import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from ascendc.judge.side import Inputs
    from ascendc.runtime import Session

    Array = npt.NDArray[Any]

CHUNK = 8
"""Samples per run where any number fits, to bound memory."""


def answered(name: str, open_: Callable[[], Session], inputs: Inputs, allowed: float) -> Answer:
    """Open a session, run it over all samples and close it.

    Args:
        name: of the file or recipe, for messages.
        open_: opens it.
        inputs: what it is fed; the pixels, where it takes those.
        allowed: what its answers may be off.

    Raises:
        UsageError: the inputs do not fit (ASC2805).
        StageError: it fails (ASC2807).
        EnvironmentLacksError: this machine has no device for it (ASC2808).
    """
    try:
        with open_() as session:
            pieces = [session.run_batched(feeds) for feeds in chunks(name, session, inputs)]
            engine = session.engine
    except SessionError as error:
        raise failures.of_session(name, "on the samples", error) from error
    return Answer(_joined(name, pieces), engine, " SIMULATED" in engine, allowed)


def _joined(name: str, pieces: list[dict[str, Array]]) -> dict[str, Array]:
    if len(pieces) == 1:
        return pieces[0]
    try:
        return {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}
    except ValueError as error:  # another axis is open, too, and differs from run to run
        raise failures.fails(f"`{name}`", f"on {CHUNK} samples at a time", error) from error


def chunks(name: str, session: Session, inputs: Inputs) -> Iterator[dict[str, Array]]:
    """What runs are fed: a few samples where every input and output has an open axis for them, else all at once.

    An engine of a fixed batch cuts them itself. A sum over samples, or an output that has them on another axis, would
    be another one if it were made of a few.

    Raises:
        UsageError: an input is missing or empty (ASC2805), or is of another type.
    """
    fed = fitting(name, session, inputs)
    free = all(spec.shape[:1] == (None,) and not spec.gears for spec in (*session.inputs, *session.outputs))
    counts = {len(array) for array in fed.values() if array.ndim}
    if 0 in counts:
        raise UsageError("ASC2805", f"the samples ({inputs.said}) hold no sample for `{name}`; allowed: one or more")
    if not free or len(counts) != 1:
        yield fed
        return
    for start in range(0, counts.pop(), CHUNK):
        yield {key: array[start : start + CHUNK] for key, array in fed.items()}


def fitting(name: str, session: Session, inputs: Inputs) -> dict[str, Array]:
    """The arrays that a session takes, in its dtypes.

    Raises:
        UsageError: one is missing, or its numbers would change (ASC2805).
    """
    fed = {}
    for spec in session.inputs:
        pixels = spec.dtype == "uint8" and spec.name in inputs.pixels
        source: Mapping[str, Array] = inputs.pixels if pixels else inputs.arrays
        if spec.name not in source:
            raise UsageError(
                "ASC2805",
                f"`{name}` takes the input `{spec.name}`; the samples ({inputs.said}) hold "
                f"{', '.join(f'`{key}`' for key in source) or 'nothing'}",
                hint="--samples FILE.npz  with an array for each input, samples first",
            )
        fed[spec.name] = _typed(name, spec.name, np.dtype(spec.dtype), np.asarray(source[spec.name]))
    return fed


def _typed(name: str, key: str, wanted: np.dtype[Any], array: Array) -> Array:
    """An array in the dtype that is wanted: floats to floats, integers to integers that hold them."""
    if array.dtype == wanted:
        return array
    same = array.dtype.kind == wanted.kind or {array.dtype.kind, wanted.kind} <= set("iu")
    with np.errstate(over="ignore"):
        turned = array.astype(wanted) if same else array
    if not same or (wanted.kind in "iu" and (turned != array).any()) or (np.isinf(turned) & np.isfinite(array)).any():
        raise UsageError("ASC2805", f"`{name}` takes {wanted} as input `{key}`; the samples hold {array.dtype}")
    return turned
