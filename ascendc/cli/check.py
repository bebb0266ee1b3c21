"""``ascendc check``: to be written."""

from __future__ import annotations

import click


@click.command()
def check() -> None:
    """To be written."""
