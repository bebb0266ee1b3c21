"""The build: recipe in, bundle out, and an account of what was done."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc import machine, registry
from ascendc import recipe as recipes
from ascendc.account import Asked, Journal
from ascendc.account.findings import findings
from ascendc.account.record import sha256
from ascendc.attribution import Attributed
from ascendc.bundle.pack import refuse_packed
from ascendc.bundle.partial import place, refuse_partial_place
from ascendc.bundle.tree import materialise, refuse_place
from ascendc.dag import Crew, Done, Step, execute, order
from ascendc.devices import settle_npu
from ascendc.errors import EnvironmentLacksError, UsageError
from ascendc.events import BuildFinished, BuildStarted, Row
from ascendc.graph import write_onnx
from ascendc.plan import PartSteps, TargetSteps, make_plan
from ascendc.precision import lock
from ascendc.runtime import manifest
from ascendc.stages.forecast import Foretold
from ascendc.store import Store
from ascendc.toolchain.process import stop_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ascendc.events import Listener, State
    from ascendc.plan import Artefact, Plan, Stage
    from ascendc.recipe import Recipe
    from ascendc.registry import Registry
    from ascendc.toolchain.base import Deferred


Measure = Callable[["Outcome", Callable[[Path], None]], None]
"""Measures the bundle of a build, and tells where its results lie."""


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
    """What the user should know: names taken to mean something else, the bundle's own notes, files that were moved."""
    seconds: float


def prepare(path: Path, overrides: Sequence[str], store: Store, plugins: Registry) -> PartSteps:
    """Read a recipe and build its model: cheap, no weights, no torch.

    Raises:
        UsageError: the recipe, its plugin name or the plugin's options are wrong, or it is a packed bundle (ASC1817).
    """
    refuse_packed(path)
    draft = recipes.draft(path, overrides)
    draft.problems += recipes.check_names(draft.document, plugins)
    plugin = plugins.models.get(draft.document.text(("model", "plugin")) or "")
    options = recipes.plugin_options(draft, plugin.cls.Options) if plugin else None
    if plugin is None or options is None or draft.source is None or draft.wrong("model"):
        raise draft.error()
    with draft.at("model"):
        model = Attributed.build(plugin.cls, plugin.owner, draft.source, options)
        draft.problems += recipes.check_parts(draft.document, model.parts())
        model.half.check()
    return PartSteps(recipes.decode(draft), model, plugins, store)


def build(
    path: Path,
    *,
    output: Path | None = None,
    overrides: Sequence[str] = (),
    until: Stage = "package",
    jobs: int | None = None,
    memory: int | None = None,
    verify: bool = False,
    require_om: bool = False,
    command: str | None = None,
    measure: Measure = lambda *_: None,
    listen: Listener = lambda _: None,
) -> Outcome:
    """Run everything the recipe asks for up to the stage `until`, and lay out the result.

    Args:
        path: the recipe.
        output: the folder to write; by default ``build/<bundle name>``, or ``build/<name>.<until>``.
        overrides: ``path.to.field=value``, as ``--set`` takes them.
        until: the last stage.
        jobs: how many steps may run at a time; None: one for each core.
        memory: bytes that steps which run together may need; None: what is available when the build begins.
        verify: hash every file that is used in full, whatever its size and times say.
        require_om: fail where an OM would be deferred.
        command: what the user typed, quoted for a shell, for the record and to go on after an interrupt.
        measure: is called when the bundle is complete; the record names the results that it tells of.
        listen: hears every event, one at a time.

    Raises:
        AscendcError: of the kind that says whose move it is; nothing half-written is left at `output`, and once that is
            known, ``<output>.build.log`` and ``<output>.build.json`` beside it say what happened.
        Interrupted: for a KeyboardInterrupt.
    """
    asked = Asked(path, command or _command(path, output, overrides, until), overrides, until)
    with Journal(asked, listen) as journal:
        return _build(path, output, overrides, until, crew(jobs, memory), verify, require_om, measure, journal)


def _build(
    path: Path,
    output: Path | None,
    overrides: Sequence[str],
    until: Stage,
    crew: Crew,
    verify: bool,
    require_om: bool,
    measure: Measure,
    journal: Journal,
) -> Outcome:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads must not spin on cores that other steps use
    machine.parse_in_turn()
    settle_npu()
    store = Store(verify=verify)
    plugins = registry.load()
    targets = TargetSteps(prepare(path, overrides, store, plugins))
    recipe = targets.parts.recipe
    folder = output or Path("build") / (recipe.bundle.name + ("" if until == "package" else f".{until}"))
    _refuse_current_folder(folder)
    (refuse_place if until == "package" else refuse_partial_place)(folder)
    deferrals = targets.deferrals(folder) if until in ("compile", "package") else ()
    if require_om and until not in ("compile", "package"):
        raise UsageError("ASC1006", f"--require-om asks for an OM, and --until {until} stops before one is compiled")
    if require_om and deferrals:
        raise EnvironmentLacksError(
            "ASC1001",
            f"--require-om: no OM can be compiled here: {deferrals[0].reason}",
            hint=f"{_command(path, output, overrides, until)}  (without --require-om; it prints how to compile the OM)",
        )

    def stop() -> None:
        journal.interrupted()  # now: a second interrupt ends this process at once
        store.stop_waiting()
        stop_all()

    journal.open(folder)
    plan = make_plan(targets, until)
    steps = order(plan.goals)
    journal(BuildStarted(str(path), recipe.bundle.name, str(folder), len(steps)))
    done = execute(steps, store, journal, crew, stop=stop, release=targets.parts.model.release)
    plans = _keep_plans(targets, done)
    notes = (*recipe.notes, *targets.parts.notes, *plans)
    if until == "package":
        placed = materialise(done[targets.packaged].result, store, folder)
        changed = placed.changed
        notes += (f"files in {folder} that no build had made are now in {placed.kept}",) if placed.kept else ()
    else:
        changed = _write_partial(plan, until, done, targets.parts, folder)
    notes += tuple(f"{damage.what}; it was made again" for damage in store.damage)
    notes += tuple(
        dict.fromkeys(d.result.warning for d in done.values() if isinstance(d.result, Foretold) and not d.result.ok)
    )
    without_om: State = "onnx-verified" if until in ("verify", "check", "forecast") else "om-deferred"
    outcome = Outcome(
        recipe=recipe,
        output=folder,
        # A precision plan that is only read, because it lies beside the recipe, is nothing that was done.
        changed=changed or bool(plans) or not all(d.cached for step, d in done.items() if step.stage != "precision"),
        rows=tuple(_row(artefact, done, without_om) for artefact in targets.artefacts if artefact.verified in done),
        verdicts=tuple(dict.fromkeys(done[step].result.summary for step in targets.judged if step in done)),
        deferred=deferrals,
        notes=notes,
        seconds=journal.seconds,
    )
    settle = partial(
        journal.settle,
        "done",
        changed=outcome.changed,
        bundle_digest=sha256(folder / manifest.FILE) if until == "package" else None,
        findings=findings(done, store, plugins),
    )
    settle()
    if until == "package":
        measure(outcome, journal.measured)
        settle()
    outcome = replace(outcome, notes=(*notes, *journal.notes))
    journal(_finished(path, outcome))
    return outcome


def crew(jobs: int | None = None, memory: int | None = None) -> Crew:
    """How much runs side by side: what is asked for, or what this machine has."""
    there = machine.memory()
    return Crew(jobs or machine.cores(), memory or (there.available if there else None))


def bundle_names(
    paths: Sequence[Path], overrides: Sequence[str], *, command: str = "", listen: Listener = lambda _: None
) -> None:
    """See that several recipes make several bundles.

    Args:
        paths: the recipes.
        overrides: ``path.to.field=value``.
        command: as `build` takes it.
        listen: hears of the error.

    Raises:
        UsageError: one is wrong, or two have one name (ASC1005).
    """
    names: dict[str, Path] = {}
    for path in paths:
        with Journal(Asked(path, command, overrides), listen):
            name = recipes.load(path, overrides).bundle.name
            if name in names:
                raise UsageError(
                    "ASC1005",
                    f"{names[name]} and {path} both make the bundle `{name}`",
                    hint="give them different names (bundle.name), or build one at a time with -o",
                )
            names[name] = path


def _refuse_current_folder(folder: Path) -> None:
    if Path.cwd().is_relative_to(folder.resolve()):
        raise UsageError(
            "ASC1007",
            f"-o must not be the current folder or one above it, but `{folder}` is: it is replaced as a whole",
            hint="-o out",
        )


def _finished(path: Path, outcome: Outcome) -> BuildFinished:
    return BuildFinished(
        recipe=str(path),
        output=str(outcome.output),
        changed=outcome.changed,
        seconds=round(outcome.seconds, 3),
        artefacts=outcome.rows,
        verdicts=outcome.verdicts,
        notes=outcome.notes,
        deferred=tuple(dict.fromkeys(d.reason for d in outcome.deferred)),
    )


def _command(path: Path, output: Path | None, overrides: Sequence[str], until: Stage) -> str:
    """The same build as a command."""
    words = ["ascendc", "build", str(path), *(word for setting in overrides for word in ("--set", setting))]
    words += ["-o", str(output)] if output is not None else []
    return shlex.join(words + (["--until", until] if until != "package" else []))


def _write_partial(plan: Plan, until: Stage, done: Mapping[Step, Done], parts: PartSteps, folder: Path) -> bool:
    """Lay out what was made by a build that stops before packaging; whether any file changed."""
    store, sources = parts.store, parts.sources
    with store.steady_sources(), store.workspace(lambda _: None) as workspace:
        made = workspace.folder / "made"
        made.mkdir()
        for name, step in plan.graphs:
            result = done[step].result
            write_onnx(getattr(result, "graph", result), workspace, made / f"{name}.onnx", sources)
        for name, step in plan.oms:
            store.link(done[step].result.om, made / f"{name}.om")
        return place(made, until, folder, store)


def _keep_plans(targets: TargetSteps, done: Mapping[Step, Done]) -> tuple[str, ...]:
    """Write precision plans beside the recipe; what the user should know of it."""
    found = [done[a.chosen].result for a in targets.artefacts if a.chosen is not None and a.chosen in done]
    path = lock.path_of(targets.parts.recipe.path)
    try:
        return (f"precision plans are in {path}",) if found and lock.save(path, found) else ()
    except OSError as error:
        return (f"precision plans could not be kept in {path}: {error.strerror}; another machine would search again",)


def _row(artefact: Artefact, done: Mapping[Step, Done], without_om: State) -> Row:
    """Args: `without_om`: the state of an artefact whose OM was not made."""
    own = [done[step] for step in artefact.steps if step in done]
    made = artefact.made({step: done[step].result for step in artefact.steps if step in done})
    return Row(
        part=artefact.part.name,
        target=artefact.target.name,
        state=without_om if made.compiled is None else made.state,
        batch=str(artefact.target.part(artefact.part.name).batch),
        bytes=made.compiled.om.size if made.compiled else made.graph.size,
        error=made.error,
        seconds=sum(d.seconds for d in own if not d.cached),
    )
