"""The operators that mixed precision leaves in float32, as ATC's ``--modify_mixlist`` takes them: by GE type."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from ascendc.cann.operators import table
from ascendc.precision.modes import WHITE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_FUSED = {"LayerNorm": ("LayerNorm",), "Gelu": ("Gelu",), "QuickGelu": ("Mul", "Sigmoid")}
"""GE types of patterns: of what a fusion pass of CANN 8.1 makes, and of the nodes themselves where it has none."""


@cache
def ge_types(kind: str) -> tuple[str, ...]:
    """The GE types that a kind of units becomes, by the ONNX parser's table; empty: not known.

    Several are forms of one operator: which one ATC takes, ranks and attributes decide.
    """
    mapped = table.onnx().get(("", kind))
    return _FUSED.get(kind, ()) or (() if mapped is None else tuple(mapped.ge))


def listed(kind: str, types: Collection[str]) -> bool:
    """Whether a black list of GE types takes a kind of units off float16 for certain: it has all forms of it."""
    forms = ge_types(kind)
    return bool(forms) and {*forms} <= {*types}


def mixlist(types: Sequence[str]) -> str:
    """The JSON file that puts `types` on the black list, and takes those off the white one that are on it."""
    white = {name for kind in WHITE for name in ge_types(kind)}
    lists = {"black-list": {"to-add": list(types)}}
    removed = [name for name in types if name in white]
    if removed:
        lists["white-list"] = {"to-remove": removed}
    return json.dumps(lists, indent=2) + "\n"
