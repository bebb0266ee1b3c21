"""A loaded model: the facts of its OM as AscendCL reports them, and its graph, run by onnxruntime on the CPU."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascendc.cann import soc as socs
from ascendc.cann.om import file as oms
from ascendc.cann.om.against import against
from ascendc.cann.om.interface import Gears, Port
from ascendc.cann.om.types import BITS
from ascendc.errors import UsageError
from ascendc.runtime.onnx_session import failures
from ascendc.sim.device.codes import (
    GE_DATA_SIZE,
    GE_GEAR_VALUE,
    GE_LOAD,
    INVALID_FILE,
    RT_AICORE_EXCEPTION,
    RT_SOC_VERSION,
    AclError,
)
from ascendc.sim.device.memory import view
from ascendc.sim.device.payload import Payload

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]

SHAPE_INPUT = "ascend_mbatch_shape_data"
"""The input that ATC adds for gears."""

_SLACK = 64
"""Bytes that a buffer may be too small by before AscendCL refuses it."""


@dataclass(frozen=True)
class Buffer:
    """Where a tensor lies."""

    address: int
    size: int


@dataclass(frozen=True)
class Model:
    """A model in the memory of a device."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    gears: Gears | None
    payload: Payload
    soc: str

    @classmethod
    def load(cls, path: Path, soc: str) -> Model:
        """Load an OM.

        Raises:
            AclError: it is not there, is damaged, was compiled for another chip, or the simulator cannot run it.
        """
        if not path.is_file():
            raise AclError(INVALID_FILE, f"{path} does not exist")
        try:
            om = oms.read(path)
        except UsageError as error:
            raise AclError(GE_LOAD, error.message) from error
        # Simulated on purpose: what is asked is whether a genuine one with these facts would load.
        fit = against(replace(om, simulated=False), socs.resolve(soc).soc)
        if fit.verdict == "refused":
            raise AclError(RT_SOC_VERSION, f"{path.name} does not load on {soc}: {fit.reason}")
        inputs = tuple(replace(port, size=_size(port, om.gears, om.inputs)) for port in om.inputs)
        outputs = tuple(replace(port, size=_size(port, om.gears, om.inputs)) for port in om.outputs)
        model = cls(inputs, outputs, om.gears, Payload.read(path), soc)
        _ = model.session
        return model

    @cached_property
    def session(self) -> Any:
        """The graph, open in onnxruntime."""
        import onnxruntime  # type: ignore[import-untyped]  # it ships no types

        from ascendc.sim.device.half import halved

        content = halved(self.payload.onnx) if self.payload.plan.half else self.payload.onnx
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 1
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def input_shapes(self, gear: tuple[int, ...] | None) -> list[tuple[int, ...]]:
        """The shapes of the inputs with a gear put into their open axes.

        Raises:
            AclError: gears are there, and none of them is chosen, or one that was not compiled.
        """
        real = [port for port in self.inputs if port.name != SHAPE_INPUT]
        if self.gears is None:
            return [port.shape or () for port in real]
        if gear not in self.gears.values:
            raise AclError(GE_GEAR_VALUE, f"{gear} is none of the gears {list(self.gears.values)}")
        return _filled(real, self.gears, gear)

    def output_shapes(self, gear: tuple[int, ...] | None) -> list[tuple[int, ...]]:
        """Likewise of the outputs, whose first axis is the batch where it is open."""
        if self.gears is None or gear is None:
            return [port.shape or () for port in self.outputs]
        batch = gear[0]
        return [tuple(batch if axis < 0 else axis for axis in port.shape or ()) for port in self.outputs]

    def run(self, inputs: Sequence[Buffer], outputs: Sequence[Buffer], gear: tuple[int, ...] | None) -> None:
        """Run on what lies in `inputs` now, and write into `outputs`.

        Raises:
            AclError: a buffer is too small, or the graph fails.
        """
        feeds = {}
        shapes = self.input_shapes(gear)
        ports = [port for port in self.inputs if port.name != SHAPE_INPUT]
        for name, port, shape, buffer in zip(self.payload.plan.inputs, ports, shapes, inputs, strict=False):
            feeds[name] = self._fed(port, shape, buffer)
        try:
            results = self.session.run(list(self.payload.plan.outputs), feeds)
        except failures() as error:
            raise AclError(RT_AICORE_EXCEPTION, f"the graph fails: {error}") from error
        for port, buffer, result in zip(self.outputs, outputs, results, strict=True):
            self._give(port, buffer, result)

    def _fed(self, port: Port, shape: tuple[int, ...], buffer: Buffer) -> Array:
        import numpy as np

        size = prod(shape) * BITS[port.dtype or "float32"] // 8
        if buffer.size + _SLACK < size and self.gears is None:
            raise AclError(GE_DATA_SIZE, f"input {port.name} needs {size} bytes, and its buffer has {buffer.size}")
        raw = bytes(view(buffer.address, min(size, buffer.size))).ljust(size, b"\0")
        array: Array = np.frombuffer(raw, port.dtype).reshape(shape)
        if self.payload.plan.aipp and port.dtype == "uint8":
            array = self._pixels(array)
        if self.payload.plan.half and array.dtype.kind == "f":
            array = array.astype(np.float16).astype(np.float32)
        return array

    def _pixels(self, array: npt.NDArray[np.uint8]) -> Array:
        import numpy as np

        from ascendc.cann.aipp.emulate import emulate
        from ascendc.sim.device.aipp import block

        return emulate(block(self.payload.plan.aipp), array, socs.resolve(self.soc).soc).astype(np.float32)

    def _give(self, port: Port, buffer: Buffer, result: Array) -> None:
        import numpy as np

        dtype = np.dtype(port.dtype or "float32")
        if self.payload.plan.half and result.dtype.kind == "f":
            result = result.astype(np.float16)
        raw = np.ascontiguousarray(result.astype(dtype)).tobytes()
        if len(raw) > buffer.size + _SLACK:
            raise AclError(GE_DATA_SIZE, f"output {port.name} has {len(raw)} bytes, and its buffer {buffer.size}")
        ctypes.memmove(buffer.address, raw, min(len(raw), buffer.size))


def _filled(ports: Sequence[Port], gears: Gears, gear: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Shapes with a gear's sizes in the place of each -1."""
    if gears.kind == "batch":
        return [tuple(gear[0] if axis < 0 else axis for axis in port.shape or ()) for port in ports]
    rest = iter(gear * len(ports)) if gears.kind == "image" else iter(gear)
    return [tuple(next(rest) if axis < 0 else axis for axis in port.shape or ()) for port in ports]


def _size(port: Port, gears: Gears | None, inputs: Sequence[Port]) -> int:
    """Bytes of a port's buffer: of the largest gear."""
    bits = BITS[port.dtype or "float32"]
    if gears is None or port.shape is None or min(port.shape, default=1) >= 0:
        return prod(port.shape or ()) * bits // 8
    if port in inputs:
        place = inputs.index(port)
        shapes = [_filled(inputs, gears, gear)[place] for gear in gears.values]
    else:
        shapes = [tuple(gear[0] if axis < 0 else axis for axis in port.shape) for gear in gears.values]
    return max(map(prod, shapes)) * bits // 8
