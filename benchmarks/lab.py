"""Where runs are made: checkpoints that stay, folders that do not, and one process at a time."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .checkpoint import Checkpoint
from .process import CommandError, measure
from .results import Run
from .tool import Command, Tool


@dataclass(frozen=True)
class Size:
    """A CLIP."""

    name: str
    hub_id: str
    rounds: int = 100
    """At most: large ones take minutes."""


@dataclass(frozen=True)
class Lab:
    """A folder, and the tools that are compared."""

    root: Path
    tools: Mapping[str, Tool]
    """By name, ascendc first."""

    def checkpoint(self, size: Size) -> Checkpoint:
        """Written the first time."""
        return Checkpoint.made(size.name, size.hub_id, self.root / "checkpoints")

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """An empty folder, gone afterwards with all that was built in it."""
        scratch = self.root / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=scratch))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def run(self, case: str, tool: str, command: Command, weights: int = 0) -> Run:
        """Measure `command`; a peer may fail, ascendc may not.

        Raises:
            CommandError: ascendc failed.
        """
        print(f"{case}: {tool} … ", end="", file=sys.stderr, flush=True)
        try:
            found = measure(command.arguments, command.env)
        except CommandError as failed:
            if tool == "ascendc":
                raise
            print(failed, file=sys.stderr)
            return Run(case, tool, weights=weights, failed=failed.last_line)
        print(f"{found.seconds:.2f} s, {found.peak / 1e9:.2f} GB", file=sys.stderr)
        return Run(case, tool, found.seconds, found.peak, weights, _steps(found.output))


def _steps(output: str) -> tuple[str, ...]:
    """The steps that ran, by ascendc's ``--json``; of anything else none."""
    events = (json.loads(line) for line in output.splitlines() if '"event": "step-finished"' in line)
    return tuple(f"{event['stage']} {event['label']}".strip() for event in events if not event["cached"])
