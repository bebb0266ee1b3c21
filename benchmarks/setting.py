"""Where and with what figures were measured."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Figures of different machines are never put side by side."""

    cpu: str
    cores: int
    memory: int
    """Bytes."""
    system: str
    python: str

    @classmethod
    def this(cls) -> Machine:
        """The one that this runs on."""
        names = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
        cpu = next((value.strip() for key, _, value in names if key.strip() == "model name"), platform.machine())
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        system = f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {platform.system()} {platform.release()}"
        return cls(cpu, os.cpu_count() or 1, memory, system, platform.python_version())

    def __str__(self) -> str:
        """One line."""
        size = f"{self.memory / 1e9:.1f} GB of memory"
        return f"{self.cpu}, {self.cores} cores, {size}, {self.system}, Python {self.python}"


@dataclass(frozen=True)
class Setting:
    """What must be known to measure the same again."""

    machine: Machine
    date: str
    commit: str
    """Of ascendc; ends with ``-dirty`` if it was measured with changes that no commit holds."""
    load: float
    """Processes that wanted a core, on average over the last minute before: 0 on a quiet machine."""
    versions: dict[str, dict[str, str]]
    """Tool → package → version, each in its own environment."""

    @classmethod
    def now(cls, versions: dict[str, dict[str, str]]) -> Setting:
        """Of what is measured now."""
        describe = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
        done = subprocess.run(describe, capture_output=True, text=True, check=False)
        return cls(
            Machine.this(), time.strftime("%Y-%m-%d"), done.stdout.strip() or "no commit", os.getloadavg()[0], versions
        )

    def __str__(self) -> str:
        """When, of what and how undisturbed."""
        return f"{self.date}, ascendc at {self.commit}, load average before {self.load:.1f}"
