"""Copies of rows."""

from functools import partial

from ascendc.sim.device.rows import Rows
from ascendc.sim.session import call, machine


@call("kkkkkki")
def memcpy2d(
    target: int, target_pitch: int, source: int, source_pitch: int, width: int, height: int, kind: int
) -> None:
    """``aclrtMemcpy2d``: at once."""
    rows = Rows(target, target_pitch, source, source_pitch, width, height)
    rows.check(machine(), kind)
    rows.copy(machine())


@call("kkkkkkik")
def memcpy2d_async(
    target: int, target_pitch: int, source: int, source_pitch: int, width: int, height: int, kind: int, stream: int
) -> None:
    """``aclrtMemcpy2dAsync``: when somebody waits for the stream."""
    rows = Rows(target, target_pitch, source, source_pitch, width, height)
    rows.check(machine(), kind)
    machine().contexts.stream(stream).put(partial(rows.copy, machine()))
