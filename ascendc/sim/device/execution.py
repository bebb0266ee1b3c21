"""One call of ``execute``: checked when it is made, and run when its stream comes to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ascendc.sim.device import tensors
from ascendc.sim.device.codes import GE_DATA_SIZE, GE_FAILURE, INVALID_PARAM, RT_PARAM, AclError
from ascendc.sim.device.objects import Dataset, TensorDesc
from ascendc.sim.device.shapes import Shape, within
from ascendc.sim.device.tensors import Buffer

if TYPE_CHECKING:
    from ascendc.sim.device.machine import Machine

SLOW = 2.0
"""Seconds that a run takes under the fault ``slow``."""

_SLACK = 64
"""Bytes that a buffer of a model with fixed shapes may be too small by before AscendCL refuses it."""


class Execution:
    """A run of a model, with the shapes and buffers that it was asked for with.

    Args:
        machine: where.
        model: handle of the model.
        inputs: handle of the dataset that it reads.
        outputs: handle of the dataset that it writes into.

    Raises:
        AclError: a handle is wrong, or buffers or shapes are not what the model wants.
    """

    def __init__(self, machine: Machine, model: int, inputs: int, outputs: int) -> None:
        _ = machine.contexts.current
        self._machine = machine
        self._model = machine.models.get(model)
        fed, self._given = machine.datasets.get(inputs), machine.datasets.get(outputs)
        for ports, dataset, what in (
            (self._model.inputs, fed, "inputs"),
            (self._model.outputs, self._given, "outputs"),
        ):
            if len(ports) != len(dataset.buffers):
                counts = f"{len(ports)} {what}, and {len(dataset.buffers)} are given"
                raise AclError(INVALID_PARAM, f"the model has {counts}")
        self._inputs = [machine.buffers.get(number) for number in fed.buffers]
        for number in self._given.buffers:
            machine.buffers.get(number)
        self._network = self._open_shapes(fed) if self._model.ranges else self._model.graph_shapes(fed.gear)
        self._shapes = self._network if self._model.ranges else self._model.input_shapes(fed.gear)

    def _open_shapes(self, fed: Dataset) -> list[Shape]:
        """As the descriptions in the dataset say them.

        Raises:
            AclError: one is missing, or out of the range that the model was compiled for.
        """
        found = []
        for index, (port, limits) in enumerate(zip(self._model.fed, self._model.ranges, strict=True)):
            shape = self._machine.tensors.get(fed.descs[index]).shape if index in fed.descs else port.shape or ()
            if not within(shape, limits):
                said = (
                    f"the shape {list(shape)} of input {port.name} is out of its range {[list(one) for one in limits]}"
                )
                hint = "" if index in fed.descs else ": set_dataset_tensor_desc was not called for it"
                raise AclError(INVALID_PARAM, f"{said}{hint}")
            found.append(shape)
        return found

    def promise(self) -> None:
        """Describe the outputs before they are there, as an asynchronous call does on return."""
        if self._model.ranges:
            self._describe(self._model.measured(self._network))

    def run(self, *, allocate: bool = False) -> None:
        """Run now.

        Args:
            allocate: make the buffers of outputs whose address is null; whoever called frees them.

        Raises:
            AclError: it fails.
        """
        faults = self._machine.faults
        faults.strike("device-lost")
        faults.strike("exec")
        if faults.due("slow"):
            time.sleep(SLOW)
        for buffer in self._inputs:
            self._check(buffer, "an input")
        results = self._model.run([self._read(index) for index in range(len(self._shapes))], self._network)
        if self._model.ranges:
            self._describe([result.shape for result in results])
        for index, (port, result) in enumerate(zip(self._model.outputs, results, strict=True)):
            self._write(index, tensors.packed(port, result), allocate)

    def _read(self, index: int) -> tensors.Array:
        port, shape, buffer = self._model.inputs[index], self._shapes[index], self._inputs[index]
        size = tensors.size_of(port, shape)
        if buffer.size + _SLACK < size and self._model.gears is None:
            raise AclError(GE_DATA_SIZE, f"input {port.name} needs {size} bytes, and its buffer has {buffer.size}")
        return tensors.read(port, shape, buffer)

    def _write(self, index: int, raw: bytes, allocate: bool) -> None:
        number = self._given.buffers[index]
        buffer = self._machine.buffers.get(number)
        if allocate and not buffer.address:
            size = self._model.output_sizes[index] or len(raw)
            buffer = Buffer(self._machine.allocate(max(size, 1), "device"), size)
            self._machine.buffers.replace(number, buffer)
        self._check(buffer, "an output")
        slack, code = (0, GE_FAILURE) if self._model.ranges else (_SLACK, GE_DATA_SIZE)
        if len(raw) > buffer.size + slack:
            name = self._model.outputs[index].name
            raise AclError(code, f"output {name} has {len(raw)} bytes, and its buffer {buffer.size}")
        tensors.write(raw, buffer)

    def _check(self, buffer: Buffer, what: str) -> None:
        self._machine.memory.check(buffer.address, buffer.size, what)
        if self._machine.settings.run_mode == 1 and not self._machine.memory.on_device(buffer.address):
            raise AclError(RT_PARAM, f"{what} lies in memory of the host")

    def _describe(self, shapes: list[Shape] | tuple[Shape, ...]) -> None:
        for index, (port, shape) in enumerate(zip(self._model.outputs, shapes, strict=True)):
            self._machine.describe(self._given, index, TensorDesc.of(port, shape))
