"""What a model takes and gives: its inputs and outputs, and their shapes and sizes under gears and AIPP."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ascendc.cann.om.interface import Gears, Port
from ascendc.sim.device import aipp, shapes, tensors
from ascendc.sim.device.codes import GE_GEAR_VALUE, AclError
from ascendc.sim.device.dynamic_aipp import CONFIG_INPUT
from ascendc.sim.device.payload import Plan
from ascendc.sim.device.shapes import Shape

if TYPE_CHECKING:
    from ascendc.cann.aipp.op import AippOp


@dataclass(frozen=True)
class Layout:
    """As AscendCL reports it."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    gears: Gears | None
    plan: Plan
    measure: Callable[[Sequence[Shape]], tuple[Shape, ...]]
    """The shapes of the outputs for those of the inputs."""

    @property
    def fed(self) -> tuple[Port, ...]:
        """The inputs that the graph has; those that ATC adds come behind them."""
        return self.inputs[: len(self.plan.inputs)]

    @property
    def ranges(self) -> tuple[shapes.Range, ...]:
        """Of each of `fed` where shapes are open, without gears; else empty."""
        return self.plan.ranges

    @property
    def fixed(self) -> bool:
        """Whether every size is known when the model is made."""
        return self.gears is None and not self.ranges and not self.configs

    @property
    def blocks(self) -> Mapping[int, AippOp]:
        """Of AIPP, by the index of the input that they are for."""
        return aipp.blocks(self.plan.aipp)

    @property
    def configs(self) -> dict[int, int]:
        """Index of each input that ATC added for dynamic AIPP, and of the input that it is for."""
        added = [index for index, port in enumerate(self.inputs) if port.name.startswith(CONFIG_INPUT)]
        return dict(zip(added, (rank for rank, op in self.blocks.items() if op.aipp_mode == "dynamic"), strict=True))

    @cached_property
    def input_sizes(self) -> tuple[int, ...]:
        """Bytes of each input, of the largest gear; 0 where its shape is open."""
        added = tuple(tensors.size_of(port, port.shape or ()) for port in self.inputs[len(self.fed) :])
        known = list(self._sizes(self.fed, [self.input_shapes(gear) for gear in self._choices]))
        for rank in self.configs.values():
            known[rank] = self.blocks[rank].max_src_image_size
        return (*known, *added)

    @cached_property
    def output_sizes(self) -> tuple[int, ...]:
        """Likewise of each output."""
        return self._sizes(self.outputs, [self.output_shapes(gear) for gear in self._choices])

    def graph_shapes(self, gear: tuple[int, ...] | None) -> list[Shape]:
        """What the graph gets of each input, behind AIPP, with a gear put into open axes.

        Raises:
            AclError: gears are there, and none of them is chosen, or one that was not compiled.
        """
        if self.gears is None:
            return list(self._network)
        if gear not in self.gears.values:
            raise AclError(GE_GEAR_VALUE, f"{gear} is none of the gears {list(self.gears.values)}")
        return shapes.filled(self._network, self.gears, gear)

    def input_shapes(self, gear: tuple[int, ...] | None) -> list[Shape]:
        """What the program hands over: pixels where there is AIPP.

        Raises:
            AclError: as `graph_shapes`.
        """
        found = self.graph_shapes(gear)
        for rank, block in self.blocks.items():
            if block.aipp_mode == "static":
                found[rank] = aipp.source(block, found[rank])
        return found

    def output_shapes(self, gear: tuple[int, ...] | None) -> list[Shape]:
        """The shapes of the outputs, of the largest gear where none is chosen; -1 where shapes are open."""
        if self.gears is None:
            return [port.shape or () for port in self.outputs]
        return list(self._given[self._choices.index(gear or self.largest)])

    @cached_property
    def largest(self) -> tuple[int, ...] | None:
        """The gear with the most elements in it; None without gears."""
        if self.gears is None:
            return None
        return shapes.largest(self._network, self.gears)

    @property
    def _network(self) -> Sequence[Shape]:
        """What the graph gets of each input; -1 where axes are open."""
        return self.plan.shapes or [port.shape or () for port in self.fed]

    @cached_property
    def _given(self) -> tuple[tuple[Shape, ...], ...]:
        return self.plan.given or tuple(self.measure(self.graph_shapes(gear)) for gear in self._choices)

    @property
    def _choices(self) -> tuple[tuple[int, ...] | None, ...]:
        return (None,) if self.gears is None else self.gears.values

    def _sizes(self, ports: Sequence[Port], found: Sequence[Sequence[Shape]]) -> tuple[int, ...]:
        return tuple(
            max(0 if min(one[place], default=0) < 0 else tensors.size_of(port, one[place]) for one in found)
            for place, port in enumerate(ports)
        )
