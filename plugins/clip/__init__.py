"""CLIP: two towers that put pictures and texts into one space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc import hookimpl

if TYPE_CHECKING:
    from ascendc import Model


@hookimpl
def ascendc_register_models() -> list[type[Model]]:
    """The one model of this plugin."""
    from .model import Clip

    return [Clip]
