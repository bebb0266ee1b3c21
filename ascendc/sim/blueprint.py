"""What an OM that is to be written shall hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ascendc.cann.om.interface import Interface

Scalar = str | int | float | bool
Value = Scalar | Sequence[Scalar] | Mapping[str, Scalar]
"""What an attribute may be; a mapping becomes named attributes."""


@dataclass(frozen=True)
class Blueprint:
    """What an OM shall hold."""

    name: str
    interface: Interface
    attributes: Mapping[str, Value] = field(default_factory=dict)
    """Of the model."""
    input_attributes: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    """Of inputs, by their names: AIPP's."""
    partitions: tuple[tuple[int, bytes], ...] = ()
    """Further ones: type and content, behind the model definition."""
    listed: bool = True
    """Whether inputs and outputs are listed, as since CANN 8.0, or only in the graph."""
    wide: bool = True
    """Whether tables have 64-bit numbers."""
    ranges: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """Of inputs whose shapes are open, by their names: the least and the largest size of each axis."""
    gear_outputs: Sequence[Sequence[Sequence[int]]] = ()
    """For each gear the shapes of the outputs."""
    first_version: bool = False
    """Whether the header is as it was up to CANN 20."""

    def gear_texts(self) -> list[str]:
        """``gear,output,sizes…``, as the compiler writes the shapes of outputs."""
        return [
            ",".join(map(str, (gear, output, *shape)))
            for gear, shapes in enumerate(self.gear_outputs)
            for output, shape in enumerate(shapes)
        ]
