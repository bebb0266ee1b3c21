"""What a step's process hands over: flat rows, so that each is one line of JSON. An empty `complaint`: all is well."""

from dataclasses import dataclass
from typing import Optional, Tuple


@dataclass(frozen=True)
class Device:
    """What AscendCL says of the device."""

    simulated: bool
    """Whether this is ascendc's simulator, and no device."""
    lacks: Optional[str] = None
    """Why Python cannot load AscendCL (`acl`); null: it can."""
    soc: Optional[str] = None
    """The exact name of the chip."""
    devices: Optional[int] = None
    run_mode: Optional[int] = None
    """0: programs run on the board itself; 1: on a host with a card."""
    memory_free_mb: Optional[int] = None
    memory_total_mb: Optional[int] = None
    """Of the device."""
    complaint: str = ""


@dataclass(frozen=True)
class Target:
    """One part of a bundle for one of its targets; not in the report."""

    name: str = ""
    """Of the bundle."""
    created_by: str = ""
    source: str = ""
    """Plugin and model."""
    target: str = ""
    soc: str = ""
    om: str = ""
    """Where it is, or will be, in the bundle."""
    complaint: str = ""


@dataclass(frozen=True)
class Om:
    """An OM, as its file and AscendCL describe it."""

    part: str
    path: str
    """In the bundle."""
    sha256: str
    size: int
    """Bytes."""
    soc: Optional[str] = None
    """The chip that the file names; null: it names none, as files from before CANN 5.0.4."""
    atc_version: Optional[str] = None
    simulated: bool = False
    """Whether the simulated ATC made it."""
    inputs: Tuple[str, ...] = ()
    outputs: Tuple[str, ...] = ()
    """By AscendCL: name, type and shape."""
    gears: Tuple[int, ...] = ()
    """Batch sizes that were compiled in; none: the shapes say it."""
    reader: str = ""
    """Whether `ascendc inspect` reads the same out of the file's bytes; if not, that is no failure of the board."""
    complaint: str = ""


@dataclass(frozen=True)
class Golden:
    """An OM's answers against the original model's."""

    part: str
    engine: str
    error: Optional[float]
    """Worst sample, relative to the median distance between samples; null: no figure."""
    limit: float
    complaint: str = ""


@dataclass(frozen=True)
class Check:
    """One rule of the contract of sessions, on one part."""

    part: str
    check: str
    complaint: str = ""


@dataclass(frozen=True)
class Timing:
    """Bare AscendCL against OmSession, run in turn. Milliseconds; null on the simulator, where they mean nothing."""

    part: str
    batch: Optional[int]
    """Rows of a run; null: the inputs have no batch axis in common."""
    runs: int
    """Of each."""
    execute_median_ms: Optional[float] = None
    execute_p95_ms: Optional[float] = None
    """``acl.mdl.execute`` alone."""
    bare_median_ms: Optional[float] = None
    bare_p95_ms: Optional[float] = None
    """Copies to the device, execute, copies back."""
    session_median_ms: Optional[float] = None
    session_p95_ms: Optional[float] = None
    """`OmSession.run`, which does the same, checks its inputs and gives new arrays."""
    overhead_median_ms: Optional[float] = None
    """Median over the pairs of session minus bare."""
    complaint: str = ""


@dataclass(frozen=True)
class Soak:
    """Many runs over all gears: what they leave."""

    part: str
    runs: int
    host_growth_kb: int
    """Resident memory of the process, from a tenth of the runs to the end."""
    device_growth_kb: Optional[int]
    """Memory of the device in use, likewise; null: AscendCL does not say. On a board it is the whole board's."""
    live: Tuple[str, ...]
    """Handles that were not given back when the session was closed."""
    complaint: str = ""
