"""ATC's option table: what each option is, takes, excludes and needs."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

_DATA = Path(__file__).parents[1] / "data" / "atc_options.json"

Kind = Literal["int", "bool", "enum", "file", "text", "flag"]

USAGE = "usage"
"""The code of what ATC's own parser, or the shell before it, says without a code."""

ADVICE = "advice"
"""The code of what ATC does not say."""

GROUPS = {
    "core": "what is converted, and to what",
    "input": "inputs",
    "dynamic": "several shapes in one OM (gears)",
    "output": "outputs",
    "target": "where the OM runs",
    "precision": "precision",
    "opt": "optimisation",
    "cache": "caches and working folders",
    "debug": "finding faults",
}
"""The groups of options, in the order they are listed in."""

GEARS = ("dynamic_batch_size", "dynamic_image_size", "dynamic_dims")
"""The options that list shapes for one OM; each needs -1 in ``--input_shape``."""


@dataclass(frozen=True)
class Option:
    """One option of ATC.

    Source: ATC's flags and checks as of August 2026; `since` marks what CANN 8.1 may not know.
    """

    name: str
    """Without dashes."""
    kind: Kind
    """``int`` takes digits only, ``bool`` the words true and false; only a ``flag`` may stand without a value."""
    group: str
    meaning: str
    """One sentence."""
    use: str = ""
    """What to mind with CLIP-like models; may be empty."""
    default: str = ""
    """What ATC takes when it is not given; empty: nothing, or it depends."""
    allowed: tuple[str, ...] = ()
    """Every value, where it is a list."""
    older: tuple[str, ...] = ()
    """Values that earlier releases took."""
    code: str = USAGE
    """What ATC answers to a value that is not allowed."""
    conflicts: Mapping[str, str] = field(default_factory=dict)
    """Options it excludes, and what ATC answers."""
    requires: Mapping[str, str] = field(default_factory=dict)
    """Options it needs, and what ATC answers; `ADVICE`: it has no effect without."""
    errors: tuple[str, ...] = ()
    """Codes that ATC has for it."""
    soc: str = ""
    """Which chips limit it."""
    status: Literal["current", "deprecated", "removed"] = "current"
    instead: str = ""
    """What took its place."""
    since: str = ""
    """The month in whose source it was first seen; empty: CANN 8.1 and older have it."""
    onnx: bool = True
    """Whether it does anything for an ONNX model."""
    modes: tuple[int, ...] = ()
    """Values of ``--mode`` that read it; empty: those that make an OM."""
    checked: bool = False
    """A path whose characters ATC checks."""
    refused: str = ""
    """Why ascendc does not pass it on."""

    def is_off(self, value: str) -> bool:
        """Whether `value` is as if the option were not given: empty, or an ``int`` of 0, or a ``bool`` of false."""
        return not value or value == {"int": "0", "bool": "false"}.get(self.kind)


@cache
def table() -> dict[str, Option]:
    """Every option by name, in ATC's own order."""
    options = map(_option, json.loads(_DATA.read_text(encoding="utf-8"))["options"])
    return {option.name: option for option in options}


def _option(record: dict[str, Any]) -> Option:
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in record.items()
    }
    return Option(**fields)


def near(name: str) -> str | None:
    """The option that somebody may have meant who wrote `name`, in whatever dialect."""
    found = difflib.get_close_matches(name.lstrip("-–—").replace("-", "_").lower(), table(), 1)
    return found[0] if found else None
