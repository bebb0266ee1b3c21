"""``ascendc build``: recipes in, bundles out."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ascendc.amounts import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascendc.driver import Outcome
    from ascendc.plan import Stage

SET_HELP = "Change a field: targets[0].batch=8, model.weights=random. May be given again."
_STAGES = click.Choice(["export", "fix", "verify", "check", "forecast", "compile", "package"])


@click.command()
@click.argument("recipes", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RECIPE...")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the bundle [build/<bundle name>].")
@click.option("--until", type=_STAGES, default="package", help="Stop after this stage.")
@click.option("--dry-run", is_flag=True, help="Print the steps and whether the store has them; run nothing.")
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help=SET_HELP)
@click.option("-j", "--jobs", type=click.IntRange(1), help="Steps at a time [one for each core].")
@click.option("--memory", metavar="SIZE", help="What steps that run together may need, as 8GB [what is available].")
@click.option("--verify", is_flag=True, help="Hash every file that is used in full, whatever its times say.")
@click.option("--allow-pickle", is_flag=True, help="Load weights that only a full pickle holds: it can run code.")
@click.option("--bench", is_flag=True, help="Measure the bundle: <output>.bench.json.  [benchmark.after_build]")
@click.option("--require-om", is_flag=True, help="Exit 5 if an OM cannot be compiled here.")
@click.option("--json", "as_json", is_flag=True, help="One event per line on stdout.")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors.")
@click.option("-v", "--verbose", is_flag=True, help="Print what every step says.")
def build(
    recipes: tuple[Path, ...],
    output: Path | None,
    until: Stage,
    dry_run: bool,
    overrides: tuple[str, ...],
    jobs: int | None,
    memory: str | None,
    verify: bool,
    allow_pickle: bool,
    bench: bool,
    require_om: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Build a deployment bundle from each RECIPE.

    What the store already has is not run again. Without ATC on this machine the bundle is complete but for its
    OM files, and says so: their state is `om-deferred`.
    """
    if output is not None and len(recipes) > 1:
        raise click.UsageError("-o/--output takes one recipe; several go to build/<bundle name> each")
    if bench and (dry_run or until != "package"):
        raise click.UsageError("--bench measures the bundle, and --dry-run and --until make none")
    if allow_pickle:
        overrides += ("model.allow_pickle=true",)
    if dry_run:
        if as_json:
            raise click.UsageError("--dry-run runs nothing that --json could report")
        return _dry_run(recipes, overrides, until)
    return execute(
        recipes,
        output=output,
        overrides=overrides,
        until=until,
        jobs=jobs,
        memory=size(memory, "--memory") if memory is not None else None,
        verify=verify,
        bench=bench,
        require_om=require_om,
        as_json=as_json,
        verbosity=-1 if quiet else int(verbose),
    )


def execute(
    recipes: Sequence[Path],
    *,
    output: Path | None = None,
    overrides: Sequence[str] = (),
    until: Stage = "package",
    jobs: int | None = None,
    memory: int | None = None,
    verify: bool = False,
    bench: bool = False,
    require_om: bool = False,
    as_json: bool = False,
    verbosity: int = 0,
) -> int:
    """Build each recipe and print its table; returns the exit code."""
    from ascendc import driver
    from ascendc.cli import progress
    from ascendc.cli.bench import AfterBuild

    command = shlex.join(["ascendc", *sys.argv[1:]])
    with progress.listening(as_json_lines=as_json, verbosity=verbosity) as listen:
        if len(recipes) > 1:
            driver.bundle_names(recipes, overrides, command=command, listen=listen)
    for recipe in recipes:
        with progress.listening(as_json_lines=as_json, verbosity=verbosity) as listen:
            outcome = driver.build(
                recipe,
                output=output,
                overrides=overrides,
                until=until,
                jobs=jobs,
                memory=memory,
                verify=verify,
                require_om=require_om,
                command=command,
                measure=AfterBuild(command, asked=bench, quiet=verbosity < 0, on_stdout=not as_json),
                listen=listen,
            )
        if not as_json and verbosity >= 0:
            click.echo(report(outcome))
    return 0


def report(outcome: Outcome) -> str:
    """The table of parts × targets, the verdict, what must be known, and the exact next commands."""
    lines = ["", *table(outcome)] if outcome.rows else []
    lines += [f"task verdict: {verdict}" for verdict in outcome.verdicts]
    lines += [f"note: {note}" for note in outcome.notes]
    if not outcome.changed:
        lines += ["", f"{outcome.output}: nothing to do, everything is up to date ({outcome.seconds:.1f} s)"]
    else:
        lines += ["", f"{outcome.output}: written in {outcome.seconds:.1f} s"]
    return "\n".join([*lines, *_next(outcome)])


def table(outcome: Outcome) -> list[str]:
    """Header and one line per artefact, aligned."""
    rows = [("part", "target", "state", "batch", "size", "error", "time")]
    rows += [
        (
            row.part,
            row.target,
            row.state,
            row.batch,
            f"{row.bytes / 1e6:.1f} MB",
            f"{row.error:.1e}",
            f"{row.seconds:.1f} s" if row.seconds else "stored",
        )
        for row in outcome.rows
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _next(outcome: Outcome) -> list[str]:
    folder = shlex.quote(str(outcome.output))
    if not (outcome.output / "manifest.json").exists():
        return []
    lines = [f"next: {folder}/deploy.sh    # checks the bundle, here or on the board"]
    for reason in dict.fromkeys(deferred.reason for deferred in outcome.deferred):
        lines += ["", f"OM deferred: {reason}"]
        commands = [d.command for d in outcome.deferred if d.reason == reason]
        lines += [f"  {line}" for command in commands for line in command.splitlines()]
    return lines


def _dry_run(recipes: Sequence[Path], overrides: Sequence[str], until: Stage) -> int:
    from ascendc import driver
    from ascendc.cli.recipe import summary
    from ascendc.dry_run import dry_run

    if len(recipes) > 1:
        driver.bundle_names(recipes, overrides)
    for recipe in recipes:
        found = dry_run(recipe, overrides=overrides, until=until)
        click.echo(summary(recipe, found.targets, found.notes))
        for planned in found.steps:
            click.echo(f"  {planned.stage:<8} {planned.label:<20} {planned.fate}")
    return 0
