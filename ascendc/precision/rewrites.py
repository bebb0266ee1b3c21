"""Rewrites of a graph that change nothing in float32, and what float16 loses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc import passes
from ascendc.model import Use
from ascendc.passes.rescale import begins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import onnx_ir as ir

    from ascendc.precision.units import Unit

_PASSES = {one.NAME: one for one in passes.LIBRARY}

_POWER = 14
"""Numbers are scaled below this power of two: float16 ends at 2**16, and a sum of a few of them must fit."""


def candidates(units: Sequence[Unit], fixed: Callable[[Unit], bool], lost: Mapping[str, int]) -> tuple[Use, ...]:
    """Rewrites that may help, in the order in which they are applied; passes see for themselves where they apply.

    Args:
        units: of the graph.
        fixed: units that the chip cannot compute in float32.
        lost: of each node that goes beyond float16 the power of two that its largest number stays below.
    """
    uses = [Use.of("clamp-mask")]
    large = {unit.name: lost[unit.name] for unit in units if unit.name in lost and begins(unit.nodes[-1])}
    if large:
        by = max(-(-(max(large.values()) - _POWER) // 2), 1)
        uses.append(Use.of("rescale", nodes=tuple(large), by=by))
    if any(unit.kind == "Conv" and fixed(unit) for unit in units):
        uses.append(Use.of("patch-matmul"))
    return tuple(uses)


def rewritten(model: ir.Model, uses: Sequence[Use]) -> tuple[ir.Model, tuple[Use, ...]]:
    """A copy with some rewrites applied in turn, and those of them that changed anything.

    Weights are shared with `model`.
    """
    copy = model.clone()
    changed = tuple(use for use in uses if _PASSES[use.name](**dict(use.options)).rewrite(copy))
    return copy, changed
