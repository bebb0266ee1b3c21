"""Where figures were measured: without it no figure can be compared with another."""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ascendc import machine
from ascendc.toolchain import install

PACKAGES = (
    "ascendc",
    "numpy",
    "onnxruntime",
    "onnxruntime-cann",
    "onnxruntime-gpu",
    "torch",
    "torch_npu",
    "transformers",
)
"""Whose versions may explain a figure."""

_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")

_DRIVER = Path("/usr/local/Ascend/driver/version.info")


@dataclass(frozen=True)
class Machine:
    """Results of different machines are not compared unless that is asked for. No name, no serial number."""

    cpu: str
    cores: int
    """That this process may use: a control group may allow fewer than there are."""
    memory: int | None
    """Bytes, likewise; null where the system does not say."""
    system: str
    """``Linux x86_64``."""


@dataclass(frozen=True)
class Setting:
    """What may change on one machine."""

    started: str
    """UTC, ISO 8601."""
    python: str
    kernel: str
    versions: dict[str, str]
    """Of the packages that are installed."""
    cann: str | None
    """Version of the CANN that is found here; null: there is none."""
    driver: str | None
    """Of the Ascend driver; null: there is none."""
    governor: str | None
    """Of the first core's frequency; null where the system does not say, as in most virtual machines."""
    threads: str | None
    """OMP_NUM_THREADS, if it is set; engines else take all cores."""
    load_before: float | None
    """Processes that wanted a core, over the last minute before: near 0 on a quiet machine."""
    load_after: float | None
    """The same at the end; the benchmark itself is in it. Null: it had not ended."""


def this_machine() -> Machine:
    """The machine that this runs on."""
    there = machine.memory()
    system = f"{platform.system()} {platform.machine()}"
    return Machine(_cpu(), machine.cores(), there.total if there else None, system)


def now() -> Setting:
    """The setting when the benchmark begins."""
    return Setting(
        started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        python=platform.python_version(),
        kernel=platform.release(),
        versions={name: version for name in PACKAGES if (version := _version(name))},
        cann=install.find().cann or None,
        driver=_driver(),
        governor=_read(_GOVERNOR),
        threads=os.environ.get("OMP_NUM_THREADS"),
        load_before=load(),
        load_after=None,
    )


def load() -> float | None:
    """Load average of the last minute."""
    with suppress(OSError):
        return os.getloadavg()[0]
    return None


def _cpu() -> str:
    for line in (_read(Path("/proc/cpuinfo")) or "").splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model"):  # boards write Model: that of the board
            return value.strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _driver() -> str | None:
    lines = (_read(_DRIVER) or "").splitlines()
    return next((line.partition("=")[2] for line in lines if line.startswith("Version=")), None)


def _read(path: Path) -> str | None:
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    return None
