"""The build: recipe in, bundle out, and an account of what was done."""

from __future__ import annotations

import filecmp
import json
import platform
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc import __version__, keys, registry
from ascendc import recipe as recipes
from ascendc.attribution import Attributed
from ascendc.bundle.tree import materialise
from ascendc.dag import Done, Step, execute, key_of, order, recall
from ascendc.devices import settle_npu
from ascendc.errors import EnvironmentLacksError
from ascendc.events import BuildFinished, BuildStarted
from ascendc.graph import write_single
from ascendc.plan import PartSteps, TargetSteps, make_plan
from ascendc.store import Store
from ascendc.toolchain.process import stop_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ascendc.events import Listener, State
    from ascendc.plan import Artefact, Plan, Stage
    from ascendc.recipe import Recipe
    from ascendc.registry import Registry
    from ascendc.toolchain.base import Deferred


@dataclass(frozen=True)
class Planned:
    """A step of a dry run."""

    stage: str
    label: str
    fate: str
    """``stored``, ``will run``, or ``after its inputs``: whether it runs shows when they are made."""


@dataclass(frozen=True)
class Row:
    """One artefact, for the table at the end."""

    part: str
    target: str
    state: State
    batch: str
    bytes: int
    """Of the OM, or of the ONNX graph while the OM is deferred."""
    error: float
    """Largest error of the ONNX graph, relative to the distance between samples."""
    seconds: float
    """Spent on this artefact's own steps in this build; 0 if all were in the store."""


@dataclass(frozen=True)
class Outcome:
    """What a build did."""

    recipe: Recipe
    output: Path
    changed: bool
    """False: there was nothing to do."""
    rows: tuple[Row, ...]
    verdicts: tuple[str, ...]
    """The plugin's task verdicts, distinct."""
    deferred: tuple[Deferred, ...]
    """Why OMs were not compiled here; empty when all were."""
    notes: tuple[str, ...]
    """What the user should know: names taken to mean something else, files moved out of the way."""
    seconds: float


def prepare(path: Path, overrides: Sequence[str], store: Store, plugins: Registry) -> PartSteps:
    """Read a recipe and build its model: cheap, no weights, no torch.

    Raises:
        UsageError: the recipe, its plugin name or the plugin's options are wrong.
    """
    recipe = recipes.load(path, overrides)
    with recipe.at("model.plugin"):
        cls = plugins.model(recipe.model.plugin)
    recipes.check_passes(recipe, plugins)
    options = recipes.plugin_options(recipe, cls.Options)
    with recipe.at("model"):
        model = Attributed.build(cls, plugins.models[cls.NAME].owner, recipe.model.source, options)
    return PartSteps(recipe, model, plugins, store)


def build(
    path: Path,
    *,
    output: Path | None = None,
    overrides: Sequence[str] = (),
    until: Stage = "package",
    jobs: int = 1,
    require_om: bool = False,
    listen: Listener = lambda _: None,
) -> Outcome:
    """Run everything the recipe asks for up to the stage `until`, and lay out the result.

    Args:
        path: the recipe.
        output: the folder to write; by default ``build/<bundle name>``, or ``build/<name>.<until>``.
        overrides: ``path.to.field=value``, as ``--set`` takes them.
        until: the last stage.
        jobs: how many steps may run at a time.
        require_om: fail where an OM would be deferred.
        listen: hears every event.

    Raises:
        AscendcError: of the kind that says whose move it is; nothing half-written is left at `output`.
    """
    start = time.monotonic()
    settle_npu()
    store = Store()
    targets = TargetSteps(prepare(path, overrides, store, registry.load()))
    recipe = targets.parts.recipe
    folder = output or Path("build") / (recipe.bundle.name + ("" if until == "package" else f".{until}"))
    deferrals = targets.deferrals(folder) if until in ("compile", "package") else ()
    if require_om and deferrals:
        raise EnvironmentLacksError(
            "ASC1001", f"--require-om: no OM can be compiled here: {deferrals[0].reason}", hint=deferrals[0].command
        )
    plan = make_plan(targets, until)
    steps = order(plan.goals)
    listen(BuildStarted(recipe.bundle.name, len(steps)))
    done = execute(steps, store, listen, jobs, stop_all)
    notes = recipe.notes
    if until == "package":
        placed = materialise(done[targets.packaged].result, store, folder)
        changed = placed.changed
        notes += (f"files in {folder} that no build had made are now in {placed.kept}",) if placed.kept else ()
    else:
        changed = _write_graphs(plan, done, store, folder)
    without_om: State = "onnx-verified" if until == "verify" else "om-deferred"
    outcome = Outcome(
        recipe=recipe,
        output=folder,
        changed=changed or not all(d.cached for d in done.values()),
        rows=tuple(_row(artefact, done, without_om) for artefact in targets.artefacts if artefact.verified in done),
        verdicts=tuple(dict.fromkeys(done[step].result.summary for step in targets.judged if step in done)),
        deferred=deferrals,
        notes=notes,
        seconds=time.monotonic() - start,
    )
    _write_record(outcome, done, folder.with_name(f"{folder.name}.build.json"))
    listen(BuildFinished(recipe.bundle.name, str(folder), outcome.changed, round(outcome.seconds, 3)))
    return outcome


def dry_run(path: Path, *, overrides: Sequence[str] = (), until: Stage = "package") -> tuple[Planned, ...]:
    """What `build` would do; runs nothing.

    Raises:
        UsageError: as `build`.
    """
    store = Store()
    plan = make_plan(TargetSteps(prepare(path, overrides, store, registry.load())), until)
    known: dict[Step, object] = {}
    planned = []
    for step in order(plan.goals):
        fate = "after its inputs"
        if all(i in known for i in step.inputs):
            key, _ = key_of(step, [known[i] for i in step.inputs])
            result = recall(step, key, store)
            fate = "will run" if result is None else "stored"
            if result is not None:
                known[step] = result
        planned.append(Planned(step.stage, step.label, fate))
    return tuple(planned)


def _write_graphs(plan: Plan, done: Mapping[Step, Done], store: Store, folder: Path) -> bool:
    """Lay out the graphs of a build that stops before packaging, one file each; whether any file changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = False
    for name, step in plan.graphs:
        target = folder / f"{name}.onnx"
        with store.workspace(lambda _: None) as workspace:
            fresh = workspace.folder / target.name
            write_single(getattr(done[step].result, "graph", done[step].result), workspace, fresh)
            for file in workspace.folder.glob(f"{target.name}*"):
                if not (folder / file.name).exists() or not filecmp.cmp(file, folder / file.name, shallow=False):
                    shutil.move(file, folder / file.name)
                    changed = True
    return changed


def _row(artefact: Artefact, done: Mapping[Step, Done], without_om: State) -> Row:
    """Args: `without_om`: the state of an artefact whose OM was not made."""
    steps = (artefact.fixed, artefact.verified, artefact.compiled)
    own = [done[step] for step in steps if step is not None and step in done]
    graph = done[artefact.fixed].result.graph
    compiled = done[artefact.compiled].result if artefact.compiled is not None and artefact.compiled in done else None
    return Row(
        part=artefact.part.name,
        target=artefact.target.name,
        state=without_om if compiled is None else "om-compiled",
        batch=str(artefact.target.part(artefact.part.name).batch),
        bytes=compiled.om.size if compiled else graph.size,
        error=done[artefact.verified].result.worst.relative,
        seconds=sum(d.seconds for d in own if not d.cached),
    )


def _write_record(outcome: Outcome, done: Mapping[Step, Done], path: Path) -> None:
    """Keep times and versions beside the bundle, outside every digest."""
    record = {
        "ascendc": __version__,
        "recipe": str(outcome.recipe.path),
        "machine": platform.platform(),
        "tools": dict(keys.tools()),
        "changed": outcome.changed,
        "seconds": round(outcome.seconds, 3),
        "steps": [
            {"stage": step.stage, "label": step.label, "cached": d.cached, "seconds": round(d.seconds, 3)}
            for step, d in done.items()
        ],
    }
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
