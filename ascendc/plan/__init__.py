"""From a recipe to a DAG of stage calls, shared wherever two targets need the same thing.

Steps are values: two targets that need the same graph build equal steps, and equal steps run once, without anyone
arranging it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ascendc.plan.parts import PartSteps
from ascendc.plan.targets import Artefact, TargetSteps

if TYPE_CHECKING:
    from ascendc.dag import Step

__all__ = ["Artefact", "PartSteps", "Plan", "Stage", "TargetSteps", "make_plan"]

Stage = Literal["export", "fix", "verify", "check", "forecast", "compile", "package"]
"""What ``--until`` takes, in order; golden, assets and judge run with the stage that needs them."""


@dataclass(frozen=True)
class Plan:
    """What a build will run, and what it will lay out."""

    goals: tuple[Step, ...]
    """Everything that must be done; their inputs follow."""
    graphs: tuple[tuple[str, Step], ...]
    """File name (without suffix) and step of the graphs that are laid out by a build that stops before `package`."""
    oms: tuple[tuple[str, Step], ...] = ()
    """Likewise the OMs."""


def make_plan(targets: TargetSteps, until: Stage) -> Plan:
    """The plan up to the stage `until`."""
    parts = targets.parts
    if until == "export":
        opsets = dict.fromkeys(parts.recipe.opset(target) for target in targets.targets)
        exported = [(part, opset, parts.exported(part, opset)) for opset in opsets for part in parts.parts]
        graphs = {step: f"{part.name}-opset{opset}" if len(opsets) > 1 else part.name for part, opset, step in exported}
    else:
        graphs = {}
        for artefact in targets.artefacts:
            lone = len({a.fixed for a in targets.artefacts if a.part == artefact.part}) == 1
            name = artefact.part.name if lone else f"{artefact.part.name}-{artefact.target.name}"
            graphs.setdefault(artefact.fixed, name)
    goals = list(graphs)
    if until in ("verify", "check", "forecast", "compile"):
        goals += [*(a.verified for a in targets.artefacts), *targets.judged]
    checked = [a.checked for a in targets.artefacts] if until in ("check", "forecast", "compile", "package") else []
    if until in ("forecast", "compile", "package"):
        checked += [a.forecast for a in targets.artefacts if a.forecast is not None]
    goals += checked
    compiled = [(f"{a.part.name}-{a.target.name}", a.compiled) for a in targets.artefacts if a.compiled is not None]
    oms = tuple(compiled) if until == "compile" else ()
    goals += [step for _, step in oms]
    if until == "package":
        verified = [a.verified for a in targets.artefacts]
        return Plan((*verified, *checked, targets.packaged), ())
    return Plan(tuple(goals), tuple((name, step) for step, name in graphs.items()), oms)
