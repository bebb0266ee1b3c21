"""``ascendc why``: which steps a build would run, and what has changed for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ascendc.cli.build import SET_HELP

if TYPE_CHECKING:
    from ascendc.why import Reason

_SAID = 6
"""Differences of one step that are printed; ``--json`` has them all."""


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.argument("stage", required=False)
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help=SET_HELP)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per step, one a line.")
def why(recipe: Path, stage: str | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Say for each step of RECIPE, or of its STAGE, whether it is stored, and if not, what has changed.

    A step that would run is compared with the recorded call that it differs least from. Nothing is run.
    """
    from ascendc.why import why as explain

    for reason in explain(recipe, stage, overrides=overrides):
        if as_json:
            import json
            from dataclasses import asdict

            click.echo(json.dumps(asdict(reason), ensure_ascii=False))
        else:
            click.echo(line(reason))


def line(reason: Reason) -> str:
    """``fix image: would run: ascendc's own code changed``."""
    name = f"{reason.stage} {reason.label}".strip()
    if reason.fate == "stored":
        return f"{name}: stored"
    if reason.fate == "waits":
        return f"{name}: stored, unless another result comes from {', '.join(reason.because)}"
    more = f"; and {len(reason.because) - _SAID} more (--json)" if len(reason.because) > _SAID else ""
    return f"{name}: would run: {'; '.join(reason.because[:_SAID])}{more}"
