"""Which of ATC's options a recipe may set, and which ascendc sets itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ascendc.cann.atc import together, values
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.table import Option, near, table
from ascendc.errors import UsageError

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
    given = dict(extra)
    for name, value in given.items():
        option = _known(name)
        _check_ours(option, implied)
        _check_value(option, value)
    for found in together.clashes(Options.of(given), (*OWNED, *implied)):
        id = "ASC1720" if found.finding.message.startswith("must go together") else "ASC1719"
        raise UsageError(id, f"`{found.finding.option}` {_ticked(found.finding.message)}")


def _ticked(message: str) -> str:
    """Options as a recipe writes them: without dashes, in backticks."""
    return " ".join(f"`{word[2:]}`" if word.startswith("--") else word for word in message.split(" "))


def _known(name: str) -> Option:
    if name in table():
        return table()[name]
    guess = near(name)
    meant = f" (did you mean `{guess}`?)" if guess else ""
    raise UsageError("ASC1714", f"`{name}` is not an option of ATC{meant}", hint="ascendc atc docs")


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
    if not value or "\n" in value:
        raise UsageError("ASC1718", f"`{option.name}` must not be {value!r}; allowed: one line of text")
    for found in values.value(option, value):
        if found.error:
            raise UsageError("ASC1718", f"`{option.name}` {found.finding.message}")
