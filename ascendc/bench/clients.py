"""Several clients, each a process with a session of its own: what threads that share one cannot show."""

from __future__ import annotations

import itertools
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ascendc.bench.child import started
from ascendc.bench.clock import LoadRun, timed, warm_up
from ascendc.runtime import SessionError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ascendc.bench.trial import Alone, Together
    from ascendc.bench.work import Request


@dataclass(frozen=True)
class Ready:
    """A client is open and warm."""


@dataclass(frozen=True)
class Called:
    """What a client saw."""

    calls: tuple[tuple[float, float], ...]
    """When each ended, by `time.monotonic`, which is one clock for all processes; and its milliseconds."""


def in_processes(request: Request, batch: int, clients: int, seconds: float) -> LoadRun:
    """Let `clients` processes run at once for `seconds`, once each at least; all are open and warm before.

    Raises:
        SessionError: one of them failed.
    """
    with ExitStack() as stack:
        pipes = [stack.enter_context(started(replace(request, client=batch)))[1] for _ in range(clients)]
        for pipe in pipes:
            _hear(pipe)
        begin = time.monotonic()
        for pipe in pipes:
            with suppress(OSError):  # it died: that is heard next
                pipe.send(begin + seconds)
        told = [_hear(pipe) for pipe in pipes]
    calls = sorted(itertools.chain(*told))
    return LoadRun(clients, tuple(taken for _, taken in calls), tuple(map(len, told)), calls[-1][0] - begin)


def be_client(pipe: Connection, trial: Alone | Together, batch: int, least: int) -> None:
    """Warm up, wait for the others, and call until the time that is then told."""
    run = partial(trial.run, trial.feeds(batch))
    warm_up(run, least)
    pipe.send(Ready())
    until: float = pipe.recv()
    calls: list[tuple[float, float]] = []
    while not calls or calls[-1][0] < until:
        [taken] = timed(run, 1)
        calls.append((time.monotonic(), taken))
    pipe.send(Called(tuple(calls)))


def _hear(pipe: Connection) -> tuple[tuple[float, float], ...]:
    """The calls of a client; none where it says that it is ready."""
    try:
        match pipe.recv():
            case Called(calls):
                return calls
            case Ready():
                return ()
            case other:
                raise SessionError(f"a client's process failed: {other.reason}")
    except (EOFError, OSError):
        raise SessionError("a client's process died; what it said stands above") from None
