"""Who listens to a build: a live view on a terminal, plain lines elsewhere, or one JSON object a line."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, TextIO

import click

from ascendc.events import (
    BuildFailed,
    BuildFinished,
    BuildInterrupted,
    BuildStarted,
    StepFinished,
    StepSaid,
    StepStarted,
    as_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from ascendc.events import Event, Listener


TOLD = ("precision", "compile")
"""Stages whose lines are shown without ``-v``: they take minutes."""


@contextmanager
def listening(*, as_json_lines: bool, verbosity: int) -> Iterator[Listener]:
    """The listener that fits the terminal and the flags; the terminal is left clean however the build ends.

    Args:
        as_json_lines: one event per line on stdout, for programs.
        verbosity: -1 quiet, 0 normal, 1 with what steps say.
    """
    if as_json_lines:
        with _own_stdout() as stdout:
            yield lambda event: click.echo(json.dumps(as_json(event)), file=stdout)
    elif verbosity < 0:
        yield lambda _: None
    elif sys.stderr.isatty() and verbosity == 0:
        from rich.console import Console

        live = Live(Console(stderr=True, highlight=False))
        try:
            yield live
        finally:
            live.stop()
    else:
        yield Plain(verbosity)


@contextmanager
def _own_stdout() -> Iterator[TextIO]:
    """Stdout for us alone: what plugins, C libraries and children print there goes to stderr."""
    stdout, guarded = sys.stdout, sys.stdout is sys.__stdout__
    with redirect_stdout(sys.stderr):
        if not guarded:  # a caller's own: it has no descriptor that others know
            yield stdout
            return
        stdout.flush()
        with os.fdopen(os.dup(1), "w", encoding="utf-8") as ours:
            os.dup2(2, 1)
            try:
                yield ours
            finally:
                os.dup2(ours.fileno(), 1)


class Plain:
    """One line per step, when it ends; with -v also what it says while it runs."""

    def __init__(self, verbosity: int) -> None:
        self._verbosity = verbosity

    def __call__(self, event: Event) -> None:
        """Print what the event means to a log's reader."""
        match event:
            case BuildStarted(bundle=bundle, steps=steps):
                click.echo(f"{bundle}: {steps} steps", err=True)
            case StepSaid(stage, label, line) if self._verbosity > 0 or stage in TOLD:
                click.echo(f"  {stage} {label}: {line}", err=True)
            case StepFinished():
                click.echo(finished_line(event), err=True)
            case BuildFailed(notes=notes) | BuildInterrupted(notes=notes):
                for note in notes:
                    click.echo(f"note: {note}", err=True)
            case _:
                pass


class Live:
    """Finished steps scroll by; the running ones are shown with a spinner on the last line."""

    def __init__(self, console: Console) -> None:
        from rich.status import Status

        self._console = console
        self._status = Status("", console=self._console)
        self._running: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Show the event; steps may run side by side."""
        with self._lock:
            match event:
                case BuildStarted(bundle=bundle, steps=steps):
                    self._console.print(f"[bold]{bundle}[/]: {steps} steps")
                    self._status.start()
                case StepStarted(stage, label):
                    self._running.append(f"{stage} {label}".strip())
                case StepSaid(stage, label, line) if stage in TOLD:
                    self._console.print(f"  {stage} {label}: {line}", markup=False)
                case StepFinished(stage, label):
                    name = f"{stage} {label}".strip()
                    self._running = [item for item in self._running if item != name]
                    self._console.print(finished_line(event), markup=False)
                case BuildFinished():
                    self.stop()
                case BuildFailed(notes=notes) | BuildInterrupted(notes=notes):
                    self.stop()
                    for note in notes:
                        self._console.print(f"note: {note}", markup=False)
                case _:
                    pass
            self._status.update(self.running)

    @property
    def running(self) -> str:
        """The steps that run now, as the last line shows them."""
        return ", ".join(self._running)

    def stop(self) -> None:
        """End the spinner."""
        try:
            self._status.stop()
        except IndexError:  # an interrupt in the midst of its start: rich takes away what it had not yet put there
            self._console.show_cursor()


def finished_line(event: StepFinished) -> str:
    """``  verify   image               1.2 s  error 1.2e-06 of the sample distance``."""
    took = "stored" if event.cached else f"{event.seconds:.1f} s"
    return f"  {event.stage:<8} {event.label:<20} {took:>8}  {event.summary}".rstrip()
