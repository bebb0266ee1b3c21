"""A process of its own for each configuration and part: so that a cold start is one, and memory is nobody else's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.bench.work import Undone
from ascendc.runtime.manifest import DEVICE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from multiprocessing.connection import Connection

    from ascendc.bench.work import Answer, Request

_PROGRAM = """
import sys
sys.path[:] = filter(None, sys.path)  # the current folder may hold a torch.py
from ascendc.bench.worker import main
main(int(sys.argv[1]))
"""


def ask(request: Request) -> Generator[Answer, None, None]:
    """What a measuring process answers, as it comes; a process that dies is an answer too.

    The process ends with the iteration: close it (`contextlib.closing`) where it may be left early.
    """
    with started(request) as (process, pipe):
        try:
            while True:
                answer: Answer = pipe.recv()
                yield answer
        except (EOFError, OSError):
            code = process.wait()
    if code:
        yield Undone(None, "failed", _died(code))


def _path() -> list[str]:
    """The same modules as here, but for those of a bundle: it has a runtime of its own, whose classes are not ours."""
    return [one for one in sys.path if one and not (Path(one) / DEVICE).is_dir()]


@contextmanager
def started(request: Request) -> Iterator[tuple[subprocess.Popen[bytes], Connection]]:
    """A measuring process that was given a request, and the pipe to it; it ends with the context."""
    ours, theirs = Pipe()
    begun = time.monotonic()
    with ours:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(theirs.fileno())],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(_path())},
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=2,  # what libraries print must not get between the results
            start_new_session=request.client is None,  # Ctrl-C is for us: we end it, and its clients with it
        )
        theirs.close()
        try:
            with suppress(OSError):  # it died at once: whoever hears will be told so
                ours.send(replace(request, started=begun))
            yield process, ours
        finally:
            if process.poll() is None:
                if request.client is None:
                    os.killpg(process.pid, signal.SIGKILL)
                process.kill()
            process.wait()


def _died(code: int) -> str:
    if code == -signal.SIGKILL:
        return "its process was killed, as the system does for lack of memory"
    if code < 0:
        return f"its process died by signal {-code} ({signal.Signals(-code).name})"
    return f"its process ended with status {code}; what it said stands above"
