"""``ascendc atc``: to be written."""

from __future__ import annotations

import click


@click.group()
def atc() -> None:
    """To be written."""
