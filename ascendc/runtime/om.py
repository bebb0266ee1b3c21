"""OM files on an Ascend device, by pyACL: buffers are made once, and a run copies in, runs, and copies out.

Python 3.7, numpy and CANN's pyACL.
"""

import threading
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

import numpy as np

from .acl import Acl, Device, acl
from .om_buffers import Buffers
from .om_interface import MARK, read_interface
from .session import Session, SessionError


class OmSession(Session):
    """An OM, loaded on one device. One run at a time: threads wait for each other."""

    def __init__(self, path: str, device: int = 0, *, soc: Optional[str] = None, allow_simulated: bool = False) -> None:
        """Load `path`.

        Args:
            path: an ``.om`` file.
            device: number of the device, from 0.
            soc: the chip that it was compiled for, if that is known: checked before it is loaded.
            allow_simulated: whether an OM that the simulated ATC made may be offered to a real device.

        Raises:
            SessionError: pyACL is missing, the chip or the device is another, there is too little memory, or AscendCL
                refuses the file.
        """
        self._path = path
        self._api = acl()
        self._lock = threading.RLock()
        self._device: Optional[Device] = None
        self._model: Optional[int] = None
        self._desc: Optional[int] = None
        self._slots: List[Buffers] = []
        name = self._api.soc()
        _check_file(path, self._api, name, soc, allow_simulated)
        try:
            self._device = Device(self._api, device)
            self._load()
            self._faces = read_interface(self._api, self._desc)
            self._slots.append(self._buffers())
        except SessionError:
            self.close()
            raise
        self.inputs, self.outputs = self._faces.inputs, self._faces.outputs
        self.device = "npu"
        self.engine = "pyACL {}{}".format(name or "unknown chip", " SIMULATED" if self._api.simulated else "")
        self._api.adopt(self)

    def _load(self) -> None:
        mdl, device = self._api.module.mdl, self._device
        assert device is not None
        query = getattr(mdl, "query_size", None)
        if query is not None:
            work, weights, code = query(self._path)
            free, total = device.memory()
            if not code and total and work + weights > free:
                raise SessionError(
                    "`{}` needs {:.0f} MB on the device, which has {:.0f} of {:.0f} MB free".format(
                        self._path, (work + weights) / 1e6, free / 1e6, total / 1e6
                    )
                )
        self._model = self._api.check("acl.mdl.load_from_file", mdl.load_from_file(self._path))
        self._desc = mdl.create_desc()
        self._api.check("acl.mdl.get_desc", mdl.get_desc(self._desc, self._model))

    def _buffers(self) -> Buffers:
        assert self._device is not None
        return Buffers(self._device, self._model, self._desc, self._faces)

    def _run(self, feeds: Dict[str, np.ndarray]) -> List[np.ndarray]:
        with self._lock:
            device = self._open()
            device.enter()
            slot = self._slots[0]
            gear = self._faces.gear(feeds)
            slot.feed(feeds, gear)
            self._api.check("acl.mdl.execute", self._api.module.mdl.execute(self._model, slot.inputs, slot.outputs))
            return slot.fetch(gear)

    def run_many(self, feeds: Iterable[Mapping[str, np.ndarray]]) -> Iterator[Dict[str, np.ndarray]]:
        """Run on one after the other: while the device computes, the next inputs go to it.

        Args:
            feeds: as `run` takes them; the next is asked for before the answer to the last is given.

        Raises:
            SessionError: as `run`.
        """
        names = [spec.name for spec in self.outputs]
        before: Optional[Tuple[Buffers, Any]] = None
        with self._lock:
            self._open()
            if len(self._slots) == 1:
                self._enter()
                self._slots.append(self._buffers())
            for index, one in enumerate(feeds):
                checked = self.checked(one)
                self._enter()
                slot, gear = self._slots[index % 2], self._faces.gear(checked)
                slot.feed(checked, gear)
                if before is not None:
                    self._wait()
                self._start(slot)
                if before is not None:
                    yield dict(zip(names, before[0].fetch(before[1])))
                before = (slot, gear)
            if before is not None:
                self._enter()
                self._wait()
                yield dict(zip(names, before[0].fetch(before[1])))

    def _open(self) -> Device:
        if self.closed or self._device is None:
            raise SessionError("the session is closed")
        return self._device

    def _enter(self) -> None:
        self._open().enter()

    def _start(self, slot: Buffers) -> None:
        stream = self._open().stream
        result = self._api.module.mdl.execute_async(self._model, slot.inputs, slot.outputs, stream)
        self._api.check("acl.mdl.execute_async", result)

    def _wait(self) -> None:
        stream = self._open().stream
        self._api.check("acl.rt.synchronize_stream", self._api.module.rt.synchronize_stream(stream))

    def close(self) -> None:
        """Give back buffers, model, stream, context and device, in this order; a second time does nothing."""
        with self._lock:
            device, self._device = self._device, None
            super().close()
            if device is None:
                return
            mdl = self._api.module.mdl
            if device.context is not None:
                self._api.module.rt.set_context(device.context)
                self._api.module.rt.synchronize_stream(device.stream)
            for slot in self._slots:
                slot.release()
            self._slots = []
            if self._model is not None:
                mdl.unload(self._model)
            if self._desc is not None:
                mdl.destroy_desc(self._desc)
            self._model = self._desc = None
            device.release()

    def __del__(self) -> None:
        """Close what nobody closed, unless AscendCL has ended: its objects must not be touched any more."""
        if getattr(self, "_lock", None) is not None and self._api.alive:
            self.close()


def _check_file(path: str, api: Acl, name: str, soc: Optional[str], allow_simulated: bool) -> None:
    """Refuse what cannot run, in words, before AscendCL does in numbers."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib's open is the same, and this is Python 3.7
            head = file.read(1 << 20)
    except OSError as error:
        raise SessionError("`{}` cannot be read: {}".format(path, error.strerror)) from error
    if head[:4] not in (b"IMOD", b"PK\x03\x04"):
        raise SessionError("`{}` is no OM: it begins with {!r}".format(path, head[:4]))
    if MARK in head and not api.simulated and not allow_simulated:
        raise SessionError(
            "`{}` was made by the simulated ATC: no device can run it; compile it with CANN's".format(path)
        )
    if soc and name and family(soc) != family(name):
        raise SessionError("`{}` was compiled for {}, and this is {}: choose the target for it".format(path, soc, name))


def family(soc: str) -> str:
    """The part of a chip's name that decides whether an OM may load: ``Ascend310P`` of ``Ascend310P3``.

    Source: the graph engine compares architectures, which the chips of a generation share (August 2026). Bare
    ``Ascend910B`` is a first-generation 910.
    """
    name = "Ascend910A" if soc in ("Ascend910", "Ascend910B") else soc
    for generation in ("Ascend310P", "Ascend310B", "Ascend910_93", "Ascend910_95", "Ascend910B"):
        if name.startswith(generation):
            return generation
    return "Ascend910" if name.startswith("Ascend910") else name
