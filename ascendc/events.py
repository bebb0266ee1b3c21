"""The one typed event stream of a build; progress, ``--json``, the log and the record all read it.

It is a contract with programs (docs/events.md, docs/events.schema.json): names of events and fields stay, and more
may come.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

SCHEMA = "ascendc/events/1"
"""On every line: lines of several programs may share a file."""

State = Literal["onnx-verified", "om-deferred", "om-compiled", "om-accepted on device", "om-accepted on simulator"]
"""The states of an artefact, said everywhere in these words."""


@dataclass(frozen=True)
class BuildStarted:
    """A recipe's plan is made and its steps are about to run."""

    recipe: str
    """The recipe's file, as it was named."""
    bundle: str
    """The bundle's name."""
    output: str
    """The folder to be written."""
    steps: int
    """How many steps will finish if all goes well."""


@dataclass(frozen=True)
class StepStarted:
    """A step runs: nothing in the store answers its key."""

    stage: str
    """export, fix, golden, assets, verify, judge, precision, check, forecast, compile, accept or package."""
    label: str
    """What of, for people: ``image``, ``image @ ascend310``; may be empty."""
    key: str
    """Of the entry that it will have in the store."""


@dataclass(frozen=True)
class StepSaid:
    """One line from inside a step (ATC's output, a download)."""

    stage: str
    label: str
    line: str


@dataclass(frozen=True)
class StepFinished:
    """A step has its result."""

    stage: str
    label: str
    cached: bool
    """The store had it already: no `step-started` went before."""
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
    """All that was asked and can be done here is done. The last event of its recipe."""

    recipe: str
    """The recipe's file, as it was named."""
    output: str
    """The folder that was written."""
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
    """Nothing was laid out: what the user sees as the error. The last event of the stream."""

    recipe: str
    """The recipe's file, as it was named."""
    id: str
    """The message's stable id, ``ASC`` and four digits."""
    message: str
    hint: str | None
    """What to do next, often a command."""
    log: str | None = None
    """Where the build's log lies; null if it came to none."""
    notes: tuple[str, ...] = ()
    """What the user should know besides."""


@dataclass(frozen=True)
class BuildInterrupted:
    """SIGINT, SIGTERM or SIGHUP ended the build; finished steps are kept. The last event of the stream."""

    recipe: str
    """The recipe's file, as it was named."""
    running: tuple[str, ...]
    """Stage and label of each step that ran when the signal came; the record says which of them were still finished."""
    command: str
    """Goes on from here: what the user typed, quoted for a shell."""
    log: str | None = None
    """Where the build's log lies; null if it came to none."""
    notes: tuple[str, ...] = ()
    """What the user should know besides."""


Event = BuildStarted | StepStarted | StepSaid | StepFinished | BuildFinished | BuildFailed | BuildInterrupted
Listener = Callable[[Event], None]


def as_json(event: Event) -> dict[str, Any]:
    """The event as one flat JSON object; `event` holds its kind (``step-started``)."""
    return {"schema": SCHEMA, "event": _kind(type(event)), **asdict(event)}


def schema() -> dict[str, Any]:
    """The JSON Schema of one line."""
    from ascendc.contract import DIALECT, schema_of

    lines = [schema_of(cls, schema=SCHEMA, event=_kind(cls)) for cls in get_args(Event)]
    return {"$schema": DIALECT, "title": f"A line of `ascendc build --json` ({SCHEMA})", "oneOf": lines}


def schema_text() -> str:
    """`schema` as docs/events.schema.json holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _kind(cls: type) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("-")
