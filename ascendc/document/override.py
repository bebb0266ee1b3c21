"""Lays ``--set targets[0].batch=8`` over a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ascendc.document.check import describe
from ascendc.document.reader import parse
from ascendc.document.values import Document, Loc, format_path, parse_path
from ascendc.errors import UsageError


def override(document: Document, settings: Sequence[str]) -> Document:
    """`document` with each ``path=value`` laid over it in turn; a value is YAML, missing mappings are made.

    Raises:
        UsageError: a setting is not ``path=value`` with a value in YAML (ASC1109, ASC1102), or its path leads
            nowhere (ASC1110).
    """
    for setting in settings:
        document = _lay_over(document, setting)
    return document


def _lay_over(document: Document, setting: str) -> Document:
    name = f"--set {setting}"
    path, equals, text = setting.partition("=")
    try:
        loc = parse_path(path.strip())
    except ValueError as error:
        loc, equals = (), ""
        cause: ValueError | None = error
    else:
        cause = None
    if not equals:
        message = f"{name}: must be a field and its value; allowed: targets[0].parts.image.batch=8"
        raise UsageError("ASC1109", message) from cause
    value = _parse(text, name)
    missing = [loc[:end] for end in range(1, len(loc)) if document.nearest(loc[:end]) != loc[:end]]
    origins = dict.fromkeys([*missing, *((*loc, *place) for place in value.lines), loc], name)
    return replace(
        document,
        values=_assigned(document.values, loc, 0, value.values, name),
        lines={place: line for place, line in document.lines.items() if place[: len(loc)] != loc},
        overrides={**_outside(document.overrides, loc), **origins},
        letters={**_outside(document.letters, loc), **{(*loc, *p): text for p, text in value.letters.items()}},
        problems=(*document.problems, *(replace(p, loc=(*loc, *p.loc), line=None) for p in value.problems)),
    )


def _parse(text: str, name: str) -> Document:
    try:
        return parse(text, name)
    except UsageError as error:
        message = error.message.removeprefix(f"{name}:1: ")
        raise UsageError(error.id, f"{name}: {message}") from error


def _outside(table: Mapping[Loc, str], loc: Loc) -> dict[Loc, str]:
    return {place: text for place, text in table.items() if place[: len(loc)] != loc}


def _assigned(values: Any, loc: Loc, depth: int, new: Any, name: str) -> Any:
    """A copy of `values`, which lies at ``loc[:depth]``, in which `loc` holds `new`."""
    if depth == len(loc):
        return new
    step, here = loc[depth], format_path(loc[:depth])
    if isinstance(step, int):
        if not isinstance(values, list):
            raise UsageError("ASC1110", f"{name}: {here}: must be a list, not {describe(values)}")
        if step >= len(values):
            allowed = ", ".join(f"{here}[{index}]" for index in range(len(values))) or "none, the list is empty"
            raise UsageError("ASC1110", f"{name}: {here}[{step}]: there is no such item; allowed: {allowed}")
        changed = _assigned(values[step], loc, depth + 1, new, name)
        return [changed if index == step else value for index, value in enumerate(values)]
    if not isinstance(values, dict | None):
        item = format_path((*loc[:depth], 0, *loc[depth:]))
        guess = f" (did you mean `{item}`?)" if isinstance(values, list) and values else ""
        raise UsageError("ASC1110", f"{name}: {here}: must be a mapping, not {describe(values)}{guess}")
    inner = (values or {}).get(step)
    return {**(values or {}), step: _assigned(inner, loc, depth + 1, new, name)}
