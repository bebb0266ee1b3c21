"""accept: the OM itself, on a device or the simulated one, against what the original model answers."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ascendc import runtime
from ascendc.bundle.golden import raw_inputs
from ascendc.compare import compare
from ascendc.errors import GateError, StageError
from ascendc.runtime.answer import NO_DEVICE
from ascendc.stages.golden import read
from ascendc.toolchain import process

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ascendc.model import Part
    from ascendc.stages.golden import GoldenPart
    from ascendc.store import Workspace
    from ascendc.toolchain.base import Compiled, Device

_PACKAGE = "ascendc_runtime"
"""The runtime by the name that it has on a board: alone, CANN's Python finds nothing else of this one's packages."""


@dataclass(frozen=True)
class AcceptSpec:
    """What acceptance depends on, beside the OM and the golden record."""

    part: Part
    raw: bool
    """Whether the OM takes pixels (AIPP)."""
    limit: float
    """What its outputs may differ, relative to the median distance between samples."""
    device: str
    """Identity of the device."""
    time_limit: float = field(compare=False)
    """Seconds."""


@dataclass(frozen=True)
class Acceptance:
    """Whether an OM answers as the original model does."""

    part: str
    where: Literal["device", "simulator"] | None
    """None: it was not run."""
    said: str
    """``error 1.1e-02 on pyACL Ascend310P3``, or why it was not run."""


def accept(
    spec: AcceptSpec, compiled: Compiled, golden: GoldenPart, device: Device, workspace: Workspace
) -> Acceptance:
    """Run the OM on the golden inputs, in a process that has CANN's environment, and compare every output.

    Raises:
        GateError: an output is beyond the limit (ASC1760).
        StageError: the OM does not run, on a device that could (ASC1761).
    """
    inputs = read(golden.inputs, workspace.store)
    fed = raw_inputs(spec.part, inputs) if spec.raw else inputs
    if not fed:
        return Acceptance(spec.part.name, None, "not run: the OM takes pixels, and no picture is behind the samples")
    answered = _run(spec, compiled, fed, device, workspace)
    if isinstance(answered, str):
        return Acceptance(spec.part.name, None, f"not run: {answered}")
    reference, engine = read(golden.outputs, workspace.store), answered.engine
    # By place: some CANNs name outputs by operator and index alone.
    pairs = zip(spec.part.outputs, answered.outputs, strict=True)
    comparisons = [compare(tensor.name, reference[tensor.name], answer) for tensor, answer in pairs]
    worst = max(comparisons, key=lambda comparison: comparison.relative)
    if not worst.relative <= spec.limit:
        raise GateError(
            "ASC1760",
            f"part `{spec.part.name}`: output `{worst.output}` of the OM on {engine} is {worst.relative:.2g} of the "
            f"median distance between samples away from the reference; allowed: {spec.limit:.2g} "
            f"(max abs {worst.max_abs:.2g}, cosine {worst.cosine:.6f})",
            hint=f"ascendc build RECIPE --set targets[0].parts.{spec.part.name}.precision=origin  "
            "(shows whether float16 does it)",
        )
    where: Literal["device", "simulator"] = "simulator" if answered.simulated else "device"
    return Acceptance(spec.part.name, where, f"error {worst.relative:.1e} on {engine}")


@dataclass(frozen=True)
class _Answered:
    """What the process said, and its outputs in order."""

    engine: str
    simulated: bool
    outputs: tuple[Any, ...]


def _run(
    spec: AcceptSpec, compiled: Compiled, inputs: Mapping[str, Any], device: Device, workspace: Workspace
) -> _Answered | str:
    """What the OM answers; or why there is no device for it now, in words."""
    folder, log = workspace.folder / "accept", workspace.folder / "accept.log"
    workspace.store.link(compiled.om, folder / "model.om")
    shutil.copytree(Path(runtime.__file__).parent, folder / "python" / _PACKAGE)
    (folder / "inputs.json").write_text(json.dumps(list(inputs)), encoding="utf-8")
    for index, array in enumerate(inputs.values()):
        np.save(folder / f"input{index}.npy", np.ascontiguousarray(array))
    argv = (*device.command, "-m", f"{_PACKAGE}.answer", str(folder / "model.om"), str(folder))
    env = dict(device.environ)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder / "python"), env.get("PYTHONPATH", ""))))
    done = process.run(argv, cwd=folder, log=log, time_limit=spec.time_limit, say=workspace.say, env=env)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = next((line for line in reversed(said) if line.startswith("error: ")), said[-1] if said else "")
    why = last.removeprefix("error: ") or f"it ended with status {done.status} and said nothing"
    if done.status == NO_DEVICE:
        return why
    if done.status != 0:
        raise StageError(
            "ASC1761",
            f"part `{spec.part.name}`: the OM does not run: {why}",
            hint="ascendc build RECIPE --until compile  (leaves the OM without running it); the log is "
            f"{workspace.path(workspace.put(log))}",
        )
    facts = json.loads(next(line for line in reversed(said) if line.startswith("{")))
    outputs = tuple(np.load(folder / f"output{index}.npy") for index in range(facts["outputs"]))
    return _Answered(facts["engine"], bool(facts["simulated"]), outputs)
