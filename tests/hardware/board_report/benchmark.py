"""Benchmark: OmSession against bare AscendCL, in turn, so that both see the same clock and temperature."""

import time
from contextlib import closing
from typing import Dict, Iterator, List, Tuple

import numpy as np

from ascendc.runtime import Session, SessionError
from ascendc.runtime.acl import acl
from ascendc.runtime.om import OmSession

from .bare import Bare, using
from .job import Job, feeds, opened
from .rows import Timing

WARMUP = 10

Times = List[Tuple[float, float, float]]
"""Seconds of execute, of the bare run, of the session's, by run."""


def rows(job: Job) -> Iterator[Timing]:
    """One row for each batch size of each part."""
    bundle, artefacts = opened(job)
    api = acl()
    for artefact in artefacts:
        path = str(bundle.folder / artefact.om)
        try:
            with using(api) as device, closing(Bare(device, path)) as bare, OmSession(path) as session:
                for batch in session.batch_sizes or artefact.batch:
                    bare.choose(batch)
                    times, same = _in_turn(bare, session, feeds(bundle, artefact, batch), job.runs)
                    complaint = "" if same else f"{artefact.part}: batch {batch}: bare AscendCL gives other answers"
                    yield _row(artefact.part, batch, times, complaint)
        except SessionError as error:
            yield Timing(artefact.part, None, 0, complaint=f"{artefact.part}: {error}")


def _in_turn(bare: Bare, session: Session, given: Dict[str, np.ndarray], runs: int) -> Tuple[Times, bool]:
    """The times, and whether the answers are the same."""
    results = [np.zeros_like(array) for array in session.run(given).values()]
    times, same = [], True
    for number in range(WARMUP + runs):
        one = bare.run(given, results)
        start = time.perf_counter()
        answer = session.run(given)
        seconds = time.perf_counter() - start
        same = same and all(np.array_equal(a, b) for a, b in zip(results, answer.values()))
        if number >= WARMUP:
            times.append((one.execute, one.all, seconds))
    return times, same


def _row(part: str, batch: int, times: Times, complaint: str) -> Timing:
    if not times:
        return Timing(part, batch, 0, complaint=complaint)
    execute, bare, session = (np.array(column) * 1e3 for column in zip(*times))
    return Timing(
        part,
        batch,
        len(times),
        execute_median_ms=_percentile(execute, 50),
        execute_p95_ms=_percentile(execute, 95),
        bare_median_ms=_percentile(bare, 50),
        bare_p95_ms=_percentile(bare, 95),
        session_median_ms=_percentile(session, 50),
        session_p95_ms=_percentile(session, 95),
        overhead_median_ms=_percentile(session - bare, 50),
        complaint=complaint,
    )


def _percentile(milliseconds: np.ndarray, percent: int) -> float:
    return round(float(np.percentile(milliseconds, percent)), 4)
