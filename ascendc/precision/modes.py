"""Which units ATC computes in float16, by precision mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ascendc.precision.units import Unit

Mode = Literal[
    "force_fp16",
    "allow_fp32_to_fp16",
    "fp16",
    "allow_mix_precision",
    "allow_mix_precision_fp16",
    "mixed_float16",
    "must_keep_origin_dtype",
    "force_fp32",
    "origin",
]
"""Values of ``--precision_mode`` and ``--precision_mode_v2`` that are foretold; not bfloat16, hif8 and cube modes."""

V2 = ("fp16", "mixed_float16", "origin")
"""Those of ``--precision_mode_v2``."""

MIXED = ("allow_mix_precision", "allow_mix_precision_fp16", "mixed_float16")
KEPT = ("must_keep_origin_dtype", "force_fp32", "origin")

WHITE = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
"""Operators that mixed precision computes in float16 (CANN 8.1.RC1 operator stores, ``precision_reduce``, where all
chips agree)."""

BLACK = frozenset({"LayerNorm", "LayerNormalization", "Log", "LogSoftmax", "ReduceMean", "ReverseSequence"})
"""Operators that mixed precision leaves in float32 on some chip: ReduceMean on Ascend310, Log on 310B and 910B; and
norms, which models' own black lists name."""


def in_half(units: Sequence[Unit], mode: Mode, black: Collection[str] = ()) -> tuple[bool, ...]:
    """For each unit whether it is computed in float16.

    Mixed modes: white operators are, black ones are not, and the rest does as the one before it does.

    Args:
        units: of the main graph, in its order.
        mode: ATC's.
        black: further kinds of units that mixed modes leave in float32.
    """
    if mode in KEPT:
        return (False,) * len(units)
    if mode not in MIXED:
        return (True,) * len(units)
    by_value: dict[object, bool] = {}
    chosen = []
    for unit in units:
        before = [by_value[value] for value in unit.inputs if value in by_value]
        kept = unit.kind in black or unit.kind in BLACK
        half = not kept and (unit.kind in WHITE or any(before))
        by_value.update(dict.fromkeys(unit.outputs, half))
        chosen.append(half)
    return tuple(chosen)
