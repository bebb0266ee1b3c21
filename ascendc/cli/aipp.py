"""``ascendc aipp``: to be written."""

from __future__ import annotations

import click


@click.group()
def aipp() -> None:
    """To be written."""
