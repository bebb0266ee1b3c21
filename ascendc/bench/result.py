"""What a benchmark found: rows, the setting, and how it is written (docs/bench.schema.json)."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ascendc.bench.clock import Load, WarmUp
from ascendc.bench.configuration import Runtime
from ascendc.bench.distribution import Distribution
from ascendc.bench.footprint import Footprint
from ascendc.bench.gears import Scaling
from ascendc.bench.roofline import Roofline
from ascendc.bench.setting import Machine, Setting
from ascendc.bench.work import ColdStart
from ascendc.contract import DIALECT, schema_of
from ascendc.errors import UsageError

SCHEMA = "ascendc/bench/1"

State = Literal["measured", "refused", "simulated", "unavailable", "failed"]
"""`refused`: it was measured, and its answers are wrong. `simulated`: it ran on the simulated device, so there are no
figures. `unavailable`: this machine, or the bundle, has not what it takes. `failed`: the engine gave up."""


@dataclass(frozen=True)
class Validation:
    """What the same session answered, in batches of the same size, on the golden inputs."""

    samples: int
    error: float | None
    """Worst sample of the worst output, relative to the median distance between samples; null: no figure."""
    limit: float
    complaint: str
    """Why there is no figure; else empty."""
    ok: bool


@dataclass(frozen=True)
class Case:
    """A row: one part, or all together, run by one configuration, in one batch size."""

    runtime: Runtime
    device: Literal["npu", "cuda", "cpu"]
    precision: str
    """What it computes in: of PyTorch as asked for, else what the file says (`mixed`, `origin` are OMs built so)."""
    target: str
    """Of the bundle; empty for PyTorch."""
    part: str
    """Or all parts together, as one question needs them: ``image+text``."""
    batch: int
    """Items in one run; of parts together, how many are asked about."""
    state: State
    reason: str
    """Why there are no figures, or why they are refused; else empty."""
    origin: Literal["measured", "simulated"] | None
    """What ran: a real engine, the simulated device, or nothing."""
    engine: str
    """As the session says it: ``onnxruntime 1.26.0 CPUExecutionProvider``; empty if none was opened."""
    inputs: Literal["given", "golden"] | None
    """Whether runs were on what the user gave, or on golden inputs; null: nothing ran."""
    latency: Distribution | None
    """Of `session.run`: arrays of the host in, arrays of the host out, so with copies."""
    compute: Distribution | None
    """Without copies: inputs on the device, outputs left there. Null: the engine cannot tell."""
    whole: Distribution | None
    """With preprocessing too, from files and texts to outputs. Null: nothing was given that this part is made from."""
    loads: tuple[Load, ...]
    """By numbers of clients."""
    memory: Footprint | None
    cold_starts: tuple[ColdStart, ...]
    """Of the processes, one a round; the same for all batch sizes."""
    warm_up: WarmUp | None
    """Of all rounds; steady if all were."""
    validation: Validation | None
    roofline: Roofline | None
    """Of rows measured on an NPU whose chip is known."""
    samples_ms: tuple[tuple[float, ...], ...]
    """Every timed run of `latency` in order, by round: what `ascendc bench compare` needs."""


@dataclass(frozen=True)
class Subject:
    """Which model. Results of different models are not compared unless that is asked for."""

    name: str
    """Of the bundle."""
    plugin: str
    source: str
    """As manifests say it."""
    weights: str
    """``pretrained`` or ``random``."""


@dataclass(frozen=True)
class Results:
    """One benchmark. Figures are of this machine, at this time, and of nothing else."""

    command: str
    complete: bool
    """False: it was interrupted, and holds what had been measured."""
    model: Subject
    machine: Machine
    setting: Setting
    runs: int
    """Timed runs that were asked for of each case."""
    rounds: int
    """Processes of each configuration and part, one after the other, that share the runs."""
    client_processes: bool
    """Whether clients were processes, each with a session of its own; else threads that share one."""
    cases: tuple[Case, ...]
    scaling: tuple[Scaling, ...]
    """By configuration and part, where more than one batch size was measured."""
    notes: tuple[str, ...]


def to_json(results: Results) -> str:
    """The document, on one line."""
    return json.dumps({"schema": SCHEMA, **asdict(results)}, ensure_ascii=False, allow_nan=False)


def try_to_write(path: Path) -> None:
    """Whether `write` could, before anything is measured.

    Raises:
        UsageError: as `write`.
    """
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise _cannot(path, error) from error


def _cannot(path: Path, error: OSError) -> UsageError:
    return UsageError("ASC2610", f"--output: `{path}` cannot be written: {error.strerror}")


def write(results: Results, path: Path) -> None:
    """Write the document: whole, or not at all.

    Raises:
        UsageError: it cannot be written (ASC2610).
    """
    try:
        handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(to_json(results) + "\n")
            umask = os.umask(0)
            os.umask(umask)
            Path(made).chmod(0o666 & ~umask)  # mkstemp lets nobody else read
            Path(made).replace(path)
        except BaseException:
            Path(made).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _cannot(path, error) from error


def read(path: Path) -> Results:
    """What `write` wrote.

    Raises:
        UsageError: it cannot be read, or is something else (ASC2611).
    """
    from pydantic import TypeAdapter, ValidationError

    hint = "ascendc bench BUNDLE --output results.json writes them"
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise UsageError("ASC2611", f"`{path}` holds no results: its schema must be `{SCHEMA}`", hint=hint)
        found = TypeAdapter(Results).validate_python(document)
    except OSError as error:
        raise UsageError("ASC2611", f"`{path}` cannot be read: {error.strerror}", hint=hint) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError("ASC2611", f"`{path}` holds no results: {where}: {first['msg']}", hint=hint) from error
    except (ValueError, RecursionError) as error:
        raise UsageError("ASC2611", f"`{path}` holds no results: it is not JSON: {error}", hint=hint) from error
    for case in found.cases:
        if any(not one or min(one) <= 0 for one in case.samples_ms):
            raise UsageError("ASC2611", f"`{path}` holds no results: {case.part}: a run took no time", hint=hint)
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def schema_text() -> str:
    """The schema of the document, as docs/bench.schema.json holds it."""
    schema = {"$schema": DIALECT, "title": "ascendc bench --json", **schema_of(Results, schema=SCHEMA)}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
