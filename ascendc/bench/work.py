"""What the measuring process is asked for, and what it answers: values that cross a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.bench.clock import LoadRun, WarmUp
    from ascendc.bench.configuration import Configuration
    from ascendc.bench.feeds import Arrays, Given, Half
    from ascendc.bench.footprint import Footprint


FEWEST = 10
"""Runs that a round needs to say anything."""


@dataclass(frozen=True)
class Protocol:
    """How it is measured."""

    batches: tuple[int, ...]
    runs: int
    """Timed, over all rounds."""
    warmup: int
    """At least, in each round."""
    clients: tuple[int, ...]
    rounds: int = 1
    """Processes that share the runs."""
    client_processes: bool = False
    """Whether clients are processes, each with a session of its own; else threads that share one."""

    @property
    def effective_rounds(self) -> int:
        """No round has less than `FEWEST` runs, if there are so many."""
        return max(1, min(self.rounds, self.runs // FEWEST))

    @property
    def runs_a_round(self) -> int:
        """Rounded up."""
        return -(-self.runs // self.effective_rounds)


@dataclass(frozen=True)
class Wanted:
    """A part of the model, on one engine."""

    part: str
    model: Path
    """A recipe, for PyTorch; else the ONNX or OM."""
    golden: Arrays
    """Inputs, samples first, as this engine takes them."""


@dataclass(frozen=True)
class Request:
    """One part on one configuration, or several together."""

    configuration: Configuration
    parts: tuple[Wanted, ...]
    overrides: tuple[str, ...]
    """Of the recipe."""
    protocol: Protocol
    half: Half
    given: Given
    started: float
    """`time.monotonic` when the process was started."""
    client: int | None = None
    """The process is one of several clients, with batches of this size; None: it measures."""


@dataclass(frozen=True)
class ColdStart:
    """From nothing to the first answer, in a fresh process; files may have been in the page cache."""

    origin: Literal["measured"]
    process_s: float
    """Starting Python and importing the engine."""
    open_s: float
    """Opening the session: weights are read and, on an NPU or a GPU, go to the device."""
    first_run_ms: float
    """The first run, of the first batch."""


@dataclass(frozen=True)
class Opened:
    """The session is open, and has answered once."""

    engine: str
    simulated: bool
    inputs: Literal["given", "golden"]
    cold_start: ColdStart


@dataclass(frozen=True)
class Timed:
    """The figures of a batch size; none of the simulated device."""

    warm_up: WarmUp
    latency_ms: tuple[float, ...]
    compute_ms: tuple[float, ...]
    """Empty: the engine cannot tell copies from computing."""
    whole_ms: tuple[float, ...]
    """Empty: the part is not made from what was given."""
    loads: tuple[LoadRun, ...]
    memory: Footprint


@dataclass(frozen=True)
class Done:
    """A batch size is done."""

    batch: int
    timed: Timed | None
    answers: dict[str, Arrays]
    """Outputs on all golden inputs, by part."""


@dataclass(frozen=True)
class Undone:
    """A batch size, or with None all of them, that could not be run, and why."""

    batch: int | None
    state: Literal["unavailable", "failed"]
    reason: str


@dataclass(frozen=True)
class WrongInput:
    """What the user gave cannot be taken."""

    message: str


Answer = Opened | Done | Undone | WrongInput
