"""The one typed event stream of a build; progress, ``--json`` and logs all read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["onnx-verified", "om-deferred", "om-compiled", "om-accepted on device", "om-accepted on simulator"]
"""The states of an artefact, said everywhere in these words."""


@dataclass(frozen=True)
class BuildStarted:
    """A recipe's plan is made and its steps are about to run."""

    recipe: str
    steps: int


@dataclass(frozen=True)
class StepStarted:
    """A step runs: nothing in the store answers its key."""

    stage: str
    label: str


@dataclass(frozen=True)
class StepSaid:
    """One line from inside a step (ATC's output, a download)."""

    stage: str
    label: str
    line: str


@dataclass(frozen=True)
class StepFinished:
    """A step has its result; `cached` if the store had it already."""

    stage: str
    label: str
    cached: bool
    seconds: float
    summary: str = ""
    """What the result says of itself in a few words."""
    key: str = ""
    """Of its entry in the store."""


@dataclass(frozen=True)
class Row:
    """One artefact, for the table at the end."""

    part: str
    target: str
    state: State
    batch: str
    bytes: int
    """Of the OM, or of the ONNX graph while the OM is deferred."""
    error: float
    """Largest error of the ONNX graph, relative to the distance between samples."""
    seconds: float
    """Spent on this artefact's own steps in this build; 0 if all were in the store."""


@dataclass(frozen=True)
class BuildFinished:
    """All that was asked and can be done here is done."""

    recipe: str
    output: str | None
    changed: bool
    """False: every step was in the store and the output directory was already as it should be."""
    seconds: float
    artefacts: tuple[Row, ...] = ()
    verdicts: tuple[str, ...] = ()
    """The plugin's task verdicts."""
    notes: tuple[str, ...] = ()
    """What the user should know."""
    deferred: tuple[str, ...] = ()
    """Why OMs were not compiled here."""


@dataclass(frozen=True)
class BuildFailed:
    """Nothing was laid out: what the user sees as the error."""

    recipe: str
    id: str
    message: str
    hint: str | None


Event = BuildStarted | StepStarted | StepSaid | StepFinished | BuildFinished | BuildFailed
Listener = Callable[[Event], None]


def as_json(event: Event) -> dict[str, Any]:
    """The event as one flat JSON object; `event` holds its kind (``step-started``)."""
    name = type(event).__name__
    kind = "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")
    return {"event": kind, **asdict(event)}
