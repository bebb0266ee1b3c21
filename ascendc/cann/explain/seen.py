"""What a log names and the model it is about: what can be looked at to say where an error is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ascendc.cann.explain.table import Language, phrase
from ascendc.cann.explain.values import Values
from ascendc.cann.outline import Outline

NAMED = 3
"""Nodes, options or files of a kind that are named; of others the number is."""

LISTED = 8
"""Inputs, outputs or values that are listed."""


@dataclass(frozen=True)
class Model:
    """The model that was converted."""

    name: str
    """Of its file, as the user wrote it."""
    size: int
    """Of the file, in bytes."""
    outline: Outline


@dataclass(frozen=True)
class Seen:
    """What a look may look at."""

    values: Values
    model: Model | None
    language: Language

    def phrase(self, name: str, /, **filled: object) -> str:
        """A phrase in the language asked for."""
        return phrase(name, self.language, **filled)

    def listed(self, names: list[str], most: int = NAMED) -> str:
        """``a, b, c and 4 more``."""
        text = self.phrase("list").join(names[:most])
        more = len(names) - most
        return f"{text} {self.phrase('and_more', count=more, total=len(names))}" if more > 0 else text


Look = Callable[[Seen], Iterator[str]]
"""Adds lines to an explanation."""
