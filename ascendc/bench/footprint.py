"""The memory that a case took: of a device as torch's allocator counts it, and the process's peak."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.bench.distribution import Origin

if TYPE_CHECKING:
    from ascendc.torch_device import DeviceMemory

_SELF = Path("/proc/self")

_RESET_PEAK = "5"
"""What resets VmHWM when it is written to clear_refs (Linux, proc(5))."""


@dataclass(frozen=True)
class Footprint:
    """Bytes. Only torch on an NPU or a GPU keeps account of device memory; the other figures are null, not 0."""

    origin: Origin
    allocated: int | None
    """On the device in tensors, after the runs."""
    reserved: int | None
    """Taken from the device by torch's allocator."""
    peak: int | None
    """The most that was in tensors during the case."""
    process_peak: int
    """The most that was resident of the process (RSS), with Python, libraries and weights."""
    process_peak_of_case: bool
    """Whether `process_peak` is this case's own; False: of the process so far, since the system could not reset it."""


def reset_peak() -> bool:
    """Let the process's peak begin anew; False where the system cannot."""
    with suppress(OSError):
        (_SELF / "clear_refs").write_text(_RESET_PEAK)
        return True
    return False


def footprint(device: DeviceMemory | None, *, was_reset: bool) -> Footprint:
    """What there is to say after a case.

    Args:
        device: what the session says of its device.
        was_reset: whether `reset_peak` worked when the case began.
    """
    return Footprint(
        origin="measured",
        allocated=device.allocated if device else None,
        reserved=device.reserved if device else None,
        peak=device.peak if device else None,
        process_peak=_process_peak(),
        process_peak_of_case=was_reset,
    )


def _process_peak() -> int:
    with suppress(OSError, StopIteration):
        lines = (_SELF / "status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if os.uname().sysname == "Darwin" else most << 10  # macOS counts bytes, others KiB
