"""``ascendc soc``: to be written."""

from __future__ import annotations

import click


@click.command()
def soc() -> None:
    """To be written."""
