"""AIPP of a model on the simulated device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from ascendc.cann import soc as socs
from ascendc.cann.aipp.op import AippOp
from ascendc.cann.aipp.read import read
from ascendc.sim.device.codes import RT_AICORE_EXCEPTION, AclError
from ascendc.sim.device.shapes import Shape

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


CHANNELS = {"RGB888_U8": 3, "XRGB8888_U8": 4, "YUV400_U8": 1}
"""Bytes of a pixel; YUV420SP_U8 has one and a half."""


def source(op: AippOp, shape: Shape) -> Shape:
    """What a program hands over: NHWC, of the source's size.

    Args:
        op: a static block.
        shape: NCHW, as the graph takes it; -1 where gears decide.
    """
    height, width = op.src_image_size_h or shape[2], op.src_image_size_w or shape[3]
    if op.input_format == "YUV420SP_U8":
        return (shape[0], height * 3 // 2 if height > 0 else -1, width, 1)
    return (shape[0], height, width, CHANNELS[op.input_format])


@cache
def blocks(text: str) -> Mapping[int, AippOp]:
    """The blocks of a configuration by the input that they are for; it was accepted when the OM was made."""
    return {block.op.related_input_rank: block.op for block in read(text).blocks} if text else {}


def pixels(ops: Sequence[AippOp], array: npt.NDArray[np.uint8], network: Shape, soc: str) -> npt.NDArray[np.float32]:
    """What the graph gets of pixels.

    Args:
        ops: a static block for the whole batch, or one for each picture.
        array: as the program handed them over.
        network: batch, channels, height and width that the graph takes.
        soc: the chip.

    Raises:
        AclError: something else comes out than the graph takes.
    """
    import numpy as np

    from ascendc.cann.aipp.emulate import emulate

    chip, size = socs.resolve(soc).soc, (network[2], network[3])
    parts = [array] if len(ops) == 1 else array.reshape(len(ops), -1)
    found = np.concatenate([emulate(op, part, chip, size) for op, part in zip(ops, parts, strict=True)])
    if found.shape != network:
        raise AclError(RT_AICORE_EXCEPTION, f"AIPP makes {list(found.shape)}, and the graph takes {list(network)}")
    return found.astype(np.float32)
