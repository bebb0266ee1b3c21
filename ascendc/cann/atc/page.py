"""Where a Markdown page has its commands: in code blocks, and in paragraphs that begin with a call of ATC.

Pages as they are published are less tidy than CommonMark: fences are not closed, or closed with a slip behind them, and
commands stand outside them. So every block is a text of its own, in which no quote of another ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

_FENCE = re.compile(r"[ \t>]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`]*?)[ \t]*\r?")
_QUOTE = re.compile(r"[ \t]*>[ \t]?")
_MARKER = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+")
_CALL = re.compile(
    r"[ \t]*(?:\S*[@:~]\S*[#$%][ \t]*|\$[ \t]+)?(?:\S*/)?(?:py)?atc(?:\.bin)?[ \t]+(?:\\[ \t\r]*$|--?[A-Za-z])"
)


class Block(NamedTuple):
    """Some lines of a text."""

    line: int
    """The first of them, from 1."""
    text: str


def blocks(text: str) -> tuple[Block, ...]:
    """What of a Markdown page may hold commands; a text without any fence is one block."""
    lines = text.split("\n")
    inside, fenced = _inside(lines)
    if not fenced:
        return (Block(1, text),)
    found = [
        Block(numbers[0] + 1, "".join(_QUOTE.sub("", f"{lines[number]}\n", count=1) for number in numbers))
        for numbers in _runs(number for number in range(len(lines)) if number in inside)
    ]
    outside = [line if number not in inside and number not in fenced else "" for number, line in enumerate(lines)]
    return tuple(sorted((*found, *_paragraphs(outside))))


def paragraphs(text: str) -> tuple[Block, ...]:
    """The paragraphs of `text`, each from the line on that begins with a call of ATC."""
    return tuple(_paragraphs(text.split("\n")))


def _inside(lines: list[str]) -> tuple[set[int], set[int]]:
    """The lines that stand between fences, and the fences.

    A fence ends at one of its own kind that is as long, as in CommonMark; and where one begins that names a language.
    """
    inside: set[int] = set()
    fences: set[int] = set()
    opened = ""
    for number, line in enumerate(lines):
        fence = _FENCE.fullmatch(line)
        if fence is None:
            if opened:
                inside.add(number)
            continue
        fences.add(number)
        mark = fence["mark"]
        if not opened or (fence["info"] and mark.startswith(opened)):
            opened = mark
        elif mark.startswith(opened):
            opened = ""
    return inside, fences


def _paragraphs(lines: list[str]) -> Iterator[Block]:
    begin = 0
    kept: list[str] = []
    for number, line in enumerate((*lines, "")):
        bare = _QUOTE.sub("", line, count=1)
        if kept and bare.strip():
            kept.append(bare)
        elif kept:
            yield Block(begin + 1, "\n".join((*kept, "")))
            kept = []
        elif _CALL.match(unmarked := _MARKER.sub("", bare, count=1)):
            begin, kept = number, [unmarked]


def _runs(numbers: Iterable[int]) -> Iterator[list[int]]:
    """Numbers that follow each other, together."""
    for _, pairs in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        yield [number for _, number in pairs]
