"""What a build would do, and what of it the store has; runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc import registry
from ascendc.dag import Step, key_of, order, recall
from ascendc.driver import prepare
from ascendc.plan import TargetSteps, make_plan
from ascendc.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ascendc.plan import Stage
    from ascendc.target import Target


@dataclass(frozen=True)
class Planned:
    """A step of a dry run."""

    stage: str
    label: str
    fate: str
    """``stored``, ``will run``, or ``after its inputs``: whether it runs shows when they are made."""


@dataclass(frozen=True)
class DryRun:
    """What a build would do."""

    targets: tuple[Target, ...]
    steps: tuple[Planned, ...]
    notes: tuple[str, ...]
    """What the user should know, as a build says it."""


def dry_run(path: Path, *, overrides: Sequence[str] = (), until: Stage = "package") -> DryRun:
    """What `build` would do; runs nothing.

    Raises:
        UsageError: as `build`.
    """
    store = Store()
    targets = TargetSteps(prepare(path, overrides, store, registry.load()))
    known: dict[Step, object] = {}
    planned = []
    for step in order(make_plan(targets, until).goals):
        fate = "after its inputs"
        if all(i in known for i in step.inputs):
            key, _ = key_of(step, [known[i] for i in step.inputs])
            result = recall(step, key, store)
            fate = "will run" if result is None else "stored"
            if result is not None:
                known[step] = result
        planned.append(Planned(step.stage, step.label, fate))
    return DryRun(targets.targets, tuple(planned), (*targets.parts.recipe.notes, *targets.parts.notes))
