"""An ONNX file, or an OM: on a device, or on the simulated one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ascendc import onnx_file
from ascendc.cann.om import file as oms
from ascendc.errors import UsageError
from ascendc.judge import limits
from ascendc.judge.running import answered
from ascendc.judge.side import Answer, Face, Side
from ascendc.runtime import open_session

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.judge.side import Inputs

_ADDED = "ascend_"
"""How inputs begin that ATC adds (``ascend_mbatch_shape_data``, ``ascend_dynamic_aipp_data``)."""


class OnnxSide(Side):
    """An ONNX file, run by onnxruntime on the CPU."""

    kind = "onnx"

    def __init__(self, path: Path) -> None:
        """Read its outline.

        Raises:
            UsageError: it is no ONNX file (ASC2301 to ASC2305).
        """
        outline = onnx_file.read_outline(path)
        self.path, self.name = path, str(path)
        names = (tuple(port.name for port in ports) for ports in (outline.inputs, outline.outputs))
        self.faces = (Face("", *names),)
        self._allowed = limits.of_model(onnx_file.load(path))

    def answer(self, face: Face, inputs: Inputs | None) -> Answer:
        """By onnxruntime; on the CPU, so that the answer is the same everywhere."""
        del face
        assert inputs is not None
        return answered(self.name, partial(open_session, self.path, "cpu", lean=True), inputs, self._allowed)


class OmSide(Side):
    """An OM, run by pyACL."""

    kind = "om"

    def __init__(self, path: Path, *, allow_simulated: bool = False) -> None:
        """Read its facts.

        Raises:
            UsageError: it is no OM (ASC236x).
        """
        facts = oms.read(path)
        self.path, self.name = path, str(path)
        self.faces = (Face("", tuple(port.name for port in facts.inputs if not port.name.startswith(_ADDED)), ()),)
        self.allow_simulated = allow_simulated
        self.allowed = limits.of_om(facts.atc_cmdline)

    def answer(self, face: Face, inputs: Inputs | None) -> Answer:
        """By pyACL."""
        del face
        assert inputs is not None
        session = partial(open_session, self.path, "npu", allow_simulated=self.allow_simulated)
        return answered(self.name, session, inputs, self.allowed)


class DumpsSide(Side):
    """A folder of AscendCL's dumps: layers, and no outputs."""

    kind = "dumps"

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)
        self.faces = (Face("", (), ()),)

    def answer(self, face: Face, inputs: Inputs | None) -> Answer:
        """Nothing that could be judged as outputs.

        Raises:
            UsageError: always (ASC2811).
        """
        del face, inputs
        raise UsageError("ASC2811", f"`{self.name}` holds dumps, and no outputs", hint="--layers compares them")
