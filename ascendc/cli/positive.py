"""A number above 0, as options take it."""

from __future__ import annotations

import math

import click


class Positive(click.FloatRange):
    """Neither NaN, with which every comparison fails, nor infinity, with which none does: JSON has neither."""

    name = "number"

    def __init__(self) -> None:
        """Numbers from 0, without it."""
        super().__init__(0, min_open=True)

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number.

        Raises:
            click.BadParameter: it is none, or none that is allowed.
        """
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{number} is not a number above 0.", param, ctx)
        return number
