"""Probe: chip, driver, CANN, Python, memory, run mode. A fact that cannot be read is named with the reason."""

import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy

from . import isolate
from .job import CLONE, Job, load
from .report import PASSED, Machine, Step
from .rows import Device

SCRIPT = CLONE / "ascendc" / "probe" / "probe_board.py"
"""What `ascendc probe` sends to a board: one list of where CANN, driver and memory are told."""


class Probed(NamedTuple):
    """What the step found."""

    step: Step
    device: Device
    machine: Machine


def probe(work: Path, limit: int) -> Probed:
    """Ask AscendCL, and the system."""
    done = isolate.isolated("probe", Device, Job("", "", 0, 0), work, limit)
    device = done.rows[0] if done.rows else Device(simulated=False)
    facts, missing = _system(limit)
    for name in ("npu_smi", "acl", "devices", "disk_free_mb"):  # AscendCL said it, or it is nobody's business
        missing.pop(name, None)
    if device.lacks:
        missing["acl"] = device.lacks
    machine = Machine(
        soc=device.soc,
        devices=device.devices,
        run_mode=device.run_mode,
        device_free_mb=device.memory_free_mb,
        device_total_mb=device.memory_total_mb,
        driver=facts.get("driver"),
        cann=tuple(facts.get("cann", ())),
        python=platform.python_version(),
        numpy=numpy.__version__,
        arch=platform.machine(),
        glibc=facts.get("glibc"),
        memory_mb=facts.get("memory_mb"),
        missing=missing,
    )
    return Probed(done.step, device, machine)


def lacks(device: Device) -> str:
    """Why no OM can run here, with the next command; empty: it can be tried."""
    if not device.lacks:
        return ""
    scripts = [path for path in _set_envs() if path.is_file()]
    hint = (
        f"source {scripts[0]}" if scripts else "install CANN (its runtime, nnrt, is enough) and source its set_env.sh"
    )
    return f"Python cannot load AscendCL ({device.lacks}): {hint}, then run again"


def _set_envs() -> List[Path]:
    roots = load("probe_board", SCRIPT).roots()
    return [folder / "set_env.sh" for root in map(Path, roots) for folder in (root, root.parent)]


def _system(limit: int) -> Tuple[Dict[str, Any], Dict[str, str]]:
    try:
        done = subprocess.run(
            [sys.executable, str(SCRIPT)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return {}, {"system": f"{SCRIPT.name} did not end in {limit} s"}
    mark = "ascendc-probe:"
    lines = [line for line in done.stdout.decode("utf-8", "replace").splitlines() if line.startswith(mark)]
    if not lines:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["nothing said"]
        return {}, {"system": f"{SCRIPT.name} exited {done.returncode}: {words[-1]}"}
    answer = json.loads(lines[-1][len(mark) :])
    return answer["facts"], answer["missing"]


def summary(probed: Probed) -> str:
    """One line."""
    machine = probed.machine
    said = [f"{machine.soc or 'unknown chip'} × {machine.devices or 0}", f"driver {machine.driver or 'unknown'}"]
    said += ["CANN " + (machine.cann[0] if machine.cann else "unknown"), f"Python {machine.python}"]
    if probed.device.lacks:
        return f"no AscendCL, Python {machine.python}"
    return ", ".join(said) if probed.step.verdict == PASSED else probed.step.reason
