"""The measuring process: opens parts on one configuration, runs them, and tells what it took."""

from __future__ import annotations

import importlib
import time
from contextlib import ExitStack, suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from ascendc.bench.clients import be_client, in_processes
from ascendc.bench.clock import in_turns, timed, under_load, warm_up
from ascendc.bench.footprint import Footprint, footprint, reset_peak
from ascendc.bench.trial import Alone, Together, member
from ascendc.bench.work import ColdStart, Done, Opened, Timed, Undone, WrongInput
from ascendc.errors import AscendcError, EnvironmentLacksError
from ascendc.runtime import InputError, Session, SessionError, open_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ascendc.bench.work import Answer, Request, Wanted
    from ascendc.torch_device import Precision

_ENGINES = {"torch": "torch", "onnx": "onnxruntime", "om": "acl"}


def main(descriptor: int) -> None:
    """Answer the one request that comes through a pipe."""
    with Connection(descriptor) as pipe:
        request: Request = pipe.recv()
        if request.client is not None:
            _be_client(request, pipe, request.client)
            return
        for answer in serve(request):
            pipe.send(answer)


def serve(request: Request) -> Iterator[Answer]:
    """Open, run once, and then each batch size."""
    try:
        yield from _served(request)
    except InputError as error:
        yield WrongInput(str(error))


def _served(request: Request) -> Iterator[Answer]:
    with suppress(ImportError):  # the session says so, and knows what helps
        importlib.import_module(_ENGINES[request.configuration.runtime])
    imported = time.monotonic()
    with ExitStack() as stack:
        try:
            sessions = {one.part: stack.enter_context(open_for(request, one)) for one in request.parts}
        except (SessionError, EnvironmentLacksError) as error:
            yield Undone(None, "unavailable", str(error))
            return
        except AscendcError as error:
            yield Undone(None, "failed", error.message)
            return
        opened = time.monotonic()
        trial = _trial(request, sessions)
        engine = ", ".join(dict.fromkeys(session.engine for session in sessions.values()))
        fits = [batch for batch in request.protocol.batches if not trial.refused(batch)]
        if fits:
            try:
                [first] = timed(partial(trial.run, trial.feeds(fits[0])), 1)
            except (SessionError, MemoryError) as error:
                yield Undone(None, "failed", _said(error))
                return
            cold_start = ColdStart("measured", imported - request.started, opened - imported, first)
            yield Opened(engine, " SIMULATED" in engine, trial.inputs, cold_start)
        for batch in request.protocol.batches:
            try:
                yield _batch(request, trial, next(iter(sessions.values())), batch)
            except (SessionError, MemoryError) as error:
                yield Undone(batch, "failed", _said(error))


def _said(error: SessionError | MemoryError) -> str:
    return f"there is not the memory for it: {error}" if isinstance(error, MemoryError) else str(error)


def open_for(request: Request, wanted: Wanted) -> Session:
    """The session of a part.

    Raises:
        SessionError, EnvironmentLacksError: it is not to be had here.
        AscendcError: the recipe is at fault, or its model.
    """
    configuration = request.configuration
    if configuration.runtime != "torch":
        return open_session(wanted.model, configuration.device)
    from ascendc import devices, registry
    from ascendc.driver import prepare
    from ascendc.store import Store
    from ascendc.torch_session import session_for

    device = devices.choose(configuration.device).device
    planner = prepare(wanted.model, request.overrides, Store(), registry.load())
    [part] = [part for part in planner.parts if part.name == wanted.part]
    recipe = planner.recipe
    module = planner.model.module(part.name, recipe.model.weights, recipe.export.attention)
    precision: Precision = configuration.precision  # type: ignore[assignment]  # of torch it is one
    return session_for(module, part, device, precision)


def _be_client(request: Request, pipe: Connection, batch: int) -> None:
    with ExitStack() as stack:
        try:
            sessions = {one.part: stack.enter_context(open_for(request, one)) for one in request.parts}
            be_client(pipe, _trial(request, sessions), batch, request.protocol.warmup)
        except (SessionError, AscendcError) as error:  # such as: the device has no room for one more
            pipe.send(Undone(batch, "failed", str(error)))


def _trial(request: Request, sessions: Mapping[str, Session]) -> Alone | Together:
    half, given = request.half, request.given
    members = [member(one.part, sessions[one.part], one.golden, half, given) for one in request.parts]
    return Alone(members[0], given) if len(members) == 1 else Together(members, given, half)


def _batch(request: Request, trial: Alone | Together, session: Session, batch: int) -> Done | Undone:
    if refused := trial.refused(batch):
        return Undone(batch, "unavailable", refused)
    figures = None if " SIMULATED" in session.engine else _timed(request, trial, session, batch)
    return Done(batch, figures, trial.answers(batch))


def _timed(request: Request, trial: Alone | Together, session: Session, batch: int) -> Timed:
    protocol, feeds = request.protocol, trial.feeds(batch)
    run = partial(trial.run, feeds)
    was_reset = _reset_peak(session)
    warm = warm_up(run, protocol.warmup)
    ways = (run, trial.compute(feeds), trial.whole(batch))
    samples, computed, prepared = in_turns(ways, protocol.runs_a_round)
    if protocol.client_processes:
        seconds = sum(samples) / 1e3
        loads = tuple(in_processes(request, batch, clients, seconds) for clients in protocol.clients)
    else:
        loads = tuple(under_load(run, clients, protocol.runs_a_round) for clients in protocol.clients)
    return Timed(
        warm_up=warm,
        latency_ms=tuple(samples),
        compute_ms=tuple(computed),
        whole_ms=tuple(prepared),
        loads=loads,
        memory=_footprint(session, was_reset=was_reset),
    )


def _reset_peak(session: Session) -> bool:
    reset = getattr(session, "reset_peak", None)  # a TorchSession's: that module is imported only where torch is
    if reset is not None:
        reset()
    return reset_peak()


def _footprint(session: Session, *, was_reset: bool) -> Footprint:
    """Of the device's allocator, which all sessions of a process share."""
    memory = getattr(session, "memory", None)
    return footprint(memory() if memory is not None else None, was_reset=was_reset)
