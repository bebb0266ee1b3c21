"""OM files on an Ascend device, by pyACL: buffers are made once, and a run copies in, runs, and copies out.

Python 3.7, numpy and CANN's pyACL.
"""

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, Union

import numpy as np

from .acl import Device, acl, current_context
from .om_buffers import Buffers
from .om_checks import check_file, check_memory
from .om_interface import Gear, read_interface
from .om_open import OpenBuffers
from .session import Session, SessionError

Slot = Union[Buffers, OpenBuffers]
"""The memory of one run."""


@dataclass
class _Started:
    """A run that was started, and whose answer nobody fetched yet."""

    slot: Slot
    gear: Optional[Gear]
    error: Optional[SessionError] = None
    """Why it failed, known once it was waited for: it is told to who started it, whoever waited."""


class OmSession(Session):
    """An OM, loaded on one device. One run at a time: threads wait for each other."""

    def __init__(self, path: str, device: int = 0, *, allow_simulated: bool = False) -> None:
        """Load `path`.

        Args:
            path: an ``.om`` file.
            device: number of the device, from 0.
            allow_simulated: whether an OM that the simulated ATC made may be offered to a real device.

        Raises:
            SessionError: pyACL is missing, the chip or the device is another, the CANN is older than the OM, or
                AscendCL refuses the file.
            TooLittleMemoryError: the device is too full.
        """
        self._path = path
        self._api = acl()
        self._lock = threading.RLock()
        self._device: Optional[Device] = None
        self._model: Optional[int] = None
        self._desc: Optional[int] = None
        self._slots: List[Slot] = []
        self._spare: List[Slot] = []
        self._running: Optional[_Started] = None
        check_file(path, self._api, allow_simulated=allow_simulated)
        before = current_context(self._api)
        try:
            self._device = Device(self._api, device)
            self._load()
            self._faces = read_interface(self._api, self._desc)
            self._spare.append(self._take())
        except BaseException:  # an interrupt too: nothing is left on the device
            self.close()
            raise
        finally:
            if before:
                self._api.module.rt.set_context(before)
        self.inputs, self.outputs = self._faces.inputs, self._faces.outputs
        self.device = "npu"
        self.engine = "pyACL {}{}".format(
            self._api.soc() or "unknown chip", " SIMULATED" if self._api.simulated else ""
        )
        self._api.adopt(self)

    def _load(self) -> None:
        mdl, device = self._api.module.mdl, self._device
        assert device is not None
        query = getattr(mdl, "query_size", None)
        if query is not None:
            work, weights, code = query(self._path)
            if not code:
                check_memory(self._path, work + weights, *device.memory())
        self._model = self._api.check("acl.mdl.load_from_file", mdl.load_from_file(self._path))
        self._desc = mdl.create_desc()
        self._api.check("acl.mdl.get_desc", mdl.get_desc(self._desc, self._model))

    def _sizes_for(self, feeds: Mapping[str, np.ndarray]) -> Tuple[int, ...]:
        return self._faces.rows_of(feeds) or self.batch_sizes

    def _run(self, feeds: Dict[str, np.ndarray]) -> List[np.ndarray]:
        with self._lock, self._open().current():
            if self._faces.open:
                return self._run_open(feeds)
            # Started and waited for, not executed in one call: pyACL lets other Python threads run in the wait alone.
            started = self._start(feeds)
            self._wait()
            return self._fetch(started)

    def _run_open(self, feeds: Dict[str, np.ndarray]) -> List[np.ndarray]:
        """Run with open shapes: AscendCL allocates outputs only in runs that it waits for."""
        slot = self._take()
        try:
            slot.feed(feeds, None)
            result = self._api.module.mdl.execute(self._model, slot.inputs, slot.outputs)
            self._api.check("acl.mdl.execute", result)
            return slot.fetch(None)
        finally:
            self._spare.append(slot)

    def resident(self, feeds: Mapping[str, np.ndarray]) -> Optional[Callable[[], None]]:
        """A call that executes on inputs which were copied once, as `Session.resident` says.

        None for an OM with open shapes: AscendCL allocates its outputs anew in every run.
        """
        checked = self.checked(feeds)
        if self._faces.open:
            return None

        def compute() -> None:
            with self._lock, self._open().current():
                stream = self._open().stream
                self._wait()
                result = self._api.module.mdl.execute_async(self._model, slot.inputs, slot.outputs, stream)
                self._api.check("acl.mdl.execute_async", result)
                self._api.check("acl.rt.synchronize_stream", self._api.module.rt.synchronize_stream(stream))

        with self._lock, self._open().current():
            slot = self._take()
            self._spare.append(slot)  # no run on the same shapes harms it
            slot.feed(checked, self._faces.gear(checked))
        return compute

    def run_many(self, feeds: Iterable[Mapping[str, np.ndarray]]) -> Iterator[Dict[str, np.ndarray]]:
        """Run on one after the other: while the device computes, the next inputs go to it.

        Between two answers the session may be used otherwise, by this thread and by others. An OM with open shapes is
        run by `run`.

        Args:
            feeds: as `run` takes them; the next is asked for before the answer to the last is given.

        Raises:
            SessionError: as `run`.
        """
        if self._faces.open:
            yield from map(self.run, feeds)
            return
        names = [spec.name for spec in self.outputs]
        source = iter(feeds)
        before: Optional[_Started] = None
        failure: Optional[Exception] = None
        try:
            while True:
                try:
                    checked = self.checked(next(source))
                except StopIteration:
                    break
                except Exception as error:  # noqa: BLE001 - whatever an iterable raises: once the answer before it is out
                    failure = error
                    break
                with self._lock, self._open().current():
                    done, before = before, self._start(checked)
                    found = self._fetch(done) if done is not None else None
                if found is not None:
                    yield dict(zip(names, found))
            if before is not None:
                with self._lock, self._open().current():
                    self._wait()
                    done, before = before, None
                    found = self._fetch(done)
                yield dict(zip(names, found))
        finally:
            if before is not None:
                self._abandon(before)
        if failure is not None:
            raise failure

    def _start(self, feeds: Dict[str, np.ndarray]) -> "_Started":
        """Copy `feeds` to the device, wait for the run before, and start this one."""
        stream = self._open().stream
        slot = self._take()
        try:
            gear = self._faces.gear(feeds)
            slot.feed(feeds, gear)
            self._wait()
            result = self._api.module.mdl.execute_async(self._model, slot.inputs, slot.outputs, stream)
            self._api.check("acl.mdl.execute_async", result)
        except SessionError:
            self._spare.append(slot)
            raise
        self._running = _Started(slot, gear)
        return self._running

    def _wait(self) -> None:
        """Until nothing of this model runs: a model runs once at a time. This thread has the context."""
        running, self._running = self._running, None
        if running is not None and self._device is not None:
            result = self._api.module.rt.synchronize_stream(self._device.stream)
            try:
                self._api.check("acl.rt.synchronize_stream", result)
            except SessionError as error:
                running.error = error

    def _fetch(self, done: _Started) -> List[np.ndarray]:
        """The outputs of a run that was waited for."""
        self._spare.append(done.slot)
        if done.error is not None:
            raise done.error
        return done.slot.fetch(done.gear)

    def _abandon(self, started: _Started) -> None:
        """Take back the buffers of a run whose answer nobody wants."""
        with self._lock:
            if not self.closed:
                with suppress(SessionError), self._open().current():  # nobody is left to tell
                    self._wait()
                self._spare.append(started.slot)

    def _take(self) -> Slot:
        """Buffers that no run uses; `_spare` gets them back."""
        if not self._spare:
            device = self._open()
            make = OpenBuffers if self._faces.open else Buffers
            slot = make(device, self._model, self._desc, self._faces)
            self._slots.append(slot)
            return slot
        return self._spare.pop()

    def _open(self) -> Device:
        if self.closed or self._device is None:
            raise SessionError("the session is closed")
        if os.getpid() != self._api.process:
            raise SessionError("the session was opened before this process was forked: open one here, or use `spawn`")
        return self._device

    def close(self) -> None:
        """Give back buffers, model, stream, context and device, in this order; a second time does nothing."""
        if os.getpid() != self._api.process:
            return  # the parent's: AscendCL, and perhaps a lock that nobody in this process holds
        with self._lock:
            device, self._device = self._device, None
            super().close()
            if device is None:
                return
            mdl, rt = self._api.module.mdl, self._api.module.rt
            before = current_context(self._api)
            if device.context is not None:
                rt.set_context(device.context)
                rt.synchronize_stream(device.stream)
            for slot in self._slots:
                slot.release()
            self._slots, self._spare = [], []
            if self._model is not None:
                mdl.unload(self._model)
            if self._desc is not None:
                mdl.destroy_desc(self._desc)
            self._model = self._desc = None
            ours = device.context
            device.release()
            if before and before != ours:
                rt.set_context(before)

    def __del__(self) -> None:
        """Close what nobody closed, unless AscendCL has ended: its objects must not be touched any more."""
        if getattr(self, "_lock", None) is not None and self._api.alive:
            self.close()
