"""The whole simulated machine: devices, contexts, memory, models, and what is live of each.

One per process, made by ``acl.init`` and taken apart by ``acl.finalize``, which is loud about what was not given back.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ascendc.cann.om.interface import Port
from ascendc.sim.device.codes import (
    GE_LOAD,
    INVALID_PARAM,
    MODEL_ID_UNKNOWN,
    RT_AICORE_EXCEPTION,
    RT_DEVICE_ID,
    RT_DRIVER,
    RT_HANDLE,
    RT_NO_CONTEXT,
    RT_OUT_OF_MEMORY,
    RT_PARAM,
    RT_STREAM_CONTEXT,
    AclError,
)
from ascendc.sim.device.handles import Handles
from ascendc.sim.device.memory import Kind, Memory
from ascendc.sim.device.model import Buffer, Model
from ascendc.sim.device.stream import Stream
from ascendc.sim.settings import Fault, Settings

SLOW = 2.0
"""Seconds that a run takes under the fault ``slow``."""

_FAULT_CODES = {
    "device-lost": RT_DRIVER,
    "oom": RT_OUT_OF_MEMORY,
    "exec": RT_AICORE_EXCEPTION,
    "load": GE_LOAD,
}


@dataclass
class Context:
    """A context, and the device it belongs to."""

    device: int
    stream: int = 0
    """Its default stream."""


@dataclass
class TensorDesc:
    """``aclTensorDesc``."""

    dtype: int
    shape: tuple[int, ...]
    format: int


@dataclass
class Dataset:
    """``aclmdlDataset``: buffers in order, and what was said about them."""

    buffers: list[int] = field(default_factory=list)
    descs: dict[int, TensorDesc] = field(default_factory=dict)
    gear: tuple[int, ...] | None = None


@dataclass
class Desc:
    """``aclmdlDesc``; empty until it is asked for a model."""

    model: Model | None = None
    number: int = 0

    @property
    def known(self) -> Model:
        """The model it describes.

        Raises:
            AclError: none yet.
        """
        if self.model is None:
            raise AclError(INVALID_PARAM, "the model description is empty: call get_desc first")
        return self.model

    def port(self, index: int, *, output: bool = False) -> Port:
        """An input or output.

        Raises:
            AclError: there is none of this index.
        """
        ports = self.known.outputs if output else self.known.inputs
        if not 0 <= index < len(ports):
            raise AclError(INVALID_PARAM, f"index {index} is not below {len(ports)}")
        return ports[index]


class Machine:
    """The state of AscendCL in a process.

    Args:
        settings: what is simulated.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.memory = Memory(settings.memory)
        self.contexts: Handles[Context] = Handles("context", 0x10_0000, RT_NO_CONTEXT)
        self.streams: Handles[Stream] = Handles("stream", 0x20_0000, RT_HANDLE)
        self.models: Handles[Model] = Handles("model", 1, MODEL_ID_UNKNOWN, step=1)
        self.descs: Handles[Desc] = Handles("model description", 0x30_0000)
        self.datasets: Handles[Dataset] = Handles("dataset", 0x40_0000)
        self.buffers: Handles[Buffer] = Handles("data buffer", 0x50_0000)
        self.tensors: Handles[TensorDesc] = Handles("tensor description", 0x60_0000)
        self.warnings: list[str] = []
        """What a real device might have let pass, and what is not right all the same."""
        self.calls: Counter[str] = Counter()
        """How often a fault was asked for."""
        self._set: Counter[int] = Counter()
        self._defaults: dict[int, int] = {}
        self._gears: dict[int, tuple[int, ...]] = {}
        self._thread = threading.local()
        self._lock = threading.RLock()

    # devices and contexts

    def set_device(self, device: int) -> None:
        """Use a device in this thread, through its default context.

        Raises:
            AclError: there is no such device.
        """
        self.check_device(device)
        self.fault("device-lost")
        with self._lock:
            self._set[device] += 1
            if device not in self._defaults:
                self._defaults[device] = self.new_context(device)
            self._thread.context = self._defaults[device]

    def reset_device(self, device: int) -> None:
        """Let go of a device; the last of those who use it takes its default context along.

        Raises:
            AclError: there is no such device, or it is not in use.
        """
        self.check_device(device)
        with self._lock:
            if not self._set[device]:
                raise AclError(RT_DEVICE_ID, f"device {device} is not set")
            self._set[device] -= 1
            if not self._set[device]:
                self.destroy_context(self._defaults.pop(device))

    def check_device(self, device: int) -> None:
        """See that there is such a device.

        Raises:
            AclError: there is none.
        """
        if not 0 <= device < self.settings.devices:
            raise AclError(RT_DEVICE_ID, f"device {device} is not below {self.settings.devices}")

    def new_context(self, device: int) -> int:
        """A context with a stream of its own, current in this thread.

        Raises:
            AclError: there is no such device.
        """
        self.check_device(device)
        number = self.contexts.add(Context(device))
        self.contexts.get(number).stream = self.streams.add(Stream(number))
        self._thread.context = number
        return number

    def destroy_context(self, number: int) -> None:
        """Take a context and its default stream away.

        Raises:
            AclError: it is no live one.
        """
        context = self.contexts.remove(number)
        self.streams.remove(context.stream)

    @property
    def context(self) -> int:
        """The context of this thread.

        Raises:
            AclError: it has none: threads inherit nothing.
        """
        number: int | None = getattr(self._thread, "context", None)
        if number is None or number not in self.contexts:
            raise AclError(RT_NO_CONTEXT, "this thread has no context: call set_context or set_device in it")
        return number

    @context.setter
    def context(self, number: int) -> None:
        self.contexts.get(number)
        self._thread.context = number

    @property
    def device(self) -> int:
        """The device of this thread's context."""
        return self.contexts.get(self.context).device

    def stream(self, number: int | None) -> Stream:
        """A stream of this thread's context; 0 and None are its default one.

        Raises:
            AclError: it is no live one, or another context's.
        """
        context = self.context
        found = self.streams.get(number or self.contexts.get(context).stream)
        if found.context != context:
            raise AclError(RT_STREAM_CONTEXT, f"stream {number} belongs to another context")
        return found

    def streams_of(self, device: int) -> list[Stream]:
        """Every stream of a device."""
        return [stream for stream in self.streams.live if self.contexts.get(stream.context).device == device]

    # memory

    def allocate(self, size: int, kind: Kind) -> int:
        """Memory of the device, or pinned memory of the host.

        Raises:
            AclError: there is no context, the size is 0, or there is too little.
        """
        device = self.device
        if kind == "device":
            self.fault("device-lost")
            self.fault("oom")
        return self.memory.allocate(size, kind, device)

    def checked_copy(self, target: int, room: int, source: int, size: int, direction: int) -> None:
        """See that a copy may be made.

        Raises:
            AclError: it may not.
        """
        _ = self.context
        self.fault("device-lost")
        if size > room:
            raise AclError(RT_PARAM, f"{size} bytes do not go into {room}")
        self.memory.check(target, size, "the target of a copy")
        self.memory.check(source, size, "the source of a copy")
        if direction not in range(5):
            raise AclError(RT_PARAM, f"{direction} is no kind of copy")
        self._check_direction(target, source, direction)

    def _check_direction(self, target: int, source: int, direction: int) -> None:
        if self.settings.run_mode == 0:
            if direction in (1, 2):
                self.warnings.append("a copy between host and device on a board, where both are one")
            return
        wants = {0: (False, False), 1: (True, False), 2: (False, True), 3: (True, True)}.get(direction)
        found = tuple(self._on_device(address) for address in (target, source))
        if wants is not None and wants != found:
            names = ["host to host", "host to device", "device to host", "device to device"]
            raise AclError(RT_PARAM, f"a copy that is said to be {names[direction]} is not")

    def _on_device(self, address: int) -> bool:
        block = self.memory.find(address)
        return block is not None and block.kind == "device"

    # models

    def load(self, path: Path) -> int:
        """Load an OM.

        Raises:
            AclError: it cannot be loaded.
        """
        _ = self.context
        self.fault("device-lost")
        self.fault("load")
        return self.models.add(Model.load(path, self.settings.soc))

    def plan_run(self, model: int, inputs: int, outputs: int) -> tuple[Model, list[Buffer], list[Buffer], Dataset]:
        """Everything that a run needs, checked when it is asked for.

        Raises:
            AclError: a handle is wrong, or the buffers are not as many as the model wants.
        """
        _ = self.context
        found, fed, given = self.models.get(model), self.datasets.get(inputs), self.datasets.get(outputs)
        for ports, dataset, what in ((found.inputs, fed, "inputs"), (found.outputs, given, "outputs")):
            if len(ports) != len(dataset.buffers):
                counts = f"{len(ports)} {what}, and {len(dataset.buffers)} are given"
                raise AclError(INVALID_PARAM, f"the model has {counts}")
        buffers = [[self.buffers.get(number) for number in dataset.buffers] for dataset in (fed, given)]
        return found, buffers[0], buffers[1], fed

    def run(self, model: Model, inputs: list[Buffer], outputs: list[Buffer], dataset: Dataset) -> None:
        """Run now.

        Raises:
            AclError: it fails.
        """
        self.fault("device-lost")
        self.fault("exec")
        if self._due("slow"):
            time.sleep(SLOW)
        for buffer, what in (*((b, "an input") for b in inputs), *((b, "an output") for b in outputs)):
            self.memory.check(buffer.address, buffer.size, what)
            if self.settings.run_mode == 1 and not self._on_device(buffer.address):
                raise AclError(RT_PARAM, f"{what} lies in memory of the host")
        model.run(inputs, outputs, dataset.gear)

    def remember_gear(self, model: int, gear: tuple[int, ...]) -> None:
        """The gear that was set last, by which AscendCL says the present shape of outputs."""
        self._gears[model] = gear

    def gear_of(self, model: int) -> tuple[int, ...] | None:
        """What `remember_gear` was told."""
        return self._gears.get(model)

    # faults and leaks

    def fault(self, name: str) -> None:
        """Fail if this is to fail now.

        Raises:
            AclError: it is.
        """
        if self._due(name):
            raise AclError(_FAULT_CODES[name], f"simulated fault: {name}")

    def _due(self, name: str) -> bool:
        faults: list[Fault] = [fault for fault in self.settings.faults if fault.name == name]
        if not faults:
            return False
        self.calls[name] += 1
        count = self.calls[name]
        return any(f.after < count and (f.times is None or count <= f.after + f.times) for f in faults)

    def leaks(self) -> tuple[str, ...]:
        """What is live that should not be any more, in words."""
        blocks = Counter(block.kind for block in self.memory.live)
        kinds = (
            *((f"{kind} memory", count) for kind, count in sorted(blocks.items())),
            ("model", len(self.models)),
            ("model description", len(self.descs)),
            ("dataset", len(self.datasets)),
            ("data buffer", len(self.buffers)),
            ("tensor description", len(self.tensors)),
            ("stream", len(self.streams) - len(self.contexts)),
            ("context", len(self.contexts) - len(self._defaults)),
            ("device", len(self._defaults)),
        )
        return tuple(f"{count} × {kind}" for kind, count in kinds if count > 0)
