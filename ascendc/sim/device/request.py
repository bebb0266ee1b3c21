"""What a program asks for in one run: shapes, and how AIPP is to treat its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.sim.device.codes import INVALID_PARAM, RT_AICORE_EXCEPTION, AclError
from ascendc.sim.device.dynamic_aipp import picture_size
from ascendc.sim.device.layout import Layout
from ascendc.sim.device.objects import Dataset, TensorDesc
from ascendc.sim.device.shapes import Shape, within

if TYPE_CHECKING:
    from ascendc.cann.aipp.op import AippOp


@dataclass(frozen=True)
class Request:
    """A run, as its dataset describes it."""

    network: Sequence[Shape]
    """What the graph gets of each input."""
    handed: Sequence[Shape]
    """What lies in the buffers: pixels where there is AIPP."""
    blocks: Mapping[int, tuple[AippOp, ...]]
    """Of AIPP, by the index of the input: one for all of its pictures, or one for each."""

    @classmethod
    def of(cls, layout: Layout, dataset: Dataset, descs: Mapping[int, TensorDesc]) -> Request:
        """What a dataset asks of a model.

        Args:
            layout: of the model.
            dataset: its inputs.
            descs: what was said of them, by index.

        Raises:
            AclError: no gear was chosen, a shape is missing or out of its range, or dynamic AIPP was not set.
        """
        network = _described(layout, descs) if layout.ranges else layout.graph_shapes(dataset.gear)
        handed = list(network if layout.ranges else layout.input_shapes(dataset.gear))
        blocks = {}
        for rank, block in layout.blocks.items():
            pictures: tuple[AippOp, ...] = (block,)
            if block.aipp_mode == "dynamic":
                pictures = _set(layout, dataset, rank)[: network[rank][0]]
                handed[rank] = (len(pictures), picture_size(pictures[0]))
            blocks[rank] = pictures
        return cls(network, handed, blocks)


def _described(layout: Layout, descs: Mapping[int, TensorDesc]) -> list[Shape]:
    found = []
    for index, (port, limits) in enumerate(zip(layout.fed, layout.ranges, strict=True)):
        shape = descs[index].shape if index in descs else port.shape or ()
        if not within(shape, limits):
            allowed = [list(one) for one in limits]
            hint = "" if index in descs else ": set_dataset_tensor_desc was not called for it"
            said = f"the shape {list(shape)} of input {port.name} is out of its range {allowed}{hint}"
            raise AclError(INVALID_PARAM, said)
        found.append(shape)
    return found


def _set(layout: Layout, dataset: Dataset, rank: int) -> tuple[AippOp, ...]:
    if rank not in dataset.aipp:
        name = layout.inputs[rank].name
        raise AclError(RT_AICORE_EXCEPTION, f"dynamic AIPP of input {name} was not set: call set_input_aipp")
    return dataset.aipp[rank]
