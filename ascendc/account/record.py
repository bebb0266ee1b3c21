"""The record of a build, ``<output>.build.json``: what ran, where, for how long, how it ended; outside every digest."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ascendc.account.findings import Findings
from ascendc.machine import memory

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "ascendc/build/1"

Status = Literal["done", "failed", "interrupted"]


@dataclass(frozen=True)
class Machine:
    """Where the build ran."""

    platform: str
    cpus: int | None
    memory_bytes: int | None
    """The machine's, or the control group's if that is less; null where the system does not say."""


@dataclass(frozen=True)
class StepRecord:
    """A step that began."""

    stage: str
    label: str
    state: Literal["done", "failed", "running"]
    """`running`: it was stopped when the build was interrupted."""
    cached: bool
    """The store had its result; it did not run."""
    seconds: float
    key: str
    """Of its entry in the store; empty if it came to none."""
    peak_rss_bytes: int | None
    """The most that was resident of ascendc and its descendants while the step ran, sampled from /proc: all of it,
    so steps that overlap share it. Null if the step did not run, or the system does not say."""
    summary: str = ""
    """What its result says of itself in a few words."""


@dataclass(frozen=True)
class Failure:
    """The error, as the user saw it."""

    id: str
    message: str
    hint: str | None


@dataclass(frozen=True)
class Record:
    """One build of one recipe."""

    status: Status
    ascendc: str
    """Version."""
    command: str
    """What the user typed, quoted for a shell."""
    recipe: str
    """The recipe's file, as it was named."""
    recipe_sha256: str | None
    """Of its text; null if it could not be read."""
    overrides: tuple[str, ...]
    """What ``--set`` changed."""
    until: str
    """The last stage asked for."""
    output: str
    """The folder that was to be written."""
    bundle_digest: str | None
    """sha256 of the bundle's manifest.json, which holds the digest of every other file; null without a bundle."""
    changed: bool | None
    """False: there was nothing to do; null if the build did not get so far."""
    started: str
    """UTC, ISO 8601."""
    seconds: float
    peak_rss_bytes: int | None
    """As that of a step, over the whole build; null if every step was in the store, or the system does not say."""
    machine: Machine
    tools: dict[str, str]
    """Python's version, and those of the distributions that enter every key."""
    steps: tuple[StepRecord, ...]
    """In the order in which they began."""
    log: str | None
    """Where the log lies; null if it could not be written."""
    benchmark: str | None = field(default=None, kw_only=True)  # older records do not have it
    """Where the results of the benchmark lie (ascendc/bench/1); null if none was asked for, or it came to none."""
    error: Failure | None
    notes: tuple[str, ...]
    """What could not be written of log and record."""
    findings: Findings = Findings()  # noqa: RUF009 - frozen, hence safe to share
    """Empty if the build did not end well."""


def here() -> Machine:
    """This machine."""
    known = memory()
    return Machine(platform.platform(), os.cpu_count(), known.total if known else None)


def sha256(path: Path) -> str | None:
    """Of a small file; None if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def write(record: Record, path: Path) -> None:
    """Put the record at `path`: all of it, or what was there before.

    Raises:
        OSError: it cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(as_json(record), indent=2) + "\n", encoding="utf-8")
        fresh.replace(path)
    finally:
        with suppress(OSError):
            fresh.unlink()


def as_json(record: Record) -> dict[str, Any]:
    """The record as one JSON object."""
    return {"schema": SCHEMA, **asdict(record)}


def schema_text() -> str:
    """The JSON Schema of a record, as docs/build.schema.json holds it."""
    from ascendc.contract import DIALECT, schema_of

    title = f"The record of a build ({SCHEMA})"
    document = {"$schema": DIALECT, "title": title, **schema_of(Record, schema=SCHEMA)}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
