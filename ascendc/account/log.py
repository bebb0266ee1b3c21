"""The log of a build, ``<output>.build.log``: one line for every event, with the time since the build began."""

from __future__ import annotations

from contextlib import suppress
from typing import IO, TYPE_CHECKING

from ascendc.errors import Interrupted
from ascendc.events import (
    BuildFailed,
    BuildFinished,
    BuildInterrupted,
    BuildStarted,
    StepFinished,
    StepSaid,
    StepStarted,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.events import Event


class Log:
    """A file that can be followed while the build runs. What keeps it from being written never ends the build."""

    def __init__(self, path: Path, title: str) -> None:
        """Replace the log at `path` by one that begins with `title`."""
        self.path = path
        self.problem: str | None = None
        """Why it is not, or not wholly, there."""
        self._file: IO[str] | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # rather than emptied: another build may still be writing it
            # Odd bytes in a path must not end a build; each line is flushed, for whoever follows.
            self._file = path.open("w", encoding="utf-8", errors="backslashreplace", buffering=1)
        except OSError as error:
            self._give_up(error)
        self._write(title)

    def add(self, seconds: float, event: Event) -> None:
        """Write the event's line; those after the first of a message of several are indented."""
        self._write(f"{seconds:9.2f}  {line(event)}".replace("\n", "\n" + " " * 11))

    def close(self) -> None:
        """Nothing more will be added."""
        if self._file is not None:
            with suppress(OSError):  # every line was flushed, or its failure is known
                self._file.close()
            self._file = None

    def _write(self, text: str) -> None:
        if self._file is not None:
            try:
                self._file.write(text + "\n")
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.problem = f"the log {self.path} cannot be written: {error.strerror}"
        self.close()


def line(event: Event) -> str:
    """The event in words."""
    match event:
        case BuildStarted(_, bundle, output, steps):
            return f"{bundle}: {steps} steps, to {output}"
        case StepStarted(stage, label):
            return f"{_name(stage, label)}: started"
        case StepSaid(stage, label, said):
            return f"{_name(stage, label)}: {said}"
        case StepFinished(stage, label, cached, seconds, summary):
            return f"{_name(stage, label)}: {'stored' if cached else f'done in {seconds:.1f} s'}  {summary}".rstrip()
        case BuildFinished(_, output, changed):
            return f"{output}: {'written' if changed else 'nothing to do'}"
        case BuildFailed(_, number, message, hint):
            return f"failed: {number} {message}" + (f"\nhint: {hint}" if hint else "")
        case BuildInterrupted(_, running, command):
            return str(Interrupted(running, command))


def _name(stage: str, label: str) -> str:
    return f"{stage} {label}".rstrip()
