"""What this machine has of what ascendc can use: found, missing or broken, and the fix."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ascendc import devices
from ascendc.errors import EnvironmentLacksError
from ascendc.machine import memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

State = Literal["found", "missing", "broken"]

LOW_DISK = 5 << 30
"""Bytes: a build of a large model keeps some gigabytes in the store."""

LOW_MEMORY = 4 << 30
"""Bytes: exporting a large model, or one ATC with its compiler processes, takes this much."""

_TIMEOUT = 120.0
"""Seconds for one question to a child process: a first import of torch can be slow."""

_IMPORT = """
import importlib, sys
module = importlib.import_module(sys.argv[1])
print("version", getattr(module, "__version__", "unknown"))
"""

_NPU = """
from ascendc import devices
from ascendc.errors import EnvironmentLacksError
print("reason", devices.why_not("npu") or "")
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for."""

    name: str
    state: State
    detail: str
    """Version and place, or what is wrong."""
    fix: str = ""
    """A command or a step that mends it; empty where nothing has to be mended."""


def examine(root: Path = Path("/")) -> tuple[Finding, ...]:
    """Look for everything; nothing that is broken stops the rest.

    Args:
        root: where ``/dev``, ``/proc``, ``/sys`` and ``/usr/local/Ascend`` are.
    """
    checks: tuple[tuple[str, Callable[[], tuple[Finding, ...]]], ...] = (
        ("python", _python),
        *((name, partial(_package, name)) for name in ("torch", "transformers", "onnxruntime")),
        ("torch_npu", _torch_npu),
        ("CANN", _cann),
        ("driver", partial(_driver, root)),
        ("npu-smi", _npu_smi),
        ("docker", _docker),
        ("disk", _disks),
        ("memory", partial(_memory, root)),
    )
    with ThreadPoolExecutor(max_workers=2) as pool:
        return tuple(finding for found in pool.map(lambda check: _safely(*check), checks) for finding in found)


def _safely(name: str, check: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - what is examined may be broken in any way, and the rest must be told
        return (Finding(name, "broken", f"the check itself failed: {type(error).__name__}: {error}"),)


def _ask(argv: Sequence[str]) -> tuple[int, str, str]:
    """Exit status, output and last line of a child; the status is that of ``timeout`` (124) if it hangs."""
    try:
        done = subprocess.run(
            argv,
            cwd="/",  # where no file shadows a module
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, "", f"no answer within {_TIMEOUT:.0f} s"
    output = done.stdout.decode(errors="replace")
    last = output.strip().rpartition("\n")[2]
    if done.returncode < 0:
        last = f"died by signal {-done.returncode}" + (f" after saying: {last}" if last else "")
    return done.returncode, output, last or f"exit status {done.returncode}"


def _python() -> tuple[Finding, ...]:
    return (Finding("python", "found", f"{sys.version.split()[0]} ({sys.executable})"),)


def _package(name: str) -> tuple[Finding, ...]:
    """Imported in a child: a broken library may end its process."""
    if find_spec(name) is None:
        return (Finding(name, "missing", "not installed", f"pip install {name}"),)
    devices.forbid_autoload()
    status, output, last = _ask([sys.executable, "-c", _IMPORT, name])
    if status:
        return (Finding(name, "broken", last, f"pip install --force-reinstall {name}"),)
    version = re.findall(r"^version (.*)$", output, re.MULTILINE)[-1]
    return (Finding(name, "found", version),)


def _torch_npu() -> tuple[Finding, ...]:
    there = find_spec("torch_npu") is not None
    reason = devices.unserved()
    if reason is None and not there:
        return (Finding("torch_npu", "missing", "not installed", "pip install 'ascendc[npu]'"),)
    if reason is None:
        status, output, last = _ask([sys.executable, "-c", _NPU])
        reason = last if status else re.findall(r"^reason (.*)$", output, re.MULTILINE)[-1]
    if not reason:
        return (Finding("torch_npu", "found", "works, and finds a device"),)
    detail, _, fix = reason.removesuffix(")").rpartition(" (") if reason.endswith(")") else (reason, "", "")
    return (Finding("torch_npu", "broken" if there else "missing", detail, fix),)


def _cann() -> tuple[Finding, ...]:
    """CANN, its ATC, and the Python that ATC would load, as a compilation would find them."""
    from ascendc.sim.tree import is_planted
    from ascendc.toolchain import install

    found = install.find()
    simulated = " (simulated)" if found.home and is_planted(found.home) else ""
    names = ("CANN", "ATC", "ATC's Python")
    cann, atc = f"{found.cann or 'unknown version'}{simulated} ({found.home})", f"{found.atc}{simulated}"
    details = (cann, atc, found.python)
    reached = (found.home, found.atc, found.python and not found.lacks)
    findings = []
    for i, name in enumerate(names):
        if reached[i]:
            findings.append(Finding(name, "found", details[i]))
        elif i == 0 or reached[i - 1]:
            # The search ended here. Something of it was there, so it is broken, unless it is the first step.
            state: State = "missing" if name == "ATC" or not found.set_env else "broken"
            findings.append(Finding(name, state, found.lacks, found.hint))
        else:
            findings.append(Finding(name, "missing", f"no {names[i - 1]}"))
    return tuple(findings)


def _driver(root: Path) -> tuple[Finding, ...]:
    nodes = sorted((root / "dev").glob("davinci[0-9]*"))
    info = root / "usr/local/Ascend/driver/version.info"
    version = re.search(r"^Version=(.*)$", info.read_text(), re.MULTILINE) if info.is_file() else None
    if not nodes and not info.is_file():
        fix = "install Ascend driver and firmware; only a machine that runs OMs needs them"
        return (Finding("driver", "missing", "no /dev/davinci*, nothing in /usr/local/Ascend/driver", fix),)
    named = version[1] if version else "unknown version"
    if not nodes:
        return (Finding("driver", "broken", f"{named}, yet there is no /dev/davinci*", "npu-smi info; then dmesg"),)
    closed = [node.name for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if closed:
        detail = f"{named}, but this user may not open /dev/{closed[0]}"
        return (Finding("driver", "broken", detail, "sudo usermod -a -G HwHiAiUser $USER; then log in again"),)
    return (Finding("driver", "found", f"{named}, {', '.join(node.name for node in nodes)}"),)


def _npu_smi() -> tuple[Finding, ...]:
    path = shutil.which("npu-smi")
    if path is None:
        return (Finding("npu-smi", "missing", "not on PATH", "it comes with the Ascend driver"),)
    status, output, last = _ask([path, "info"])
    if status:
        return (Finding("npu-smi", "broken", last, "npu-smi info"),)
    return (Finding("npu-smi", "found", f"{path} (simulated)" if "npu-smi simulated" in output else path),)


def _docker() -> tuple[Finding, ...]:
    path = shutil.which("docker")
    if path is None:
        fix = "install a docker engine; only `toolchain: docker` needs it"
        return (Finding("docker", "missing", "not on PATH", fix),)
    status, output, last = _ask([path, "version", "--format", "{{.Server.Version}}"])
    if status:
        denied = "permission denied" in last.lower()
        fix = "sudo usermod -a -G docker $USER; then log in again" if denied else "sudo systemctl start docker"
        return (Finding("docker", "broken", last, fix),)
    return (Finding("docker", "found", f"{output.strip()} ({path})"),)


def _disks() -> tuple[Finding, ...]:
    from ascendc.store import Store

    name = "disk of the store"
    try:
        store = _disk(name, Store().root, "export ASCENDC_CACHE=/folder/with/room")
    except EnvironmentLacksError as error:
        store = Finding(name, "broken", error.message, error.hint or "")
    return store, _disk("disk of this folder", Path.cwd(), "build elsewhere: ascendc build -o /folder/with/room")


def _disk(name: str, folder: Path, fix: str) -> Finding:
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return Finding(name, "broken", f"{folder} cannot be written", fix)
    if free < LOW_DISK:
        return Finding(name, "broken", f"only {_gib(free)} free in {folder}; {_gib(LOW_DISK)} should be", fix)
    return Finding(name, "found", f"{_gib(free)} free in {folder}")


def _memory(root: Path) -> tuple[Finding, ...]:
    have = memory(root)
    if have is None:
        return (Finding("memory", "missing", "this system does not say"),)
    whose = " (limit of this control group)" if have.limited else ""
    detail = f"{_gib(have.available)} available of {_gib(have.total)}{whose}"
    if have.available < LOW_MEMORY:
        fix = "export TE_PARALLEL_COMPILER=1 before compiling, and build one step at a time (--jobs 1)"
        return (Finding("memory", "broken", f"only {detail}; {_gib(LOW_MEMORY)} should be", fix),)
    return (Finding("memory", "found", detail),)


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"
