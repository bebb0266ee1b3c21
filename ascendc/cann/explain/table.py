"""What is known of each error: the table of causes and fixes, in two languages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

_DATA = Path(__file__).parents[1] / "data" / "errors.json"

Language = Literal["en", "zh"]

Kind = Literal[
    "option", "file", "model", "operator", "aipp", "environment", "memory", "internal", "runtime", "warning", "ascendc"
]
"""What is to be mended."""

WARNING, WRAPPER, GENERAL, SPECIFIC, RECOGNISED = range(5)
"""How near to the root cause an entry is: nothing failed; it wraps other errors; it may mean several things; it means
one thing; its very text was recognised."""

INTERNAL = "E19999"
"""The entry that explains every code for internal errors (``9999`` at its end)."""


@dataclass(frozen=True)
class Text:
    """One text in each language."""

    en: str
    zh: str

    def said(self, language: Language) -> str:
        """In `language`."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Entry:
    """An error, or a topic that is recognised by its text. Sources: the head of the data file."""

    ids: tuple[str, ...]
    """Codes that it explains alike (``E10016``, ``145000``), or the name of a topic (``aipp-even``)."""
    kind: Kind
    depth: int
    """How near to the root cause it is: `WARNING` to `RECOGNISED`."""
    look: tuple[str, ...]
    """What of the log and of the model is shown with it: keys of `ascendc.cann.explain.where.LOOKS`."""
    run: str
    """Key of a command; empty: there is none."""
    cause: Text
    """Its first sentence stands alone."""
    fix: Text
    """Its first sentence stands alone."""


@dataclass(frozen=True)
class Family:
    """Codes with one beginning."""

    prefix: str
    kind: Kind
    run: str
    name: Text
    """Who raises them."""


@dataclass(frozen=True)
class _Table:
    entries: dict[str, Entry]
    families: tuple[Family, ...]
    phrases: dict[str, Text]
    commands: dict[str, str]
    without_parser: frozenset[str]


def entry(id: str) -> Entry | None:
    """What explains a code or a topic; None for a code that nothing more than its family is known of."""
    entries = _table().entries
    return entries.get(id) or (entries[INTERNAL] if id.endswith("9999") and id[0] == "E" else None)


def family(code: str) -> Family | None:
    """The family with the longest beginning of `code`; None if it is no code at all."""
    fitting = [family for family in _table().families if code.startswith(family.prefix)]
    return max(fitting, key=lambda family: len(family.prefix), default=None)


def phrase(name: str, language: Language, /, **values: object) -> str:
    """A phrase of the report, filled in."""
    return _table().phrases[name].said(language).format(**values)


def command(run: str, **known: str | None) -> str:
    """The command that `run` stands for; empty for none. What is not `known` stays a word in capitals."""
    filled = {"model": "MODEL.onnx", "soc": "SOC"} | {name: value for name, value in known.items() if value}
    return _table().commands[run].format(**filled) if run else ""


def without_parser() -> frozenset[str]:
    """Operators of ONNX's own domain that ATC has no parser for, at any opset."""
    return _table().without_parser


@cache
def _table() -> _Table:
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    entries = [_entry(record) for record in data["entries"]]
    return _Table(
        {id: entry for entry in entries for id in entry.ids},
        tuple(Family(**{**record, "name": Text(**record["name"])}) for record in data["families"]),
        {name: Text(**texts) for name, texts in data["phrases"].items()},
        data["commands"],
        frozenset(data["without_parser"]),
    )


def _entry(record: dict[str, Any]) -> Entry:
    texts = {name: Text(**record[name]) for name in ("cause", "fix")}
    return Entry(**{**record, **texts, "ids": tuple(record["ids"]), "look": tuple(record["look"])})
