"""The report: what is written to hardware-report.json. Its schema is docs/hardware-report.schema.json."""

from dataclasses import dataclass
from typing import Dict, Optional, Tuple

from .rows import Check, Golden, Om, Soak, Timing

SCHEMA = "ascendc/hardware/1"
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True)
class Machine:
    """What this machine is and has; null is what could not be read, and `missing` says why."""

    soc: Optional[str]
    devices: Optional[int]
    run_mode: Optional[int]
    """0: programs run on the board itself; 1: on a host with a card."""
    device_free_mb: Optional[int]
    device_total_mb: Optional[int]
    driver: Optional[str]
    cann: Tuple[str, ...]
    """Versions of what is installed, the running one first."""
    python: str
    numpy: str
    arch: str
    glibc: Optional[str]
    memory_mb: Optional[int]
    missing: Dict[str, str]
    """Fact: why it could not be read."""


@dataclass(frozen=True)
class BundleFacts:
    """The bundle whose OMs were tried."""

    name: str
    created_by: str
    source: str
    """Plugin and model."""
    target: str
    soc: str
    """Of the target."""
    manifest_sha256: str


@dataclass(frozen=True)
class Step:
    """One step, and how it ended."""

    name: str
    verdict: str
    """``passed``, ``failed`` or ``skipped``."""
    reason: str = ""
    """Why it failed or was skipped, in the words of what failed."""
    log: str = ""
    """The end of what it printed and of its plog, where it failed."""


@dataclass(frozen=True)
class Report:
    """What one board did with one bundle. Names, addresses and serial numbers are taken out."""

    ascendc: str
    """Version of the clone that ran."""
    commit: Optional[str]
    simulated: bool
    """True: no hardware was involved, and this says nothing about any."""
    machine: Machine
    bundle: Optional[BundleFacts]
    steps: Tuple[Step, ...]
    oms: Tuple[Om, ...]
    golden: Tuple[Golden, ...]
    conformance: Tuple[Check, ...]
    benchmark: Tuple[Timing, ...]
    soak: Tuple[Soak, ...]
