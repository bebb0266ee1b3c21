"""Reads YAML 1.2: what editors with a schema read, so ``off`` is text and ``2e-4`` is a number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ascendc.document import explain
from ascendc.document.values import Document, Loc, Problem
from ascendc.errors import UsageError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_FIELDS = 10_000
"""After aliases are followed: a few lines of nested aliases can stand for billions."""

_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """PyYAML's parser with the scalars of YAML 1.2 (core schema), and ``<<`` as everybody knows it."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as its base has it


for _name, _pattern in (
    ("null", r"~|null|Null|NULL|"),
    ("bool", r"true|True|TRUE|false|False|FALSE"),
    ("int", r"[-+]?[0-9]{1,300}|0o[0-7]+|0x[0-9a-fA-F]+"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
    ("merge", r"<<"),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern})$"), None)


def _int(text: str) -> int:
    return int(text, 0 if text[:2] in ("0o", "0x") else 10)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


_SCALARS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "merge": str,
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _int,
    "float": _float,
}


def read(path: Path) -> Document:
    """The document in a file.

    Raises:
        UsageError: it cannot be read (ASC1101), is too large (ASC1113, ASC1114), not UTF-8 (ASC1115) or not
            YAML (ASC1102).
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError("ASC1101", f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise UsageError("ASC1113", f"{path}: must not be larger than {MAX_BYTES // 1024} KiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError("ASC1115", f"{path}:{line}: not UTF-8; allowed: UTF-8 text") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> Document:
    """The document in a text.

    Raises:
        UsageError: it is not YAML (ASC1102), or too large once its aliases are followed (ASC1114).
    """
    try:
        node = yaml.compose(text, _Loader)
    except yaml.YAMLError as error:
        line, words = explain.syntax(error, text)
        raise UsageError("ASC1102", f"{name}:{line}: {words}") from error
    except RecursionError as error:
        raise UsageError("ASC1114", f"{name}: nested too deeply") from error
    builder = _Builder(name)
    values = builder.build(node, ()) if node else None
    return Document(name, values, builder.lines, {}, builder.letters, tuple(builder.problems))


@dataclass
class _Builder:
    """Turns nodes into values, noting lines and letters on the way."""

    name: str
    lines: dict[Loc, int] = field(default_factory=dict)
    letters: dict[Loc, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    fields: int = 0

    def build(self, node: yaml.Node, loc: Loc) -> Any:
        """The value of a node; `loc` gets a line unless its key has given it one."""
        self.fields += 1
        line = self.lines.setdefault(loc, node.start_mark.line + 1)
        self._limit(len(loc), line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*loc, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, loc)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value, own in self._pairs(node, loc, 0):
            line = key.start_mark.line + 1
            place = (*loc, str(key.value))
            if key.tag != f"{_TAG}str":
                text = "must have keys that are text; allowed: keys in quotes"
                self.problems.append(Problem("ASC1103", loc, text, line=line))
            elif key.value not in values:
                self.lines[place] = line
                values[key.value] = self.build(value, place)
            elif own:
                text = f"must not be given twice; it is at line {self.lines[place]} already; allowed: once"
                self.problems.append(Problem("ASC1104", place, text, line=line))
        return values

    def _pairs(self, node: yaml.MappingNode, loc: Loc, depth: int) -> Iterator[tuple[yaml.Node, yaml.Node, bool]]:
        """Keys and values of a mapping, its own first, then those that ``<<`` brings in (False)."""
        self._limit(len(loc) + depth, node.start_mark.line + 1)
        sources: list[yaml.Node] = []
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                sources += value.value if isinstance(value, yaml.SequenceNode) else [value]
            else:
                yield key, value, depth == 0
        for source in sources:
            if isinstance(source, yaml.MappingNode):
                yield from self._pairs(source, loc, depth + 1)
            else:
                text = "`<<` must name mappings; allowed: aliases of mappings"
                self.problems.append(Problem("ASC1116", loc, text, line=source.start_mark.line + 1))

    def _scalar(self, node: yaml.Node, loc: Loc) -> Any:
        self.letters[loc] = node.value
        kind = node.tag.removeprefix(_TAG)
        try:
            return _SCALARS[kind](node.value)
        except (KeyError, ValueError):  # a tag that is not ours; `!!int` before what is none
            text = f"must not have the tag `{node.tag}`; allowed: no tag"
            self.problems.append(Problem("ASC1117", loc, text))
            return node.value

    def _limit(self, depth: int, line: int) -> None:
        """End what does not end: a value that holds itself by an alias, aliases of aliases of aliases."""
        if self.fields > MAX_FIELDS or depth > MAX_DEPTH:
            text = f"must not hold more than {MAX_FIELDS} fields, {MAX_DEPTH} deep, aliases counted"
            raise UsageError("ASC1114", f"{self.name}:{line}: {text}")
