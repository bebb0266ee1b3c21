"""Rewrites of a graph that change nothing in float32, and what float16 loses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc import passes
from ascendc.model import Use

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import onnx_ir as ir

    from ascendc.precision.units import Unit


def candidates(units: Sequence[Unit], fixed: Callable[[Unit], bool]) -> tuple[Use, ...]:
    """Rewrites that may help, in the order in which they are applied."""
    return (Use.of("clamp-mask"),)


_PASSES = {one.NAME: one for one in passes.LIBRARY}


def rewritten(model: ir.Model, uses: Sequence[Use]) -> tuple[ir.Model, tuple[Use, ...]]:
    """A copy with some rewrites applied in turn, and those of them that changed anything.

    Weights are shared with `model`.
    """
    copy = model.clone()
    changed = tuple(use for use in uses if _PASSES[use.name](**dict(use.options)).rewrite(copy))
    return copy, changed
