"""ATC's option table, and what of it a recipe may set."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_DATA = Path(__file__).parents[1] / "data" / "atc_options.json"

_SHAPES = "the model's inputs and `batch`"

OWNED = {
    "framework": "the graph, which is ONNX",
    "model": "its own working folder",
    "output": "its own working folder",
    "op_compiler_cache_dir": "its own cache",
    "soc_version": "`soc`",
    "input_format": "the plugin's hints",
    "input_shape": _SHAPES,
    "input_shape_range": _SHAPES,
    "input_hint_shape": _SHAPES,
    "dynamic_batch_size": _SHAPES,
    "dynamic_image_size": _SHAPES,
    "dynamic_dims": _SHAPES,
    "insert_op_conf": "`aipp`",
    "precision_mode": "`precision`",
    "precision_mode_v2": "`precision`",
    "enable_small_channel": "the plugin's hints",
}
"""Options that ascendc sets, and what it sets them from."""


TOGETHER = ("ASC1719", "ASC1720")
"""Ids of what `check` says of options that exclude, or need, each other."""


@dataclass(frozen=True)
class Option:
    """One option of ATC."""

    name: str
    kind: str
    """``int``, ``bool``, ``enum``, ``file`` or ``text``."""
    allowed: tuple[str, ...] = ()
    """Every value, where it is a list."""
    conflicts: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    refused: str = ""
    """Why ascendc does not pass it on."""


@cache
def table() -> dict[str, Option]:
    """Every option by name, in ATC's own order."""
    options = (_option(**record) for record in json.loads(_DATA.read_text(encoding="utf-8"))["options"])
    return {option.name: option for option in options}


def _option(
    name: str,
    kind: str,
    allowed: Iterable[str] = (),
    conflicts: Iterable[str] = (),
    requires: Iterable[str] = (),
    refused: str = "",
) -> Option:
    return Option(name, kind, tuple(allowed), tuple(conflicts), tuple(requires), refused)


def check(extra: Iterable[tuple[str, str]], implied: Collection[str]) -> None:
    """Refuse extra options that ATC, or ascendc around it, cannot take.

    Args:
        extra: name without dashes, and value.
        implied: options beyond `OWNED` that the part's plugin already sets.

    Raises:
        UsageError: an option is unknown (ASC1714), set by ascendc (ASC1715), not passed on (ASC1716), names a
            file (ASC1717), has a value that is not allowed (ASC1718), or contradicts another (ASC1719) or
            lacks one that it needs (ASC1720).
    """
    extra = tuple(extra)
    given = {name for name, _ in extra} | set(implied)
    for name, value in extra:
        option = _known(name)
        _check_ours(option, implied)
        _check_value(option, value)
        for other in option.conflicts:
            if other in given:
                raise UsageError("ASC1719", f"`{name}` and `{other}` exclude each other")
        for other in option.requires:
            if other not in given and other not in OWNED:
                raise UsageError("ASC1720", f"`{name}` must go together with `{other}`")


def _known(name: str) -> Option:
    if name in table():
        return table()[name]
    near = difflib.get_close_matches(name.lstrip("-").replace("-", "_"), table(), 1)
    guess = f" (did you mean `{near[0]}`?)" if near else ""
    raise UsageError("ASC1714", f"`{name}` is not an option of ATC{guess}", hint="atc --help")


def _check_ours(option: Option, implied: Collection[str]) -> None:
    if option.name in OWNED:
        raise UsageError("ASC1715", f"`{option.name}` must not be given: ascendc sets it from {OWNED[option.name]}")
    if option.name in implied:
        raise UsageError("ASC1715", f"`{option.name}` must not be given: ascendc sets it from the plugin's hints")
    if option.refused:
        raise UsageError("ASC1716", f"`{option.name}` must not be given: {option.refused}")
    if option.kind == "file":
        # A file's content would enter neither the cache key nor the bundle.
        raise UsageError("ASC1717", f"`{option.name}` must not be given: it names a file, which would not travel along")


def _check_value(option: Option, value: str) -> None:
    if option.allowed and value not in option.allowed:
        raise UsageError("ASC1718", f"`{option.name}` must not be `{value}`; allowed: {', '.join(option.allowed)}")
    if option.kind == "int" and not value.isdecimal():
        raise UsageError("ASC1718", f"`{option.name}` must not be `{value}`; allowed: digits only")
    if not value or "\n" in value:
        raise UsageError("ASC1718", f"`{option.name}` must not be {value!r}; allowed: one line of text")
