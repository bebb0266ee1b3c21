"""A loaded model: the facts of its OM as AscendCL reports them, and its graph, run by onnxruntime on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascendc.cann import soc as socs
from ascendc.cann.om import file as oms
from ascendc.cann.om.against import against
from ascendc.cann.om.interface import Gears, Port
from ascendc.errors import UsageError
from ascendc.sim.device import aipp, shapes, tensors
from ascendc.sim.device.codes import GE_GEAR_VALUE, GE_LOAD, INVALID_FILE, RT_SOC_VERSION, AclError
from ascendc.sim.device.payload import Payload
from ascendc.sim.device.shapes import Shape

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

SHAPE_INPUT = "ascend_mbatch_shape_data"
"""The input that ATC adds for gears."""


@dataclass(frozen=True)
class Model:
    """A model in the memory of a device."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    gears: Gears | None
    payload: Payload
    soc: str

    @classmethod
    def load(cls, path: Path, soc: str) -> Model:
        """Load an OM.

        Raises:
            AclError: it is not there, is damaged, was compiled for another chip, or the simulator cannot run it.
        """
        if not path.is_file():
            raise AclError(INVALID_FILE, f"{path} does not exist")
        try:
            om = oms.read(path)
        except UsageError as error:
            raise AclError(GE_LOAD, error.message) from error
        # Simulated on purpose: what is asked is whether a genuine one with these facts would load.
        fit = against(replace(om, simulated=False), socs.resolve(soc).soc)
        if fit.verdict == "refused":
            raise AclError(RT_SOC_VERSION, f"{path.name} does not load on {soc}: {fit.reason}")
        model = cls(om.inputs, om.outputs, om.gears, Payload.read(path), soc)
        _ = model.session
        return model

    @cached_property
    def session(self) -> Any:
        """The graph, open in onnxruntime."""
        from ascendc.sim.device.half import halved

        return shapes.opened(halved(self.payload.onnx) if self.payload.plan.half else self.payload.onnx)

    @property
    def fed(self) -> tuple[Port, ...]:
        """The inputs that the graph has; those that ATC adds come behind them."""
        return self.inputs[: len(self.payload.plan.inputs)]

    @property
    def ranges(self) -> tuple[shapes.Range, ...]:
        """Of each of `fed` where shapes are open, without gears; else empty."""
        return self.payload.plan.ranges

    @cached_property
    def input_sizes(self) -> tuple[int, ...]:
        """Bytes of each input, of the largest gear; 0 where its shape is open."""
        added = tuple(tensors.size_of(port, port.shape or ()) for port in self.inputs[len(self.fed) :])
        return (*self._sizes(self.fed, [self.input_shapes(gear) for gear in self._choices]), *added)

    @cached_property
    def output_sizes(self) -> tuple[int, ...]:
        """Likewise of each output."""
        return self._sizes(self.outputs, [self.output_shapes(gear) for gear in self._choices])

    def graph_shapes(self, gear: tuple[int, ...] | None) -> list[Shape]:
        """What the graph gets of each input, behind AIPP, with a gear put into open axes.

        Raises:
            AclError: gears are there, and none of them is chosen, or one that was not compiled.
        """
        found = self.payload.plan.shapes or [port.shape or () for port in self.fed]
        if self.gears is None:
            return list(found)
        if gear not in self.gears.values:
            raise AclError(GE_GEAR_VALUE, f"{gear} is none of the gears {list(self.gears.values)}")
        return shapes.filled(found, self.gears, gear)

    def input_shapes(self, gear: tuple[int, ...] | None) -> list[Shape]:
        """What the program hands over: pixels where there is AIPP.

        Raises:
            AclError: as `graph_shapes`.
        """
        found = self.graph_shapes(gear)
        for rank, block in aipp.blocks(self.payload.plan.aipp).items():
            found[rank] = aipp.source(block, found[rank])
        return found

    def output_shapes(self, gear: tuple[int, ...] | None) -> list[Shape]:
        """The shapes of the outputs, of the largest gear where none is chosen; -1 where shapes are open."""
        if self.gears is None:
            return [port.shape or () for port in self.outputs]
        return list(self._given[self.gears.values.index(gear or self._largest)])

    @cached_property
    def _largest(self) -> tuple[int, ...]:
        assert self.gears is not None
        return shapes.largest([port.shape or () for port in self.fed], self.gears)

    @cached_property
    def _given(self) -> tuple[tuple[Shape, ...], ...]:
        return self.payload.plan.given or tuple(self.measured(self.graph_shapes(gear)) for gear in self._choices)

    def measured(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """The shapes of the outputs for shapes of the inputs.

        Raises:
            AclError: the graph does not run with them.
        """
        plan = self.payload.plan
        return shapes.measured(self.session, plan.inputs, plan.outputs, given)

    def run(self, feeds: Sequence[Array], network: Sequence[Shape]) -> list[Array]:
        """What the graph answers to what lies in its buffers.

        Args:
            feeds: as the program handed them over.
            network: what the graph is to get of each.

        Raises:
            AclError: it fails.
        """
        plan = self.payload.plan
        taken = {}
        for rank, (name, array) in enumerate(zip(plan.inputs, feeds, strict=True)):
            block = aipp.blocks(plan.aipp).get(rank)
            value = array if block is None else aipp.pixels(block, array, network[rank], self.soc)
            taken[name] = tensors.rounded(value) if plan.half else value
        results = shapes.ran(self.session, plan.outputs, taken)
        return [tensors.rounded(result) if plan.half else result for result in results]

    @property
    def _choices(self) -> tuple[tuple[int, ...] | None, ...]:
        return (None,) if self.gears is None else self.gears.values

    def _sizes(self, ports: Sequence[Port], found: Sequence[Sequence[Shape]]) -> tuple[int, ...]:
        return tuple(
            max(0 if min(one[place], default=0) < 0 else tensors.size_of(port, one[place]) for one in found)
            for place, port in enumerate(ports)
        )
