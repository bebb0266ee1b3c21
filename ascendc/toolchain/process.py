"""Running a long child: its output followed, its silence noticed, its whole process group ended with it."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

HEARTBEAT = 30.0
"""Seconds of silence after which a line is written all the same."""

GRACE = 3.0
"""Seconds between asking a process group to end and ending it."""

_TICK = 0.2
"""Seconds between looks at a child that holds its output open."""

_running: dict[int, Callable[[], None]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Outcome:
    """How a child ended."""

    status: int
    """Exit status; minus the signal's number if it died by one."""
    timed_out: bool
    seconds: float


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    log: Path,
    time_limit: float,
    say: Callable[[str], None],
    heartbeat: float = HEARTBEAT,
    env: Mapping[str, str] | None = None,
    stop: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run `argv` in a process group of its own, and leave none of that group behind.

    Args:
        argv: the command.
        cwd: its folder.
        log: file for its output, stdout and stderr together; lines of ours begin with ``ascendc:``.
        time_limit: seconds after which the group is ended.
        say: hears every line.
        heartbeat: longest silence, in seconds.
        env: its environment; None: ours.
        stop: called first when the group is ended early, for what a signal does not reach (a container).

    Raises:
        OSError: the program cannot be started.
        BaseException: whatever interrupts us, after the group has been ended.
    """
    started = time.monotonic()
    with (
        log.open("wb") as file,
        subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as child,
    ):
        follower = _Follower(file, say, heartbeat, started)
        with _lock:
            _running[child.pid] = stop
        try:
            timed_out = _follow(child, follower, started + time_limit)
        finally:
            try:
                if child.poll() is None:
                    stop()
            finally:
                try:
                    _end_group(child)
                finally:
                    with _lock:
                        _running.pop(child.pid, None)
        follower.close()
    return Outcome(child.returncode, timed_out, time.monotonic() - started)


def stop_all() -> None:
    """End every child that runs, from any thread: for an interrupt that only the main thread hears.

    Raises:
        BaseException: whatever a `stop` raises, after every child has been told to end.
    """
    with _lock:
        running = dict(_running)
    with ExitStack() as each:  # calls all, the last first, whatever one raises
        for pid, stop in running.items():
            each.callback(_signal_group, pid, signal.SIGTERM)
            each.callback(stop)


def kill_all() -> None:
    """End every child's group at once, from a signal handler: it takes no lock, which its own thread might hold."""
    for pid in tuple(_running):
        _signal_group(pid, signal.SIGKILL)


def _follow(child: subprocess.Popen[bytes], follower: _Follower, deadline: float) -> bool:
    """Feed the child's output to `follower` until it ends; returns whether the deadline came first."""
    assert child.stdout is not None
    descriptor = child.stdout.fileno()
    os.set_blocking(descriptor, False)
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while child.poll() is None:
            if time.monotonic() >= deadline:
                return True
            if not selector.get_map():
                time.sleep(_TICK / 4)
            elif selector.select(_TICK) and not _pump(descriptor, follower):
                selector.unregister(descriptor)
            follower.tick()
    _pump(descriptor, follower)
    return False


def _pump(descriptor: int, follower: _Follower) -> bool:
    """Read what is there; False at the end of the output."""
    with suppress(BlockingIOError):
        while chunk := os.read(descriptor, 1 << 16):
            follower.feed(chunk)
        return False
    return True


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it left behind in its group."""
    if child.poll() is None:
        _signal_group(child.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
    _signal_group(child.pid, signal.SIGKILL)
    child.wait()


def _signal_group(pid: int, number: signal.Signals) -> None:
    # The group may be gone; macOS says EPERM when only zombies are left in it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


@dataclass
class _Follower:
    """Splits output into lines, keeps it, and breaks long silences."""

    file: IO[bytes]
    say: Callable[[str], None]
    heartbeat: float
    started: float
    heard: float = field(init=False)
    """When something was last written."""
    child_heard: float = field(init=False)
    """When the child last said something."""
    rest: bytes = b""

    def __post_init__(self) -> None:
        self.heard = self.child_heard = self.started

    def feed(self, chunk: bytes) -> None:
        """Take output as it comes."""
        self.heard = self.child_heard = time.monotonic()
        self.file.write(chunk)
        self.file.flush()
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        for line in lines:
            self.say(line.decode(errors="replace").rstrip("\r"))

    def tick(self) -> None:
        """Write a line if none came for `heartbeat` seconds."""
        now = time.monotonic()
        if now - self.heard < self.heartbeat:
            return
        line = f"ascendc: running for {now - self.started:.0f} s, silent for {now - self.child_heard:.0f} s"
        self.heard = now
        # The child may be in the middle of a line.
        self.file.write(f"{chr(10) if self.rest else ''}{line}\n".encode())
        self.file.flush()
        self.say(line)

    def close(self) -> None:
        """Say a last line that has no end."""
        if self.rest:
            self.say(self.rest.decode(errors="replace"))
