"""One call of ``execute``: checked when it is made, and run when its stream comes to it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ascendc.sim.device import tensors
from ascendc.sim.device.codes import (
    GE_FAILURE,
    GE_PARAM,
    INVALID_PARAM,
    RT_AICORE_EXCEPTION,
    RT_AICORE_TIMEOUT,
    RT_PARAM,
    AclError,
)
from ascendc.sim.device.objects import Dataset, TensorDesc
from ascendc.sim.device.request import Request
from ascendc.sim.device.shapes import Shape
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
        self._machine, self._device = machine, machine.contexts.device
        self._number, self._model = model, machine.models.get(model)
        self._layout = self._model.layout
        fed, self._given = machine.datasets.get(inputs), machine.datasets.get(outputs)
        self._check_count("inputs", len(self._layout.inputs), fed)
        self._check_count("outputs", len(self._layout.outputs), self._given)
        self._inputs = [machine.buffers.get(number) for number in fed.buffers]
        for number in self._given.buffers:
            machine.buffers.get(number)
        descs = {index: machine.tensors.get(number) for index, number in fed.descs.items()}
        self._request = Request.of(self._layout, fed, descs)

    def promise(self) -> None:
        """Describe the outputs before they are there, as an asynchronous call does on return."""
        if self._layout.ranges:
            self._describe(self._layout.measure(self._request.network))

    def run(self, *, allocate: bool = False) -> None:
        """Run now.

        Args:
            allocate: make the buffers of outputs whose address and size are 0; whoever called frees them.

        Raises:
            AclError: it fails.
        """
        try:
            self._run(allocate)
        except AclError as error:
            if error.code in (RT_AICORE_EXCEPTION, RT_AICORE_TIMEOUT):
                self._machine.failures.tell(error.code, self._device)
            raise

    def _run(self, allocate: bool) -> None:
        faults, request = self._machine.faults, self._request
        faults.strike("device-lost")
        faults.strike("exec")
        faults.strike("timeout")
        if faults.due("slow"):
            time.sleep(SLOW)
        for buffer in self._inputs:
            self._check(buffer, "an input")
        feeds = [self._read(index) for index in range(len(request.handed))]
        ran = self._model.run(feeds, request.network, request.blocks)
        results, dumping = ran.outputs, self._machine.dumping
        if dumping is not None and self._model.operators:
            dumping.write(self._device, self._model.name, self._number, self._model.operators, ran.tensors)
        if self._layout.ranges:
            self._describe([result.shape for result in results])
        for index, (port, result) in enumerate(zip(self._layout.outputs, results, strict=True)):
            self._write(index, tensors.packed(port, result), allocate)

    def _read(self, index: int) -> tensors.Array:
        port, shape, buffer = self._layout.inputs[index], self._request.handed[index], self._inputs[index]
        self._check_size(f"input {port.name}", tensors.size_of(port, shape), buffer)
        return tensors.read(port, shape, buffer)

    def _write(self, index: int, raw: bytes, allocate: bool) -> None:
        number, name = self._given.buffers[index], self._layout.outputs[index].name
        buffer = self._machine.buffers.get(number)
        # An address of 0 with a size is what a failed malloc leaves.
        if allocate and buffer == Buffer(0, 0):
            size = self._layout.output_sizes[index] or len(raw)
            buffer = Buffer(self._machine.allocate(max(size, 1), "device"), size)
            self._machine.buffers.replace(number, buffer)
        self._check(buffer, "an output")
        if self._layout.ranges and len(raw) > buffer.size:
            raise AclError(GE_FAILURE, f"output {name} has {len(raw)} bytes, and its buffer {buffer.size}")
        self._check_size(f"output {name}", len(raw), buffer)
        tensors.write(raw, buffer)

    def _check_size(self, what: str, size: int, buffer: Buffer) -> None:
        """Hold a buffer against what is read or written.

        AscendCL itself looks at models with fixed shapes only, and lets 64 bytes pass; elsewhere the chip runs into
        what is not the program's.
        """
        if self._layout.fixed:
            if buffer.size + _SLACK < size:
                raise AclError(GE_PARAM, f"E13025: {what} needs {size} bytes, and its buffer has {buffer.size}")
            if buffer.size > size:
                self._machine.warnings.append(f"the buffer of {what} has {buffer.size} bytes, and the model {size}")
        elif buffer.size < size:
            raise AclError(RT_AICORE_EXCEPTION, f"{what} has {size} bytes, and its buffer {buffer.size}")

    def _check_count(self, what: str, wants: int, dataset: Dataset) -> None:
        given = len(dataset.buffers)
        if given < wants:
            code = INVALID_PARAM if self._layout.ranges else GE_FAILURE
            raise AclError(code, f"the model has {wants} {what}, and {given} are given")
        if given > wants:
            self._machine.warnings.append(f"the model has {wants} {what}, and {given} are given")

    def _check(self, buffer: Buffer, what: str) -> None:
        self._machine.memory.check(buffer.address, buffer.size, what)
        if self._machine.settings.run_mode == 1 and not self._machine.memory.on_device(buffer.address):
            raise AclError(RT_PARAM, f"{what} lies in memory of the host")

    def _describe(self, shapes: Sequence[Shape]) -> None:
        for index, (port, shape) in enumerate(zip(self._layout.outputs, shapes, strict=True)):
            self._machine.describe(self._given, index, TensorDesc.of(port, shape))
