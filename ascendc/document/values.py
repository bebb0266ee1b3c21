"""A document: plain values, and where each was written."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ascendc.errors import UsageError

Loc = tuple[str | int, ...]
"""A field's place: ``("targets", 0, "batch")``; the document itself is ``()``."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with one field."""

    id: str
    loc: Loc
    text: str
    """What is wrong; allowed: …"""
    hint: str | None = None
    line: int | None = None
    """Set if it is not the field's own line."""
    meant: Loc | None = None
    """The field that an unknown key was probably meant for."""


@dataclass(frozen=True)
class Document:
    """Plain values (dict, list, str, int, float, bool, None) and where each was written."""

    name: str = ""
    """The file, as the user named it."""
    values: Any = None
    lines: Mapping[Loc, int] = field(default_factory=dict)
    """Of every field of the file: its key's line, or its item's; from 1."""
    overrides: Mapping[Loc, str] = field(default_factory=dict)
    """The ``--set …`` of every field that came from one."""
    letters: Mapping[Loc, str] = field(default_factory=dict)
    """Each scalar as it was written, before YAML made a number of it."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with it as YAML: keys given twice, tags."""

    def nearest(self, loc: Loc) -> Loc:
        """`loc`, or its nearest parent that is written somewhere."""
        while loc and loc not in self.lines and loc not in self.overrides:
            loc = loc[:-1]
        return loc

    def where(self, loc: Loc) -> str:
        """``recipe.yaml:12``, or the ``--set …`` that gave the value."""
        loc = self.nearest(loc)
        return self.overrides.get(loc) or f"{self.name}:{self.lines.get(loc, 1)}"

    def value(self, loc: Loc) -> Any:
        """What is written at `loc`; None if nothing is."""
        values = self.values
        for step in loc:
            try:
                values = values[step]
            except (KeyError, IndexError, TypeError):
                return None
        return values

    def text(self, loc: Loc) -> str | None:
        """The text that is written at `loc`, by its letters if it has no quotes; None if nothing is."""
        value = self.value(loc)
        return value if value is None or isinstance(value, str) else self.letters.get(loc)

    def replaced(self, loc: Loc, new: Any) -> Document:
        """The same document with `new` at `loc`, which must be written."""
        return replace(self, values=_replaced(self.values, loc, new))

    def without(self, places: Iterable[Loc]) -> Document:
        """What is left when the values at `places` are taken out; an item of a list goes with its list."""
        left = self
        for place in places:
            loc = place
            while loc and isinstance(loc[-1], int):
                loc = loc[:-1]
            parent = left.value(loc[:-1])
            if not loc:
                left = replace(left, values=None)
            elif isinstance(parent, dict):
                left = left.replaced(loc[:-1], {key: value for key, value in parent.items() if key != loc[-1]})
        return left

    def error(self, problems: Iterable[Problem]) -> UsageError:
        """One error that tells of all `problems` (at least one): a line each, in the order of the file.

        A field that is not written is no problem of its own where an unknown key was probably meant for it.
        """
        problems = tuple(problems)
        meant = {problem.meant for problem in problems if problem.meant is not None}
        told = [p for p in problems if p.loc not in meant or self.nearest(p.loc) == p.loc]
        # By text: an alias shows one mistake at several places.
        lines = {self._text(problem): problem for problem in sorted(told, key=self._order)}
        first = next(iter(lines.values()))
        return UsageError(first.id, "\n".join(lines), hint=first.hint if len(lines) == 1 else None)

    def _order(self, problem: Problem) -> tuple[bool, int]:
        loc = self.nearest(problem.loc)
        return loc in self.overrides, problem.line or self.lines.get(loc, 1)

    def _text(self, problem: Problem) -> str:
        where = f"{self.name}:{problem.line}" if problem.line else self.where(problem.loc)
        return f"{where}: {format_path(problem.loc)}: {problem.text}"


def _replaced(values: Any, loc: Loc, new: Any) -> Any:
    if not loc:
        return new
    changed = copy.copy(values)
    changed[loc[0]] = _replaced(values[loc[0]], loc[1:], new)
    return changed


_STEP = re.compile(r"(?:^|\.)(?P<key>[^.\[\]]+)|\[(?P<index>[0-9]+)\]")


def parse_path(path: str) -> Loc:
    """``targets[0].batch`` as a place.

    Raises:
        ValueError: it is none.
    """
    steps = list(_STEP.finditer(path))
    if not steps or "".join(step.group() for step in steps) != path or steps[0]["key"] is None:
        raise ValueError(path)
    return tuple(step["key"] if step["key"] is not None else int(step["index"]) for step in steps)


def format_path(loc: Loc) -> str:
    """``targets[0].batch``; the document itself is ``(file)``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    return text.removeprefix(".") or "(file)"
