"""``ascendc recipe``: the schema, and a check without a build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ascendc.cli.build import SET_HELP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascendc.target import Target


@click.group()
def recipe() -> None:
    """Print the recipe schema, check a recipe."""


@recipe.command()
def schema() -> None:
    """Print the JSON schema of recipes.

    Editors check and complete a recipe whose first line is

        # yaml-language-server: $schema=recipe.schema.json
    """
    click.echo(schema_text(), nl=False)


@recipe.command()
@click.argument("recipes", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RECIPE...")
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help=SET_HELP)
def check(recipes: tuple[Path, ...], overrides: tuple[str, ...]) -> None:
    """Check each RECIPE against its model, without weights and without building anything."""
    from ascendc import registry
    from ascendc.driver import prepare
    from ascendc.recipe import fit
    from ascendc.store import Store

    plugins = registry.load()
    for path in recipes:
        steps = prepare(path, overrides, Store(), plugins)
        click.echo(summary(path, fit(steps.recipe, steps.parts), (*steps.recipe.notes, *steps.notes)))


def summary(path: Path, targets: Sequence[Target], notes: Sequence[str]) -> str:
    """A recipe in a few lines: what must be known, and its targets."""
    lines = [f"note: {note}" for note in notes]
    for target in targets:
        shape = ", ".join(f"{name} at {part.batch} in {part.precision}" for name, part in target.parts)
        lines.append(f"{path}: {target.name}: {target.soc.name}, CANN {target.cann or 'unknown'}: {shape}")
    return "\n".join(lines)


def schema_text() -> str:
    """The schema as it is printed, and as it lies beside recipes."""
    import json

    from ascendc.recipe import json_schema

    return json.dumps(json_schema(), indent=2) + "\n"
