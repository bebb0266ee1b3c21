"""Why a step would run: what it differs in from the nearest call that the store remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ascendc import registry
from ascendc.dag import key_of, order, recall
from ascendc.difference import differences
from ascendc.driver import prepare
from ascendc.errors import UsageError
from ascendc.plan import TargetSteps, make_plan
from ascendc.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ascendc.dag import Step
    from ascendc.store import Entry

_UNLIKE = 16
"""So many differences, and two calls have nothing to do with each other."""

Fate = Literal["stored", "would run", "waits"]


@dataclass(frozen=True)
class Reason:
    """What a build would do about one step, and why."""

    stage: str
    label: str
    fate: Fate
    """``waits``: all else being stored, it runs only if its inputs give another result, which shows when they ran."""
    because: tuple[str, ...] = ()
    """What differs from the nearest entry, or what it waits for; empty if it is stored."""


def why(path: Path, stage: str | None = None, *, overrides: Sequence[str] = ()) -> tuple[Reason, ...]:
    """What `build` would do about each step of a recipe, and why; runs nothing.

    Args:
        path: the recipe.
        stage: only the steps of this stage.
        overrides: as ``--set`` takes them.

    Raises:
        UsageError: as `build`; or nothing of `stage` is planned (ASC1021).
    """
    store = Store()
    targets = TargetSteps(prepare(path, overrides, store, registry.load()))
    steps = order(make_plan(targets, "package").goals)
    stages = dict.fromkeys(step.stage for step in steps)
    if stage is not None and stage not in stages:
        raise UsageError(
            "ASC1021", f"this recipe has no step of a stage `{stage}` here; allowed: {', '.join(sorted(stages))}"
        )
    entries = {name: tuple(store.entries(name)) for name in stages}
    known: dict[Step, Any] = {}
    reasons = [(step, _reason(step, known, store, entries[step.stage])) for step in steps]
    return tuple(reason for step, reason in reasons if stage in (None, step.stage))


def name_of(step: Step) -> str:
    """``fix image``."""
    return f"{step.stage} {step.label}".strip()


def _reason(step: Step, known: dict[Step, Any], store: Store, entries: Sequence[Entry]) -> Reason:
    """Why `step` would run, if it would; adds its result to `known`, if it is there."""
    pending = [name_of(i) for i in step.inputs if i not in known]
    key, wanted = key_of(step, [known.get(i) for i in step.inputs])
    if not pending:
        noted = len(store.damage)
        if (result := recall(step, key, store)) is not None:
            known[step] = result
            return Reason(step.stage, step.label, "stored")
        if damage := store.damage[noted:]:
            return Reason(step.stage, step.label, "would run", tuple(d.what for d in damage))
    nearest = _nearest(step, wanted, known, entries)
    if nearest == () and pending:
        return Reason(step.stage, step.label, "waits", tuple(pending))
    return Reason(step.stage, step.label, "would run", nearest or ("no entry of this stage is like it",))


def _nearest(
    step: Step, wanted: Mapping[str, Any], known: Mapping[Step, Any], entries: Sequence[Entry]
) -> tuple[str, ...] | None:
    """What differs from the entry that differs least, the newest of those; None if there is none like it."""
    inputs = [name_of(i) if i in known else None for i in step.inputs]
    compared = ((differences(entry.ingredients, wanted, inputs), entry.used) for entry in entries)
    found = min(compared, key=lambda pair: (len(pair[0]), -pair[1]), default=None)
    return None if found is None or len(found[0]) >= _UNLIKE else found[0]
