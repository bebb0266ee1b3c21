"""Targets, as a recipe has them: four SoCs, two opsets, AIPP on half of them, single batch sizes and gears."""

from __future__ import annotations

from typing import Any

Target = dict[str, Any]

BASE: Target = {"soc": "Ascend310P3", "cann": "8.1.RC1"}
"""Of every build that does not say otherwise."""
_310B: Target = {"soc": "Ascend310B4", "cann": "8.0.RC2"}
_910B: Target = {"soc": "Ascend910B4", "cann": "8.1.RC1"}
_310: Target = {"soc": "Ascend310", "cann": "5.1.RC1"}  # opset 11; the others take 13


def _raw(target: Target, image: int, text: int | list[int]) -> Target:
    """The same chip once more, with raw pixels in (AIPP) and these batch sizes."""
    parts = {"image": {"batch": image, "aipp": "rgb"}, "text": {"batch": text}}
    return {**target, "name": f"{target['soc']}-raw".lower(), "parts": parts}


TARGETS: tuple[Target, ...] = (
    BASE,
    _raw(BASE, 8, [1, 2, 4, 8]),
    _310B,
    _raw(_310B, 1, [1, 4]),
    {**_910B, "batch": [1, 8, 32]},
    _raw(_910B, 4, 8),
    _310,
    _raw(_310, 1, [1, 4]),
)
COUNTS = (1, 2, 4, 8)
"""How many of them, from the first, a recipe has."""
