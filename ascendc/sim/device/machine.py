"""The whole simulated machine: devices, memory, models, and what is live of each.

One per process, made by ``acl.init`` and taken apart by ``acl.finalize``, which is loud about what was not given back.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ascendc.sim.device.codes import MODEL_ID_UNKNOWN, RT_HANDLE
from ascendc.sim.device.contexts import Contexts
from ascendc.sim.device.copies import Copies
from ascendc.sim.device.dump import Dumping
from ascendc.sim.device.dynamic_aipp import Setting
from ascendc.sim.device.event import Event
from ascendc.sim.device.failures import Failures
from ascendc.sim.device.faults import Faults
from ascendc.sim.device.handles import Handles
from ascendc.sim.device.load_config import LoadConfig
from ascendc.sim.device.memory import Kind, Memory
from ascendc.sim.device.model import Model
from ascendc.sim.device.objects import Dataset, Desc, TensorDesc
from ascendc.sim.device.reports import Reports
from ascendc.sim.device.stream import Stream
from ascendc.sim.device.tensors import Buffer
from ascendc.sim.settings import Settings


class Machine:
    """The state of AscendCL in a process.

    Args:
        settings: what is simulated.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.warnings: list[str] = []
        """What a real device might have let pass, and what is not right all the same."""
        self.faults = Faults(settings.faults)
        self.memory = Memory(settings.memory)
        self.copies = Copies(self.memory, self.warnings, board=settings.run_mode == 0, strict=settings.strict)
        self.contexts = Contexts(settings.devices)
        self.models: Handles[Model] = Handles("model", 1, MODEL_ID_UNKNOWN, step=1)
        self.descs: Handles[Desc] = Handles("model description", 0x30_0000)
        self.datasets: Handles[Dataset] = Handles("dataset", 0x40_0000)
        self.buffers: Handles[Buffer] = Handles("data buffer", 0x50_0000)
        self.tensors: Handles[TensorDesc] = Handles("tensor description", 0x60_0000)
        self.aipps: Handles[Setting] = Handles("AIPP setting", 0x70_0000)
        self.events: Handles[Event] = Handles("event", 0x80_0000, RT_HANDLE)
        self.configs: Handles[LoadConfig] = Handles("model configuration", 0x90_0000)
        self.reports = Reports()
        self.failures = Failures()
        self.gears: dict[int, tuple[int, ...]] = {}
        """By model, the gear that was set last, by which AscendCL says the present shape of outputs."""
        self.dumping: Dumping | None = None
        """What is dumped; of models that were loaded since it was asked for."""

    def set_device(self, device: int) -> None:
        """Use a device in this thread.

        Raises:
            AclError: there is no such device, or it is lost.
        """
        self.contexts.check_device(device)
        self.faults.strike("device-lost")
        self.contexts.set_device(device)

    def allocate(self, size: int, kind: Kind) -> int:
        """Memory of the device, or pinned memory of the host.

        Raises:
            AclError: there is no context, the size is 0, or there is too little.
        """
        device = self.contexts.device
        if kind == "device":
            self.faults.strike("device-lost")
            self.faults.strike("oom")
        else:
            self.faults.strike("host-oom")
        return self.memory.allocate(size, kind, device)

    def create_stream(self) -> int:
        """A stream in the context of this thread.

        Raises:
            AclError: there is no context, or no more streams.
        """
        context = self.contexts.current
        self.faults.strike("streams")
        return self.contexts.streams.add(Stream(context))

    def wait(self, stream: Stream) -> None:
        """Run what is in a stream.

        Raises:
            AclError: some of it failed, or the stream is lost.
        """
        self.faults.strike("handle")
        stream.wait()

    def check_copy(self, target: int, room: int, source: int, size: int, kind: int) -> None:
        """See that a copy may be made.

        Raises:
            AclError: it may not, or the device is lost.
        """
        _ = self.contexts.current
        self.faults.strike("device-lost")
        self.copies.check(target, room, source, size, kind)

    def load(self, path: Path) -> int:
        """Load an OM.

        Raises:
            AclError: it cannot be loaded.
        """
        _ = self.contexts.current
        self.faults.strike("device-lost")
        self.faults.strike("load")
        return self.models.add(Model.load(path, self.settings.soc, self.dumping))

    def describe(self, dataset: Dataset, index: int, desc: TensorDesc | None) -> None:
        """Put a description into a dataset, in the place of the one that is there; None takes it away."""
        if index in dataset.descs:
            self.tensors.remove(dataset.descs.pop(index))
        if desc is not None:
            dataset.descs[index] = self.tensors.add(desc)

    def destroy_dataset(self, number: int) -> None:
        """Take a dataset away, and the descriptions that belong to it.

        Raises:
            AclError: it is no live one.
        """
        dataset = self.datasets.remove(number)
        for index in tuple(dataset.descs):
            self.describe(dataset, index, None)

    def leaks(self) -> tuple[str, ...]:
        """What is live that should not be any more, in words."""
        owned = sum(len(dataset.descs) for dataset in self.datasets.live)
        blocks = Counter(block.kind for block in self.memory.live)
        kinds = (
            *((f"{kind} memory", count) for kind, count in sorted(blocks.items())),
            ("model", len(self.models)),
            ("model description", len(self.descs)),
            ("dataset", len(self.datasets)),
            ("data buffer", len(self.buffers)),
            ("tensor description", len(self.tensors) - owned),
            ("AIPP setting", len(self.aipps)),
            ("event", len(self.events)),
            ("model configuration", len(self.configs)),
            *self.contexts.live(),
        )
        return tuple(f"{count} × {kind}" for kind, count in kinds if count > 0)
