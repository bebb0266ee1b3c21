"""What the task verdict counts, and from which margin on a similarity decides something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

DECIDED = 0.05
"""The margin from which a query counts as decided, in standard deviations of similarities. Relative, since random
weights spread them a hundred times less than trained ones."""


class Count(NamedTuple):
    """How many of those that count are right."""

    name: str
    right: int
    total: int
    required: bool = False
    """Whether it fails where none counts: everything is alike then."""

    @property
    def ok(self) -> bool:
        """Whether all are right."""
        return self.right == self.total and (self.total > 0 or not self.required)

    def __str__(self) -> str:
        """As the summary has it."""
        return f"{self.name} {self.right} of {self.total}"


def tolerance(similarities: Array) -> Array:
    """Of each query (a row) the margin below which rounding may turn it.

    A query that likes all equally has no spread to measure a margin by (of two, any margin is twice the spread): the
    median query's counts then.
    """
    spread = similarities.std(axis=1)
    found: Array = DECIDED * np.maximum(spread, np.median(spread))
    return found
