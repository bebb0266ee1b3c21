"""``ascendc recipe``: the schema, and a check without a build."""

from __future__ import annotations

from pathlib import Path

import click


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
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="targets[0].parts.image.batch=8")
def check(recipes: tuple[Path, ...], overrides: tuple[str, ...]) -> None:
    """Check each RECIPE against its model, without weights and without building anything."""
    from ascendc import registry
    from ascendc.driver import prepare
    from ascendc.recipe import check_passes, fit
    from ascendc.store import Store

    plugins = registry.load()
    for path in recipes:
        steps = prepare(path, overrides, Store(), plugins)
        check_passes(steps.recipe, plugins)
        targets = fit(steps.recipe, steps.parts)
        for note in steps.recipe.notes:
            click.echo(f"note: {note}")
        for target in targets:
            shape = ", ".join(f"{name} at {part.batch} in {part.precision}" for name, part in target.parts)
            click.echo(f"{path}: {target.name}: {target.soc.name}, CANN {target.cann or 'unknown'}: {shape}")


def schema_text() -> str:
    """The schema as it is printed, and as it lies beside recipes."""
    import json

    from ascendc.recipe import json_schema

    return json.dumps(json_schema(), indent=2) + "\n"
