"""``ascendc explain``: to be written."""

from __future__ import annotations

import click


@click.command()
def explain() -> None:
    """To be written."""
