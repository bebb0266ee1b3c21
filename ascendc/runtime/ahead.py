"""Work done ahead, in threads, while the caller is busy with what came before. Python 3.7, standard library."""

import os
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Deque, Generator, Iterable, Optional, Set, Tuple, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_MOST_WORKERS = 4
"""An engine wants cores too."""


def ahead(
    work: Callable[[T], R], items: Iterable[T], window: int, workers: Optional[int] = None
) -> "Generator[Tuple[T, Future[R]], None, None]":
    """Each item and the future of `work(item)`, in order.

    No thread is left when the iteration ends, is closed or fails: what has not begun is cancelled, and what has
    is waited for. Close it (`contextlib.closing`) where it may be left early.

    Args:
        work: called in threads.
        items: any number; they are asked for as room is made.
        window: how many items are in flight at most, the one that is handed out included; 1 or more.
        workers: threads; None: one per core of this process, four at most.
    """
    waiting: "Deque[Tuple[T, Future[R]]]" = deque()
    own: Set[int] = set()
    pool = ThreadPoolExecutor(
        workers or min(_MOST_WORKERS, _cores()), initializer=lambda: own.add(threading.get_ident())
    )
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) >= window:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        for _, future in waiting:
            future.cancel()
        # an iteration that was left is collected in any thread, and one of its own cannot wait for itself
        pool.shutdown(wait=threading.get_ident() not in own)


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
