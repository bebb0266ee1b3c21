"""Between a build and its listener: log and record, and the last event, however the build ends."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ascendc import __version__, keys
from ascendc.account import record
from ascendc.account.findings import Findings
from ascendc.account.ledger import Ledger
from ascendc.account.log import Log
from ascendc.account.record import Failure, Record
from ascendc.errors import AscendcError, Interrupted, system_refuses
from ascendc.events import BuildFailed, BuildInterrupted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from ascendc.events import Event, Listener


@dataclass(frozen=True)
class Asked:
    """What a build was asked for."""

    recipe: Path
    command: str
    """What the user typed, quoted for a shell."""
    overrides: Sequence[str] = ()
    until: str = "package"


class Journal:
    """Hears every event first, one at a time, and passes it on; as a context it sees how the build ends.

    Log and record begin with `open`: an error before that leaves none. What keeps them from being written becomes a
    note, never an error.
    """

    def __init__(self, asked: Asked, listen: Listener) -> None:
        self._asked = asked
        self._listen = listen
        self._begun = time.monotonic()
        self._started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._ledger = Ledger()
        self._lock = threading.Lock()
        self._output: Path | None = None
        self._log: Log | None = None
        self._problem: str | None = None
        self._benchmark: Path | None = None
        self._stopped: tuple[str, ...] = ()
        self._ended = False

    @property
    def seconds(self) -> float:
        """Since the build began."""
        return time.monotonic() - self._begun

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be written."""
        problems = (self._log.problem if self._log else None, self._problem)
        return tuple(problem for problem in problems if problem)

    @property
    def log(self) -> str | None:
        """Where the log lies."""
        return str(self._log.path) if self._log is not None and self._log.problem is None else None

    def open(self, output: Path) -> None:
        """Begin the log beside `output`, and take away the record of an earlier build: it would pass for this one's."""
        self._output = output
        title = f"ascendc {__version__}, {self._started}: {self._asked.command}"
        self._log = Log(output.with_name(f"{output.name}.build.log"), title)
        try:
            _record(output).unlink(missing_ok=True)
        except OSError as error:
            self._problem = f"the record {_record(output)} cannot be replaced: {error.strerror}"

    def __call__(self, event: Event) -> None:
        """Note the event, log it, pass it on."""
        with self._lock:
            if self._ended:  # a step that an interrupt left behind; the stream has had its last event
                return
            self._ledger.hear(event)
            if self._log is not None:
                self._log.add(self.seconds, event)
            self._listen(event)

    def settle(
        self,
        status: record.Status,
        *,
        changed: bool | None = None,
        bundle_digest: str | None = None,
        error: Failure | None = None,
        findings: Findings = Findings(),  # noqa: B008 - frozen, hence safe to share
    ) -> None:
        """Write the record; the last call counts."""
        if self._output is None:
            return
        with self._lock:
            steps, peak = self._ledger.steps(failed=status == "failed"), self._ledger.peak_rss_bytes
        written = Record(
            status=status,
            ascendc=__version__,
            command=self._asked.command,
            recipe=str(self._asked.recipe),
            recipe_sha256=record.sha256(self._asked.recipe),
            overrides=tuple(self._asked.overrides),
            until=self._asked.until,
            output=str(self._output),
            bundle_digest=bundle_digest,
            changed=changed,
            started=self._started,
            seconds=round(self.seconds, 3),
            peak_rss_bytes=peak,
            machine=record.here(),
            tools=dict(keys.tools()),
            steps=steps,
            log=self.log,
            benchmark=str(self._benchmark) if self._benchmark else None,
            error=error,
            notes=self.notes,
            findings=findings,
        )
        path = _record(self._output)
        try:
            record.write(written, path)
        except OSError as refused:
            self._problem = f"the record {path} cannot be written: {refused.strerror}"

    def measured(self, results: Path) -> None:
        """The bundle was measured; the record names the results."""
        self._benchmark = results

    def interrupted(self) -> None:
        """An interrupt came: keep what ran at that moment, and write the record, which may be the last chance."""
        with self._lock:
            self._stopped = self._ledger.running
        self.settle("interrupted")

    def __enter__(self) -> Journal:
        """The build begins."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say how the build ended.

        Raises:
            Interrupted: for a KeyboardInterrupt; it says how to go on.
            EnvironmentLacksError: for what the operating system refused (ASC1004).
        """
        self._ledger.close()
        try:
            if isinstance(error, KeyboardInterrupt):
                self._interrupted(error)
            elif error is not None:
                self._failed(error)
        finally:
            with self._lock:
                self._ended = True
                if self._log is not None:
                    self._log.close()

    def _interrupted(self, interrupt: KeyboardInterrupt) -> None:
        self.settle("interrupted")
        running, command = self._stopped or self._ledger.running, self._asked.command
        self(BuildInterrupted(str(self._asked.recipe), running, command, self.log, self.notes))
        raise Interrupted(running, command) from interrupt

    def _failed(self, error: BaseException) -> None:
        known = system_refuses(error) if isinstance(error, OSError) else error
        if isinstance(known, AscendcError):
            known.log = self.log
            failure = Failure(known.id, known.message, known.hint)
        else:  # its traceback is kept: whoever called shows it
            failure = Failure("ASC1009", f"a bug: {type(error).__name__}: {error}", None)
        self.settle("failed", error=failure)
        recipe = str(self._asked.recipe)
        self(BuildFailed(recipe, failure.id, failure.message, failure.hint, self.log, self.notes))
        if known is not error:
            raise known from error


def _record(output: Path) -> Path:
    return output.with_name(f"{output.name}.build.json")
