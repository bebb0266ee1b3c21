"""Probe, the inside: what AscendCL says before anything is loaded. Raw pyACL, since there may be no bundle yet."""

import importlib
from typing import Any, Iterator, Optional, Tuple

from .job import Job
from .rows import Device


def rows(job: Job) -> Iterator[Device]:
    """One row."""
    del job
    try:
        acl = importlib.import_module("acl")
    except ImportError as error:
        yield Device(simulated=False, lacks=str(error))
        return
    simulated = bool(getattr(acl, "SIMULATED", False))
    code = acl.init()
    if code:
        yield Device(simulated, complaint=f"acl.init failed with {code}")
        return
    yield _asked(acl, simulated)
    acl.finalize()


def _asked(acl: Any, simulated: bool) -> Device:
    soc = str(acl.get_soc_name() or "") or None
    devices, code = acl.rt.get_device_count()
    if code or not devices:
        said = f"failed with {code}" if code else "found none"
        return Device(simulated, soc=soc, devices=devices, complaint=f"acl.rt.get_device_count {said}")
    code = acl.rt.set_device(0)
    if code:
        return Device(simulated, soc=soc, devices=devices, complaint=f"acl.rt.set_device failed with {code}")
    mode, code = acl.rt.get_run_mode()
    free, total = _memory(acl.rt)
    acl.rt.reset_device(0)
    complaint = f"acl.rt.get_run_mode failed with {code}" if code else "" if soc else "acl.get_soc_name says nothing"
    return Device(simulated, None, soc, devices, None if code else mode, free, total, complaint)


def _memory(rt: Any) -> Tuple[Optional[int], Optional[int]]:
    """Free and total MB; HBM where the device has it, else DDR."""
    for kind in (1, 0):
        free, total, code = rt.get_mem_info(kind)
        if not code and total:
            return free >> 20, total >> 20
    return None, None
