"""How outputs are judged: error relative to how far apart different samples are.

A cosine cannot tell a wrong model from a right one when weights are random: a GELU for a QuickGELU still gives
0.99998. The distance between different samples is the scale on which an error means something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ascendc.errors import GateError
from ascendc.runtime.metrics import MetricsError, max_abs_error, min_cosine, relative_error

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Comparison:
    """One output, candidate against reference, over all samples."""

    output: str
    relative: float
    """Largest L2 error of a sample, over the median L2 distance between two samples of the reference."""
    max_abs: float
    cosine: float
    """The smallest cosine of a sample."""


def compare(output: str, reference: Array, candidate: Array) -> Comparison:
    """Compare two arrays, samples first.

    Raises:
        GateError: shapes differ, an array is empty or not finite (ASC1604).
    """
    try:
        return Comparison(
            output,
            relative_error(reference, candidate),
            max_abs_error(reference, candidate),
            min_cosine(reference, candidate),
        )
    except MetricsError as error:
        raise GateError("ASC1604", f"output `{output}`: {error}") from error
