"""``ascendc estimate``: to be written."""

from __future__ import annotations

import click


@click.command()
def estimate() -> None:
    """To be written."""
