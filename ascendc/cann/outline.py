"""What the rules of this room need to know of an ONNX model: its interface and its nodes, without a weight."""

from __future__ import annotations

from dataclasses import dataclass

DTYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
}
"""ONNX's element types that ATC may know (TensorProto.DataType of ONNX 1.16), by numpy's names; bfloat16 by its own."""


@dataclass(frozen=True)
class Port:
    """An input or an output of a graph."""

    name: str
    dtype: str | None
    """numpy's name: ``float32``; None where the file does not say, or says something that is in no table."""
    shape: tuple[int | str, ...] | None
    """Axes; text where one is symbolic (its name) or unknown (``?``); None where not even the rank is known."""

    def __str__(self) -> str:
        """``pixel_values: float32 batch×3×224×224``."""
        shape = "of unknown rank" if self.shape is None else "×".join(map(str, self.shape)) or "scalar"
        return f"{self.name}: {self.dtype or 'unknown type'} {shape}"


@dataclass(frozen=True)
class Node:
    """One node of the main graph."""

    name: str
    """As the file has it; may be empty."""
    op: str
    """Its operator type: ``MatMul``."""
    domain: str
    """Empty for ONNX's own (``ai.onnx`` is read as empty too)."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Outline:
    """An ONNX model without its weights."""

    inputs: tuple[Port, ...]
    """In order; an initializer that is listed as an input is none, since ATC makes a constant of it."""
    outputs: tuple[Port, ...]
    nodes: tuple[Node, ...]
    opsets: tuple[tuple[str, int], ...]
    """Domain and version as the file lists them, so that one that is listed twice shows; empty domain: ONNX's own."""
    ir_version: int

    @property
    def opset(self) -> int | None:
        """Of ONNX's own domain; None if the file does not say."""
        return dict(self.opsets).get("")
