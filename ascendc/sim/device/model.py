"""A loaded model: what AscendCL reports of its OM, and its graph, run by onnxruntime on the CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascendc.cann import soc as socs
from ascendc.cann.om import file as oms
from ascendc.cann.om.against import against
from ascendc.errors import UsageError
from ascendc.sim.device import aipp, shapes, tensors
from ascendc.sim.device.codes import GE_LOAD, INVALID_FILE, RT_SOC_VERSION, AclError
from ascendc.sim.device.dump import Dumping, Operator, operators_of, watched
from ascendc.sim.device.half import halved
from ascendc.sim.device.layout import Layout
from ascendc.sim.device.payload import Payload, Plan
from ascendc.sim.device.shapes import Shape

if TYPE_CHECKING:
    from ascendc.cann.aipp.op import AippOp
    from ascendc.cann.om.facts import Om


@dataclass(frozen=True)
class Ran:
    """What one run gave."""

    outputs: list[tensors.Array]
    tensors: Mapping[str, tensors.Array]
    """Everything that flowed, by name; empty: it is not dumped."""


@dataclass(frozen=True)
class Model:
    """A model in the memory of a device."""

    layout: Layout
    plan: Plan
    session: Any
    """The graph, open in onnxruntime."""
    soc: str
    name: str
    """By which settings of dumps call it."""
    operators: tuple[Operator, ...] = ()
    """Those that are dumped; empty: it was loaded while nothing of it was asked for."""

    @classmethod
    def load(cls, path: Path, soc: str, dumping: Dumping | None = None) -> Model:
        """Load an OM.

        Args:
            path: the file.
            soc: the chip.
            dumping: what is dumped of models that are loaded now.

        Raises:
            AclError: it is not there, is damaged, was compiled for another chip, or the simulator cannot run it.
        """
        om = _read(path, soc)
        payload = Payload.read(path)
        plan = payload.plan
        content = halved(payload.onnx) if plan.half else payload.onnx
        name = om.name or path.stem
        operators = operators_of(content) if dumping is not None and dumping.wants(name) else ()
        session = shapes.opened(watched(content, operators) if operators else content)
        for named, ports in ((plan.inputs, session.get_inputs()), (plan.outputs, session.get_outputs())):
            known = {port.name for port in ports}
            if not set(named) <= known or (set(named) != known and not operators):  # what is watched is an output, too
                raise AclError(GE_LOAD, f"{path.name} is damaged: its plan is of another graph")
        measure = partial(shapes.measured, session, plan.inputs, plan.outputs)
        return cls(Layout(om.inputs, om.outputs, om.gears, plan, measure), plan, session, soc, name, operators)

    def run(
        self, feeds: Sequence[tensors.Array], network: Sequence[Shape], blocks: Mapping[int, Sequence[AippOp]]
    ) -> Ran:
        """What the graph answers to what lies in its buffers.

        Args:
            feeds: as the program handed them over.
            network: what the graph is to get of each.
            blocks: of AIPP, by the index of the input: one for all of its pictures, or one for each.

        Raises:
            AclError: it fails.
        """
        types = {port.name: shapes.numpy_type(port.type) for port in self.session.get_inputs()}
        taken = {}
        for rank, (name, array) in enumerate(zip(self.plan.inputs, feeds, strict=True)):
            value = aipp.pixels(blocks[rank], array, network[rank], self.soc) if rank in blocks else array
            value = tensors.rounded(value) if self.plan.half else value
            # Where --input_fp16_nodes changed an input, the compiler puts a cast behind it.
            taken[name] = value.astype(types[name], copy=False)
        between = tuple(dict.fromkeys(name for operator in self.operators for name in operator.outputs if name))
        results = shapes.ran(self.session, (*self.plan.outputs, *between), taken)
        outputs = [
            tensors.rounded(result) if self.plan.half else result for result in results[: len(self.plan.outputs)]
        ]
        made = dict(zip(between, results[len(outputs) :], strict=True))
        return Ran(outputs, {**taken, **made, **dict(zip(self.plan.outputs, outputs, strict=True))} if made else {})


def _read(path: Path, soc: str) -> Om:
    """The facts of an OM that fits the chip.

    Raises:
        AclError: as `Model.load`.
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
    return om
