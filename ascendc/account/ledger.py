"""The steps of a build as its events tell of them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ascendc.account.record import StepRecord
from ascendc.account.sampler import Sampler
from ascendc.events import StepFinished, StepStarted

if TYPE_CHECKING:
    from ascendc.events import Event


class Ledger:
    """Which steps ran, and the memory that was resident while each did. Not for several threads at once."""

    def __init__(self) -> None:
        self._steps: list[StepRecord] = []
        self._running: dict[int, float] = {}
        """Index of each running step, and when it began."""
        self._sampler = Sampler()

    @property
    def peak_rss_bytes(self) -> int | None:
        """Over all steps that ran."""
        return self._sampler.peak

    @property
    def running(self) -> tuple[str, ...]:
        """Stage and label of each step that runs."""
        return tuple(f"{step.stage} {step.label}".rstrip() for step in map(self._steps.__getitem__, self._running))

    def steps(self, *, failed: bool) -> tuple[StepRecord, ...]:
        """All that began; those without an end failed, or run."""
        steps = list(self._steps)
        for index, began in self._running.items():
            steps[index] = replace(
                steps[index],
                state="failed" if failed else "running",
                seconds=round(time.monotonic() - began, 3),
                peak_rss_bytes=self._sampler.peak_of(index),
            )
        return tuple(steps)

    def hear(self, event: Event) -> None:
        """Note what the event says of a step."""
        if isinstance(event, StepStarted):
            index = len(self._steps)
            self._steps.append(StepRecord(event.stage, event.label, "running", False, 0.0, event.key, None))
            self._running[index] = time.monotonic()
            self._sampler.start(index)
        elif isinstance(event, StepFinished):
            said = event.summary
            step = StepRecord(event.stage, event.label, "done", event.cached, event.seconds, event.key, None, said)
            index = next((i for i in self._running if _is(self._steps[i], event)), -1)
            if index < 0:  # it was in the store
                self._steps.append(step)
            else:
                del self._running[index]
                self._steps[index] = replace(step, peak_rss_bytes=self._sampler.finish(index))

    def close(self) -> None:
        """No more steps."""
        self._sampler.close()


def _is(step: StepRecord, event: StepFinished) -> bool:
    """Two steps may have one label, as two graphs of a part that are verified; their keys differ."""
    return (step.stage, step.label) == (event.stage, event.label) and step.key == event.key
