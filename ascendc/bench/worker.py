"""The measuring process: opens one part on one configuration, runs it, and tells what it took."""

from __future__ import annotations

import importlib
import time
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Literal

import numpy as np

from ascendc.bench.clock import in_turns, timed, under_load, warm_up
from ascendc.bench.feeds import Preparation, rows
from ascendc.bench.footprint import Footprint, footprint, reset_peak
from ascendc.bench.work import ColdStart, Done, Opened, Timed, Undone, WrongInput
from ascendc.errors import AscendcError, EnvironmentLacksError
from ascendc.runtime import InputError, Session, SessionError, open_session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import numpy.typing as npt

    from ascendc.bench.work import Answer, Request
    from ascendc.torch_device import Precision

    Feeds = dict[str, npt.NDArray[Any]]

_ENGINES = {"torch": "torch", "onnx": "onnxruntime", "om": "acl"}


def main(descriptor: int) -> None:
    """Answer the one request that comes through a pipe."""
    with Connection(descriptor) as pipe:
        request: Request = pipe.recv()
        for answer in serve(request):
            pipe.send(answer)


def serve(request: Request) -> Iterator[Answer]:
    """Open, run once, and then each batch size."""
    with suppress(ImportError):  # the session says so, and knows what helps
        importlib.import_module(_ENGINES[request.configuration.runtime])
    imported = time.monotonic()
    try:
        session = open_for(request)
    except (SessionError, EnvironmentLacksError) as error:
        yield Undone(None, "unavailable", str(error))
        return
    except AscendcError as error:
        yield Undone(None, "failed", error.message)
        return
    opened = time.monotonic()
    with session:
        try:
            preparation = _preparation(request, session)
        except InputError as error:
            yield WrongInput(str(error))
            return
        fits = [batch for batch in request.protocol.batches if not _refused(session, batch)]
        if fits:
            try:
                [first] = timed(partial(session.run, _feeds(request, preparation, fits[0])), 1)
            except SessionError as error:
                yield Undone(None, "failed", str(error))
                return
            cold_start = ColdStart("measured", imported - request.started, opened - imported, first)
            inputs: Literal["given", "golden"] = "given" if preparation else "golden"
            yield Opened(session.engine, " SIMULATED" in session.engine, inputs, cold_start)
        for batch in request.protocol.batches:
            try:
                yield _batch(request, session, preparation, batch)
            except SessionError as error:
                yield Undone(batch, "failed", str(error))


def open_for(request: Request) -> Session:
    """The session of a request.

    Raises:
        SessionError, EnvironmentLacksError: it is not to be had here.
        AscendcError: the recipe is at fault, or its model.
    """
    configuration = request.configuration
    if configuration.runtime != "torch":
        return open_session(request.model, configuration.device)
    from ascendc import devices, registry
    from ascendc.driver import prepare
    from ascendc.store import Store
    from ascendc.torch_session import session_for

    device = devices.choose(configuration.device).device
    planner = prepare(request.model, request.overrides, Store(), registry.load())
    [part] = [part for part in planner.parts if part.name == request.part]
    recipe = planner.recipe
    module = planner.model.module(part.name, recipe.model.weights, recipe.export.attention)
    precision: Precision = configuration.precision  # type: ignore[assignment]  # of torch it is one
    return session_for(module, part, device, precision)


def _preparation(request: Request, session: Session) -> Preparation | None:
    """None: the part is not made from what was given."""
    if not request.given:
        return None
    preparation = Preparation(request.half, request.part, request.given, session)
    return preparation if preparation.takes() else None


def _batch(request: Request, session: Session, preparation: Preparation | None, batch: int) -> Done | Undone:
    if refused := _refused(session, batch):
        return Undone(batch, "unavailable", refused)
    figures = None if " SIMULATED" in session.engine else _timed(request, session, preparation, batch)
    return Done(batch, figures, _answers(request, session, batch))


def _timed(request: Request, session: Session, preparation: Preparation | None, batch: int) -> Timed:
    protocol, feeds = request.protocol, _feeds(request, preparation, batch)

    def run() -> object:
        return session.run(feeds)

    was_reset = _reset_peak(session)
    warm = warm_up(run, protocol.warmup)
    whole = None if preparation is None else partial(_whole, session, preparation, batch)
    samples, computed, prepared = in_turns((run, session.resident(feeds), whole), protocol.runs_a_round)
    loads = tuple(under_load(run, clients, protocol.runs_a_round) for clients in protocol.clients)
    return Timed(
        warm_up=warm,
        latency_ms=tuple(samples),
        compute_ms=tuple(computed),
        whole_ms=tuple(prepared),
        loads=loads,
        memory=_footprint(session, was_reset=was_reset),
    )


def _whole(session: Session, preparation: Preparation, batch: int) -> object:
    return session.run(preparation.batch(batch))


def _answers(request: Request, session: Session, batch: int) -> Feeds:
    """Outputs on the golden inputs, in runs of exactly `batch` rows."""
    count = len(next(iter(request.golden.values())))
    pieces = [session.run(rows(request.golden, start, batch)) for start in range(0, count, batch)]
    return {name: np.concatenate([piece[name] for piece in pieces])[:count] for name in pieces[0]}


def _feeds(request: Request, preparation: Preparation | None, batch: int) -> Feeds:
    return preparation.batch(batch) if preparation else rows(request.golden, 0, batch)


def _refused(session: Session, batch: int) -> str:
    """Why the engine takes no such batch; empty: it does."""
    sizes = session.batch_sizes
    if not sizes or batch in sizes:
        return ""
    return f"it was compiled for a batch of {' or '.join(map(str, sizes))}, not {batch}"


def _reset_peak(session: Session) -> bool:
    reset = getattr(session, "reset_peak", None)  # a TorchSession's: that module is imported only where torch is
    if reset is not None:
        reset()
    return reset_peak()


def _footprint(session: Session, *, was_reset: bool) -> Footprint:
    memory = getattr(session, "memory", None)
    return footprint(memory() if memory is not None else None, was_reset=was_reset)
