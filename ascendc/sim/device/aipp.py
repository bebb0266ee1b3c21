"""The AIPP block of a model on the simulated device."""

from __future__ import annotations

from functools import cache

from ascendc.cann.aipp.op import AippOp
from ascendc.cann.aipp.read import read


@cache
def block(text: str) -> AippOp:
    """The first block of a configuration, which was accepted when the OM was made."""
    return read(text).blocks[0].op
