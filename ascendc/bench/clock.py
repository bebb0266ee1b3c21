"""Runs against the clock: warming up until it is steady, then timed, one after the other or by several clients."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.bench.distribution import Distribution, Origin, distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WINDOW = 5
"""Runs whose medians are compared."""

TOLERANCE = 0.05
"""Share by which two windows in a row may differ where runs are steady."""

TURN = 20
"""Runs of one way before it is the turn of the next."""

WARM = 3
"""Runs of a way that do not count, where the engine is warm."""

PATIENCE = 10
"""Times the runs asked for, after which it is measured all the same."""


@dataclass(frozen=True)
class WarmUp:
    """What was run before the clock counted."""

    origin: Origin
    runs: int
    seconds: float
    steady: bool
    """Whether the medians of the last two windows of 5 runs differed by 5 % or less; False: they never did, and
    measuring began all the same."""


@dataclass(frozen=True)
class LoadRun:
    """What several clients saw in one round."""

    clients: int
    calls_ms: tuple[float, ...]
    """In the order in which they ended."""
    by_client: tuple[int, ...]
    """Calls of each."""
    seconds: float


@dataclass(frozen=True)
class Load:
    """Several clients that call the session at once, each as soon as its last answer is there."""

    origin: Origin
    clients: int
    """Threads of one process, or processes: `client_processes` of the results says which."""
    latency: Distribution
    """Of single calls, waiting included; its `per_second` is that of one client."""
    seconds: float
    """From the first call to the last answer."""
    per_second: float
    """Items a second, of all clients together."""
    evenness: float
    """Calls of the client that got least ÷ those of the one that got most, median of the rounds: 1 is fair. It says
    little of few calls."""


def warm_up(run: Callable[[], object], least: int) -> WarmUp:
    """Run until runs take as long as those before, at least `least` times."""
    most = PATIENCE * max(least, WINDOW)
    taken: list[float] = []
    while True:
        taken += timed(run, 1)
        even = _even(taken)
        if len(taken) >= least and (even or len(taken) >= most):
            return WarmUp("measured", len(taken), sum(taken) / 1e3, even)


def _even(taken: list[float]) -> bool:
    if len(taken) < 2 * WINDOW:
        return False
    before, last = statistics.median(taken[-2 * WINDOW : -WINDOW]), statistics.median(taken[-WINDOW:])
    return abs(last - before) <= TOLERANCE * before


def timed(run: Callable[[], object], runs: int) -> list[float]:
    """Milliseconds of each of `runs` runs, one after the other."""
    clock = time.perf_counter_ns
    taken = []
    for _ in range(runs):
        begin = clock()
        run()
        taken.append((clock() - begin) / 1e6)
    return taken


def in_turns(ways: Sequence[Callable[[], object] | None], runs: int) -> list[list[float]]:
    """Milliseconds of each run of several ways, in turns of `TURN` runs, so that a busy moment slows all of them.

    Args:
        ways: what is run, the first one warm; None has no runs.
        runs: of each.
    """
    for way in ways[1:]:
        if way is not None:
            timed(way, WARM)
    taken: list[list[float]] = [[] for _ in ways]
    for start in range(0, runs, TURN):
        for way, own in zip(ways, taken, strict=True):
            if way is not None:
                own += timed(way, min(TURN, runs - start))
    return taken


def under_load(run: Callable[[], object], clients: int, runs: int) -> LoadRun:
    """Let `clients` threads run at once, `runs` times in all, or once each: whoever is free takes the next run.

    Raises:
        Whatever a run raised.
    """
    left = iter(range(max(runs, clients) - clients))  # each has one run before any has its second
    ready = threading.Barrier(clients + 1)
    taken: list[list[tuple[float, float]]] = [[] for _ in range(clients)]
    raised: list[BaseException] = []

    def client(own: list[tuple[float, float]]) -> None:
        ready.wait()
        try:
            for _ in itertools.chain((0,), left):
                [milliseconds] = timed(run, 1)
                own.append((time.perf_counter(), milliseconds))
        except Exception as error:  # noqa: BLE001 - it is raised again where the threads are joined
            raised.append(error)

    threads = [threading.Thread(target=client, args=(own,), name="client") for own in taken]
    for thread in threads:
        thread.start()
    ready.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    if raised:
        raise raised[0]
    # In the order of time: a busy moment slows the calls of all clients.
    calls = tuple(milliseconds for _, milliseconds in sorted(itertools.chain(*taken)))
    return LoadRun(clients, calls, tuple(map(len, taken)), seconds)


def load_of(rounds: Sequence[LoadRun], items: int) -> Load:
    """Sum up the rounds of one number of clients, each call taking `items`."""
    seconds = sum(one.seconds for one in rounds)
    calls = sum(len(one.calls_ms) for one in rounds)
    found = distribution([one.calls_ms for one in rounds], items)
    evenness = statistics.median(min(one.by_client) / max(one.by_client) for one in rounds)
    return Load("measured", rounds[0].clients, found, seconds, calls * items / seconds, evenness)
