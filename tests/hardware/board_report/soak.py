"""Soak, short: thousands of runs over all gears leave memory as it was, and a closed session leaves no handle."""

import gc
import os
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from ascendc.runtime import Session, SessionError
from ascendc.runtime.acl import Device, acl
from ascendc.runtime.om import OmSession

from .bare import using
from .job import Job, feeds, opened
from .ledger import Ledger
from .rows import Soak

HOST_LIMIT_KB = 8 << 10
DEVICE_LIMIT_KB = 64 << 10
"""Wider: others use the device too, and a board has one memory for all."""


class Growth(NamedTuple):
    """In kB, from a tenth of the runs to the end."""

    host: int
    device: Optional[int]


def rows(job: Job) -> Iterator[Soak]:
    """One row for each part."""
    bundle, artefacts = opened(job)
    api = acl()
    module = api.module
    for artefact in artefacts:
        ledger = api.module = Ledger(module)
        path, growth, failure = str(bundle.folder / artefact.om), Growth(0, None), ""
        try:
            with using(api) as device, OmSession(path) as session:
                given = [feeds(bundle, artefact, batch) for batch in session.batch_sizes or artefact.batch]
                growth = _run(session, device, given, job.soak_runs)
        except SessionError as error:
            failure = f"{artefact.part}: {error}"
        api.module = module
        complaint = failure or _complaint(artefact.part, growth, ledger.live)
        yield Soak(artefact.part, 0 if failure else job.soak_runs, growth.host, growth.device, ledger.live, complaint)


def _run(session: Session, device: Device, given: List[Dict[str, np.ndarray]], runs: int) -> Growth:
    start = _memory(device)
    for number in range(runs):
        if number == runs // 10:
            start = _memory(device)
        session.run(given[number % len(given)])
    end = _memory(device)
    return Growth(end[0] - start[0], None if start[1] is None or end[1] is None else start[1] - end[1])


def _memory(device: Device) -> Tuple[int, Optional[int]]:
    """In kB: resident on the host; free on the device, None where AscendCL does not say."""
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * (os.sysconf("SC_PAGE_SIZE") // 1024)
    device.enter()
    free, total = device.memory()
    return resident, free // 1024 if total else None


def _complaint(part: str, growth: Growth, live: Tuple[str, ...]) -> str:
    if live:
        return f"{part}: after the session was closed there is still {', '.join(live)}"
    if growth.host > HOST_LIMIT_KB:
        return f"{part}: the process grew by {growth.host} kB; allowed: {HOST_LIMIT_KB}"
    if growth.device is not None and growth.device > DEVICE_LIMIT_KB:
        return f"{part}: memory of the device in use grew by {growth.device} kB; allowed: {DEVICE_LIMIT_KB}"
    return ""
