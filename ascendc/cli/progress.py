"""Who listens to a build: a live view on a terminal, plain lines elsewhere, or one JSON object a line."""

from __future__ import annotations

import json
import sys
import threading
from typing import TYPE_CHECKING

import click

from ascendc.events import BuildFinished, BuildStarted, StepFinished, StepSaid, StepStarted, as_json

if TYPE_CHECKING:
    from rich.console import Console

    from ascendc.events import Event, Listener


def listener(*, as_json_lines: bool, verbosity: int) -> Listener:
    """The listener that fits the terminal and the flags.

    Args:
        as_json_lines: one event per line on stdout, for programs.
        verbosity: -1 quiet, 0 normal, 1 with what steps say.
    """
    if as_json_lines:
        return lambda event: click.echo(json.dumps(as_json(event)))
    if verbosity < 0:
        return lambda _: None
    if sys.stderr.isatty() and verbosity == 0:
        from rich.console import Console

        return Live(Console(stderr=True, highlight=False))
    return Plain(verbosity)


class Plain:
    """One line per step, when it ends; with -v also what it says while it runs."""

    def __init__(self, verbosity: int) -> None:
        self._verbosity = verbosity

    def __call__(self, event: Event) -> None:
        """Print what the event means to a log's reader."""
        match event:
            case BuildStarted(recipe, steps):
                click.echo(f"{recipe}: {steps} steps", err=True)
            case StepSaid(stage, label, line) if self._verbosity > 0 or stage == "compile":
                click.echo(f"  {stage} {label}: {line}", err=True)
            case StepFinished():
                click.echo(finished_line(event), err=True)
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
                case BuildStarted(recipe, steps):
                    self._console.print(f"[bold]{recipe}[/]: {steps} steps")
                    self._status.start()
                case StepStarted(stage, label):
                    self._running.append(f"{stage} {label}".strip())
                case StepSaid(stage, label, line) if stage == "compile":
                    self._console.print(f"  {stage} {label}: {line}", markup=False)
                case StepFinished(stage, label):
                    name = f"{stage} {label}".strip()
                    self._running = [item for item in self._running if item != name]
                    self._console.print(finished_line(event), markup=False)
                case BuildFinished():
                    self._status.stop()
                case _:
                    pass
            self._status.update(self.running)

    @property
    def running(self) -> str:
        """The steps that run now, as the last line shows them."""
        return ", ".join(self._running)

    def stop(self) -> None:
        """End the spinner: the build failed."""
        self._status.stop()


def stop(listen: Listener) -> None:
    """Leave the terminal clean after a build that raised."""
    if isinstance(listen, Live):
        listen.stop()


def finished_line(event: StepFinished) -> str:
    """``  verify   image               1.2 s  error 1.2e-06 of the sample distance``."""
    took = "stored" if event.cached else f"{event.seconds:.1f} s"
    return f"  {event.stage:<8} {event.label:<20} {took:>8}  {event.summary}".rstrip()
