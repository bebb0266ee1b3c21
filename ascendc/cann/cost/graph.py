"""What is counted: a graph whose every shape is known."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Attribute = int | float | str | tuple[int, ...]

FLOATS = frozenset({"float16", "float32", "float64", "bfloat16"})
"""Element types whose size the precision decides."""

SIZES = {
    **dict.fromkeys(("bool", "int8", "uint8"), 1),
    **dict.fromkeys(("int16", "uint16", "float16", "bfloat16"), 2),
    **dict.fromkeys(("int32", "uint32", "float32"), 4),
    **dict.fromkeys(("int64", "uint64", "float64", "complex64"), 8),
    "complex128": 16,
}
"""Bytes of one element, by numpy's names."""


@dataclass(frozen=True)
class Tensor:
    """A value of the graph."""

    name: str
    dtype: str
    """numpy's name: ``float32``; what is in no table counts as 4 bytes."""
    shape: tuple[int, ...]
    constant: bool = False
    """A weight: it lies in the model, not in the activations."""

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    def bytes(self, float_size: int) -> int:
        """Its size where an element of a float takes `float_size` bytes."""
        return self.elements * (float_size if self.dtype in FLOATS else SIZES.get(self.dtype, 4))


@dataclass(frozen=True)
class Op:
    """One node, by ONNX's operator types and attributes."""

    name: str
    op: str
    """Its operator type: ``MatMul``."""
    inputs: tuple[Tensor | None, ...]
    """In order; None where an optional one is left out."""
    outputs: tuple[Tensor, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """Numbers, texts and lists of integers; others are left out."""


@dataclass(frozen=True)
class Graph:
    """Operators in the order in which they run."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    ops: tuple[Op, ...]
