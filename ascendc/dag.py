"""Steps, and how they are run against the store: nothing whose key has an entry runs again."""

from __future__ import annotations

import dataclasses
import errno
import os
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from ascendc import keys
from ascendc.errors import EnvironmentLacksError
from ascendc.events import StepFinished, StepSaid, StepStarted
from ascendc.machine import trim_heap
from ascendc.store import Blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ascendc.events import Listener
    from ascendc.store import Store

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}

_MUCH = 1 << 30
"""Bytes from which a step is given what others left in the heap. Smaller ones would fill it again at once."""

_BREATH = 2.0
"""Seconds after which what such a step freed meanwhile is given back: glibc would keep it."""


class Torch(Enum):
    """What a step does with torch, much of which is process-wide."""

    UNUSED = auto()
    RUNS = auto()
    """Runs modules: any number of steps may, beside one that traces."""
    TRACES = auto()
    """Traces by TorchScript, which one step may at a time."""
    OWNS = auto()
    """Exports by dynamo, which puts stand-ins for a module's weights while it works: nobody else may use torch."""

    def bears(self, other: Torch) -> bool:
        """Whether the two may go on at the same time."""
        if Torch.UNUSED in (self, other):
            return True
        return Torch.OWNS not in (self, other) and not (self is other is Torch.TRACES)


@dataclass(frozen=True)
class Step:
    """One call of a stage. Two steps with the same stage, spec, reads and inputs are the same step."""

    stage: str
    spec: Any
    """A frozen dataclass holding only what the stage reads."""
    inputs: tuple[Step, ...]
    reads: tuple[tuple[str, str], ...]
    """Name and digest of what else enters the key: the model's files, the plugin's code."""
    label: str = field(compare=False)
    """For people: ``image``, ``image @ ascend310``."""
    result: type = field(compare=False)
    """The dataclass that the stage returns."""
    run: Callable[..., Any] = field(compare=False)
    """``run(*results of inputs, workspace)``."""
    describe: Callable[[Any], str] = field(compare=False, default=lambda _: "")
    """What the result says of itself in a few words."""
    torch: Torch = field(compare=False, default=Torch.UNUSED)
    """How it uses torch."""
    memory: Callable[..., int] = field(compare=False, default=lambda *_: 0)
    """``memory(*results of inputs)``: bytes that the step will need, about; small ones need not say."""


@dataclass(frozen=True)
class Done:
    """A step's result and how it was come by."""

    result: Any
    cached: bool
    seconds: float


def order(goals: Iterable[Step]) -> tuple[Step, ...]:
    """Every step the goals need, each once, inputs first."""
    seen: dict[Step, None] = {}

    def visit(step: Step) -> None:
        if step not in seen:
            for needed in step.inputs:
                visit(needed)
            seen[step] = None

    for goal in goals:
        visit(goal)
    return tuple(seen)


def key_of(step: Step, results: Iterable[Any]) -> tuple[str, dict[str, Any]]:
    """The cache key of a step whose inputs are known, and what it was made of."""
    ingredients = {
        "stage": step.stage,
        "spec": keys.canonical(step.spec),
        "inputs": [[s.stage, keys.digest(r)] for s, r in zip(step.inputs, results, strict=True)],
        "reads": [list(read) for read in step.reads],
        "tools": dict(keys.tools()),
        "code": [keys.code("ascendc"), keys.code("ascendc_templates")],
    }
    return keys.digest(ingredients), ingredients


def recall(step: Step, key: str, store: Store) -> Any | None:
    """The recorded result, if every file it speaks of is still there."""
    from pydantic import TypeAdapter

    if (entry := store.entry(step.stage, key)) is None:
        return None
    result: Any = TypeAdapter(step.result).validate_python(entry)
    return result if all(store.holds(blob) for blob in blobs(result)) else None


@dataclass(frozen=True)
class Crew:
    """How much may run side by side."""

    jobs: int = 1
    """Steps at a time."""
    memory: int | None = None
    """Bytes that the steps which run together may need; None: no limit is known."""

    def takes(self, step: Step, memory: int, running: Mapping[Step, int]) -> bool:
        """Whether `step`, which needs `memory` bytes, may join those that run. One always may, whatever it needs."""
        if not running:
            return True
        if not all(step.torch.bears(other.torch) for other in running):
            return False
        large = [other for other, theirs in running.items() if other.torch is not Torch.UNUSED and theirs >= _MUCH]
        if large and step.torch is not Torch.UNUSED and memory >= _MUCH:
            return False  # each fills the cores by itself; together they would only fill the memory
        fits = self.memory is None or sum(running.values()) + memory <= self.memory
        return fits and len(running) < self.jobs


def execute(
    steps: tuple[Step, ...],
    store: Store,
    listen: Listener,
    crew: Crew = Crew(),
    *,
    stop: Callable[[], None] = lambda: None,
    release: Callable[[], None] = lambda: None,
) -> dict[Step, Done]:
    """Run the steps, inputs first, side by side as far as `crew` allows.

    Args:
        steps: from `order`.
        store: where results are kept.
        listen: hears every event.
        crew: how much may run side by side.
        stop: called on an interrupt, to end the child processes of running steps.
        release: called after the last step that uses torch: what it loaded is not needed any more.

    Raises:
        AscendcError: whatever the first failing stage raised; steps already running are waited for.
    """
    waiting = list(steps)
    torch_left = {step for step in steps if step.torch is not Torch.UNUSED}
    done: dict[Step, Done] = {}
    running: dict[Step, int] = {}
    futures: dict[Future[Done], Step] = {}
    with ThreadPoolExecutor(max_workers=crew.jobs, thread_name_prefix="step") as pool:
        try:
            while waiting or futures:
                for step in [s for s in waiting if all(i in done for i in s.inputs)]:
                    results = tuple(done[i].result for i in step.inputs)
                    memory = step.memory(*results)
                    if crew.takes(step, memory, running):
                        if memory >= _MUCH:
                            trim_heap()
                        waiting.remove(step)
                        running[step] = memory
                        futures[pool.submit(_run, step, results, store, listen)] = step
                much = max(running.values()) >= _MUCH
                finished, _ = wait(futures, timeout=_BREATH if much else None, return_when=FIRST_COMPLETED)
                if not finished:
                    trim_heap()
                for future in finished:
                    step = futures.pop(future)
                    del running[step]
                    done[step] = future.result()
                    if torch_left == {step}:
                        release()
                    torch_left.discard(step)
        except KeyboardInterrupt:
            stop()
            raise
    return done


def blobs(value: Any) -> Iterator[Blob]:
    """Every blob inside a result."""
    if isinstance(value, Blob):
        yield value
    elif dataclasses.is_dataclass(value):
        for f in dataclasses.fields(value):
            yield from blobs(getattr(value, f.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from blobs(item)


def _run(step: Step, results: tuple[Any, ...], store: Store, listen: Listener) -> Done:
    from pydantic import TypeAdapter

    key, ingredients = key_of(step, results)
    start = time.monotonic()
    with store.lock(key):
        result = recall(step, key, store)
        cached = result is not None
        if not cached:
            listen(StepStarted(step.stage, step.label, key))
            said = _call(step, results, store, lambda line: listen(StepSaid(step.stage, step.label, line)))
            plain = keys.canonical(said)
            result = TypeAdapter(step.result).validate_python(plain)  # as the next build will read it
            store.record(step.stage, key, ingredients=ingredients, result=plain, blobs=blobs(result))
    seconds = time.monotonic() - start
    listen(StepFinished(step.stage, step.label, cached, round(seconds, 3), step.describe(result), key))
    return Done(result, cached, seconds)


def _call(step: Step, results: tuple[Any, ...], store: Store, say: Callable[[str], None]) -> Any:
    try:
        with store.steady_sources(), store.workspace(say) as workspace:
            return step.run(*results, workspace)
    except OSError as error:
        short = error.errno is None and "requested and" in str(error)  # numpy says how much it wrote, and no errno
        if error.errno not in _NO_ROOM and not short:
            raise
        raise EnvironmentLacksError(
            "ASC1003",
            f"{step.stage} {step.label} cannot write its results: {error.strerror or os.strerror(errno.ENOSPC)}",
            hint="free some space, or set ASCENDC_CACHE to a folder that has it",
        ) from error
