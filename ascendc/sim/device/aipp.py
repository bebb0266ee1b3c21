"""AIPP of a model on the simulated device."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from ascendc.cann import soc as socs
from ascendc.cann.aipp.op import AippOp
from ascendc.cann.aipp.read import read
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
def block(text: str) -> AippOp:
    """The first block of a configuration, which was accepted when the OM was made."""
    return read(text).blocks[0].op


def pixels(text: str, array: npt.NDArray[np.uint8], soc: str) -> npt.NDArray[Any]:
    """What the graph gets of pixels.

    Args:
        text: the AIPP configuration.
        array: as the program handed them over.
        soc: the chip.
    """
    import numpy as np

    from ascendc.cann.aipp.emulate import emulate

    return emulate(block(text), array, socs.resolve(soc).soc).astype(np.float32)
