"""What a log says went wrong: the lines that name an error, each with the lines that belong to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ascendc.cann.explain import signs, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ascendc.cann.explain.logs import Log

LONGEST = 2048
"""Characters of a line that are looked at."""

BELOW = 40
"""Lines below a code that belong to it, unless something else begins before."""

MOST, MOST_UNCODED = 2000, 200
"""Statements of one run, and those among them without a code; what comes later is not kept."""

Source = Literal["code", "plog", "plain"]

_START = b"ATC start working"
"""With this begins the output of every run; only the last run that failed counts."""

_BEFORE = re.compile(r"^\s*(?:\[PID: *\d+\]\s*)?(?:\d{4}-\d\d-\d\d[-T ][\d:.]+\s*)?")
"""Releases put process and time before the code, or behind it, or nowhere."""

_CODE = re.compile(r"(?<![\w.])([EW][0-9A-Z]\d{4})(?=[:\[(\s]|$)")

_NUMBER = re.compile(
    r"\b(?:ret(?:urn)?(?:[ _]?(?:code|value))?|err(?:or)?[ _]?(?:code|no)|inner_?code|code)\b"
    r"\s*(?:is|=|:)?\s*[\[(]?(\d{6})(?!\d)",
    re.IGNORECASE,
)
"""A return code of AscendCL, the graph engine or the runtime, as programs and plogs write it."""

_PLOG = re.compile(r"^\[(ERROR|WARNING|INFO|EVENT|DEBUG|TRACE)\]\s*\w+\([^)]*\):\s*\S+\s*(?:\[[^\]]*\])?\s*(?:\d+\s)?")

_NOISE = re.compile(r"\[PID: *\d+\]|\d{4}-\d\d-\d\d-\d\d:\d\d:\d\d[\d.]*|\(E[0-9A-Z]\d{4}\):?")

_PLACE = re.compile(r"\s*\[(?:FUNC|FILE|LINE|THREAD):[^\]]*\]?")

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd]+")

_OF_INTEREST = re.compile(rb"[EW][0-9A-Z]\d{4}|\d{6}|^\[ERROR\]|" + signs.WORDS, re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """One place of a log that says what went wrong."""

    log: str
    """Name of its file."""
    line: int
    """From 1."""
    source: Source
    """A line with a code; a line that ATC's own log marks as an error; a line that only its text gives away."""
    code: str | None
    """As the log has it."""
    quote: str
    """The line, without what could disturb a terminal."""
    text: str
    """What it says, without process and time, and the lines that belong to it."""
    run: int
    """Which of the runs in the log it is of; from 0."""


def statements(log: Log) -> Iterator[Statement]:
    """What `log` says went wrong, from its first line to its last."""
    found: list[_Open] = []
    run, uncoded, ended = 0, 0, True
    for number, raw in enumerate(log.content.split(b"\n"), start=1):
        if raw.startswith(_START):
            run += 1
            found = [one for one in found if one.failed and one.run == run - 1] or found
            uncoded, ended = 0, True
            continue
        block = None if ended or number - found[-1].line > BELOW else found[-1]
        if block is None and not _OF_INTEREST.search(raw, 0, LONGEST):
            continue
        line = clean(raw[:LONGEST].decode("utf-8", errors="replace"))
        if line.startswith("ascendc:"):
            continue
        began = _begin(line, run, number)
        if began is not None and block is not None and began.repeats(block):
            block.below.append(began.text)
        elif began is not None:
            ended = True
            uncoded += began.code is None
            if len(found) < MOST and (began.code or uncoded <= MOST_UNCODED):
                found.append(began)
                ended = began.code is None
        elif block is not None and line.strip() and not _PLOG.match(line):
            block.below.append(line.strip())
    for one in found:
        text = "\n".join([one.text, *one.below])
        yield Statement(log.name, one.line, one.source, one.code, one.quote, text, one.run)


def clean(line: str) -> str:
    """`line` without control characters and halves of characters."""
    return _UNPRINTABLE.sub(" ", re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", line)).rstrip()


def prose(text: str) -> str:
    """`text` without the places in CANN's source that follow its sentences."""
    return _PLACE.sub("", text)


class _Open:
    """A statement that is still being read."""

    def __init__(self, run: int, line: int, source: Source, code: str | None, quote: str, text: str) -> None:
        self.run, self.line, self.source, self.code = run, line, source, code
        self.quote, self.text = quote, text
        self.below: list[str] = []

    @property
    def failed(self) -> bool:
        """Whether it says more than a warning."""
        return not (self.code or "").startswith("W")

    def repeats(self, block: _Open) -> bool:
        """Whether this line goes on with what `block` began: internal errors repeat their code with the reason."""
        return self.code is not None and self.code == block.code and self.line - block.line == 1 + len(block.below)


def _begin(line: str, run: int, number: int) -> _Open | None:
    """What begins with `line`; None if nothing does."""
    plog = _PLOG.match(line)
    if plog and plog[1] != "ERROR":
        return None
    said = line[plog.end() :] if plog else line[_BEFORE.match(line).end() :]  # type: ignore[union-attr]  # matches ''
    if code := _code(said, anywhere=plog is not None):
        text = said[said.index(code) + len(code) :]
        return _Open(run, number, "code", code, line.strip(), _NOISE.sub("", text.lstrip(": ")).lstrip(": ").strip())
    if plog is not None:
        return _Open(run, number, "plog", None, line.strip(), said.strip())
    if signs.sign(said, None) is not None:
        return _Open(run, number, "plain", None, line.strip(), said.strip())
    return None


def _code(said: str, *, anywhere: bool) -> str | None:
    """The code that `said` names: at its beginning, or before a colon, or as a number that our table has."""
    for match in _CODE.finditer(said):
        after = said[match.end() : match.end() + 1]
        if match.start() == 0 or after == ":" or (anywhere and after in "[]("):
            return match[1]
    for match in _NUMBER.finditer(said):
        if table.entry(match[1]) is not None:
            return match[1]
    return None


def last_run(found: Iterable[Statement]) -> tuple[Statement, ...]:
    """The statements of the last run in which something failed; else of the last that said anything."""
    kept = tuple(found)
    failed = [one.run for one in kept if not (one.code or "").startswith("W")] or [one.run for one in kept]
    return tuple(one for one in kept if one.run == max(failed))
