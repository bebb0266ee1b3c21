"""What a comparison found, and how it is written (docs/compare.schema.json)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from ascendc.contract import DIALECT, schema_of

SCHEMA = "ascendc/compare/1"

Kind = Literal["pytorch", "onnx", "om", "bundle", "saved", "dumps"]


@dataclass(frozen=True)
class Place:
    """One value of an output."""

    sample: int
    index: tuple[int, ...]
    """Within the sample."""
    reference: float | None
    """Null: NaN or infinity, or there is none."""
    candidate: float | None


@dataclass(frozen=True)
class Refusal:
    """Why there are no figures."""

    reason: Literal["missing", "shape", "dtype", "not finite"]
    text: str
    place: Place | None
    """The first value that is not finite; null where that is not the reason."""
    count: int
    """Values that are not finite; 0 where that is not the reason."""


@dataclass(frozen=True)
class Figures:
    """How far a tensor is from its reference."""

    samples: int
    error: float | None
    """The one that is judged: the largest L2 error of a sample, over the median L2 distance between two samples of the
    reference; of integers and truth values, the share that differs. Null: infinite."""
    worst_sample: int
    """Which has it."""
    cosine_min: float
    cosine_median: float
    relative_l2: float | None
    """The largest L2 error of a sample over the norm of its reference. Null: infinite."""
    max_abs: float
    where: Place
    """Of `max_abs`."""
    top1: float | None
    """Share of samples whose largest value along the last axis is at the same index. Null: it has one axis or one
    value."""
    top5: float | None
    """Mean share of the five largest values that are the same. Null: there are no more than five."""
    neighbours: float | None
    """Share of samples whose nearest other sample is the same. Null: fewer than three samples, or too large."""


@dataclass(frozen=True)
class Output:
    """One output, candidate against reference."""

    part: str
    """Empty: the graph is the only one, and has no name."""
    name: str
    other: str
    """Its name on the candidate's side; empty: there is none."""
    ok: bool
    limit: float
    refused: Refusal | None
    figures: Figures | None
    note: str
    """What to mind: it was matched by place, or has another width."""


@dataclass(frozen=True)
class Answered:
    """What one side answered with, of one part."""

    part: str
    engine: str
    """``onnxruntime 1.26.0 CPUExecutionProvider``; or where the answers were kept."""
    simulated: bool
    allowed: float
    """What answers of this kind may be off."""


@dataclass(frozen=True)
class SideInfo:
    """One side."""

    kind: Kind
    name: str
    """The path, as it was given."""
    answered: tuple[Answered, ...]


@dataclass(frozen=True)
class Task:
    """The plugin's verdict."""

    plugin: str
    ok: bool
    summary: str
    figures: dict[str, float]


@dataclass(frozen=True)
class Layer:
    """A tensor that both sides have, in the order of the graph."""

    tensor: str
    op: str
    node: str
    other: str
    """Where the other side has it: a tensor, a module, a dump file."""
    ok: bool
    refused: str
    """Why there is no error; empty: there is one."""
    error: float | None
    """As an output's. Null: infinite, or refused."""
    cosine_min: float | None
    max_abs: float | None


@dataclass(frozen=True)
class Layers:
    """Layer by layer, of one part."""

    part: str
    matched: int
    total: int
    """Tensors that nodes of the reference's graph make; constants are not counted."""
    unmatched: tuple[str, ...]
    """Those without a counterpart, in the order of the graph."""
    samples: int
    limit: float
    simulated: bool
    """Whether values come from the simulated device."""
    first: str | None
    """The first tensor beyond the limit; null: none is."""
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Verdict:
    """All of it."""

    ok: bool
    reference: SideInfo
    candidate: SideInfo
    samples: str
    """Where the inputs are from, in words."""
    outputs: tuple[Output, ...]
    task: Task | None
    """Null: no recipe or bundle names a plugin, or outputs are refused."""
    layers: tuple[Layers, ...]
    """Empty: nobody asked."""
    notes: tuple[str, ...]


def to_json(verdict: Verdict) -> str:
    """The document, on one line."""
    return json.dumps({"schema": SCHEMA, **asdict(verdict)}, ensure_ascii=False, allow_nan=False)


def schema_text() -> str:
    """The schema of the document, as docs/compare.schema.json holds it."""
    schema = {"$schema": DIALECT, "title": "ascendc compare --json", **schema_of(Verdict, schema=SCHEMA)}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
