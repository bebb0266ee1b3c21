"""A process, measured: wall-clock seconds, and the peak memory of it and all that it starts. Linux only."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.05
"""Seconds between two looks at the memory."""
BLUR = 1.02
"""A peak may be reported too low by this factor. A look at PSS walks all pages of a process and holds it up, which can
add a fifth to a build; RSS costs nothing and is never less. So PSS is read only where RSS allows a higher peak."""

_PAGE = os.sysconf("SC_PAGE_SIZE")


class CommandError(Exception):
    """A measured command exited with something else than 0; its output is in the message."""

    def __init__(self, command: Sequence[str], code: int, output: str) -> None:
        super().__init__(f"{' '.join(command)}\nexit code {code}\n{output[-4000:]}")
        self.last_line = next((line for line in reversed(output.splitlines()) if line.strip()), f"exit code {code}")


@dataclass(frozen=True)
class Measured:
    """What one process took."""

    seconds: float
    """From start to exit, wall clock: what a user waits for."""
    peak: int
    """Bytes: the largest sum of PSS over the process and its descendants that a sample saw; 0 if there was none."""
    output: str
    """stdout; stderr shows only when the process fails."""


def measure(command: Sequence[str], env: Mapping[str, str]) -> Measured:
    """Run `command` with `env` over this environment, and measure it.

    Raises:
        CommandError: The exit code was not 0.
    """
    os.sync()  # what was written before is not to be paid for by this process
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        over = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            peak = pool.submit(_watch, process.pid, over)
            try:
                code = process.wait()
                seconds = time.perf_counter() - start
            finally:
                over.set()
        out.seek(0)
        err.seek(0)
        output = out.read()
        if code:
            raise CommandError(command, code, output + err.read())
    return Measured(seconds, peak.result(), output)


def _watch(root: int, over: threading.Event) -> int:
    """The peak of a process tree, in bytes, until it is `over`."""
    peak = 0
    while not over.wait(INTERVAL):
        pids = list(tree(root))
        if sum(map(_rss, pids)) > BLUR * peak:
            peak = max(peak, sum(map(_pss, pids)))
    return peak


def tree(pid: int) -> Iterator[int]:
    """A process and its living descendants."""
    yield pid
    try:
        children = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it, or a thread of it, ended in between: what is left shows in the next sample
        return
    for child in " ".join(children).split():
        yield from tree(int(child))


def _rss(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:  # it ended in between
        return 0


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended in between
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
