"""judge: the plugin's task verdict over all parts jointly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.errors import GateError
from ascendc.model import Judgement
from ascendc.stages.golden import GoldenPart, read

if TYPE_CHECKING:
    from ascendc.model import Model
    from ascendc.stages.verify import Verified
    from ascendc.store import Workspace


@dataclass(frozen=True)
class JudgeSpec:
    """Which parts are judged together."""

    parts: tuple[str, ...]


def judge(
    spec: JudgeSpec,
    model: Model,
    goldens: tuple[GoldenPart, ...],
    verified: tuple[Verified, ...],
    workspace: Workspace,
) -> Judgement:
    """Ask the plugin whether the ONNX graphs still do the task.

    Raises:
        GateError: they do not (ASC1608).
    """
    store = workspace.store
    judgement = model.judge(
        {golden.part: read(golden.outputs, store) for golden in goldens},
        {part.part: read(part.outputs, store) for part in verified},
    )
    if not judgement.ok:
        raise GateError("ASC1608", f"the task verdict on {' and '.join(spec.parts)} is no: {judgement.summary}")
    return judgement
