"""What a log says went wrong: the lines that name an error, each with the lines that belong to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ascendc.cann.explain import signs, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ascendc.cann.explain.logs import Log

LONGEST = 1024
"""Bytes of a line that are looked at."""

BELOW = 40
"""Lines below a code that belong to it, unless something else begins before."""

MOST, MOST_UNCODED = 500, 200
"""Statements of one run, and those among them without a code; what comes later is not kept."""

LONGEST_TEXT = 8192
"""Characters of a line and those that belong to it."""

QUOTED = 400
"""Characters of a line that are shown."""

Source = Literal["code", "plog", "plain"]

_START = b"ATC start working"
"""With this begins the output of every run; only the last run that failed counts."""

_NO_ERROR = tuple(f"[{level}]".encode() for level in ("INFO", "DEBUG", "EVENT", "WARNING", "TRACE"))
"""With one of these begins nearly every line of ATC's own logs."""

_BEFORE = re.compile(r"^\s*(?:\[PID: *\d+\]\s*)?(?:\d{4}-\d\d-\d\d[-T ][\d:.]+\s*)?")
"""Releases put process and time before the code, or behind it, or nowhere."""

_CODE = re.compile(r"(?<![\w.])([EW][0-9A-Z]\d{4})(?=[:\[()\s]|$)")

_NUMBER = re.compile(
    r"\b(?:ret(?:urn)?(?:[ _]?(?:code|value))?|err(?:or)?[ _]?(?:code|no)|inner_?code|code|error(?= ?:)|failure)\b"
    r"\s*(?:is|=|:)?\s*[\[(]?(\d{6})(?!\d)",
    re.IGNORECASE,
)
"""A return code of AscendCL, the graph engine or the runtime, as programs and plogs write it."""

_FAULTS = ("507", "545")
"""So begin numbers of faults, whether the table has them or not: of the device, and of an OM that is loaded or run."""

_PLOG = re.compile(r"^\[ERROR\]\s*\w+\([^)]*\):\s*\S+\s*(?:\[[^\]]*\])?\s*(?:\d+\s)?")

_NOISE = re.compile(r"\[PID: *\d+\]|\d{4}-\d\d-\d\d-\d\d:\d\d:\d\d[\d.]*|\b\w*\([EW][0-9A-Z]\d{4}\):?")

_PLACE = re.compile(r"\s*\[(?:FUNC|FILE|LINE|THREAD):[^\]]*\]?")

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd]+")

_OF_INTEREST = tuple(
    re.compile(pattern.encode(), re.MULTILINE)
    for pattern in (
        "ATC start",
        r"(?<![\w.])[EW][0-9A-Z]\d{4}(?=[:\[()\s]|$)",
        *(
            rf"{word}[^\n]{{0,12}}\d{{6}}"
            for word in ("ret", "Ret", "code", "Code", "rrno", "rrNo", "alue", "rror:", "rror :", "ailure")
        ),
        r"^\[ERROR\]",
        *signs.WORDS,
    )
)
"""One of these is in every line that can begin something. Apart they are found ten times as fast as in one pattern."""

_RUNS, _CODES = 1, 12
"""How many of them, from the first, begin a run; begin a run or have a code."""


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
    quotes: tuple[tuple[int, str], ...]
    """The line and those that belong to it, with their numbers, without what could disturb a terminal."""
    text: str
    """What they say, without process and time: a line for each of `quotes`, until it is long."""
    run: int
    """Which of the runs in the log it is of; from 0."""


def statements(log: Log) -> Iterator[Statement]:
    """What `log` says went wrong, from its first line to its last."""
    found: list[_Open] = []
    lines = _Lines(log.content)
    run, uncoded = 0, 0
    block: _Open | None = None
    while True:
        more = _RUNS if len(found) >= MOST else _CODES if uncoded >= MOST_UNCODED else len(_OF_INTEREST)
        next_line = lines.next(more if block is None else None)
        if next_line is None:
            break
        number, raw = next_line
        if block is not None and number - block.line > BELOW:
            block = None
        if raw.startswith(_NO_ERROR):
            continue
        if raw.startswith(_START):
            found = [one for one in found if one.failed and one.run == run] or found
            run, uncoded, block = run + 1, 0, None
            continue
        line = clean(raw.decode("utf-8", errors="replace"))
        began = None if line.startswith("ascendc:") else _begin(line, run, number)
        if began is None:
            if block is not None and line.strip() and not _PLOG.match(line):
                block.add(number, line, line.strip())
        elif block is not None and began.belongs_to(block):
            block.add(number, line, began.texts[0])
        else:
            uncoded += began.code is None
            full = len(found) >= MOST
            found += [] if full else [began]
            block = began if began.code and not full else None
    for one in found:
        text = "\n".join(one.texts)[:LONGEST_TEXT]
        yield Statement(log.name, one.line, one.source, one.code, tuple(one.quotes), text, one.run)


class _Lines:
    """The lines of a log, cut to `LONGEST`; those without interest can be passed over as fast as memory is read."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at, self._number = content, 0, 0
        self._hits = [0] * len(_OF_INTEREST)
        """Where each pattern is found next, if that is not behind us."""

    def next(self, patterns: int | None) -> tuple[int, bytes] | None:
        """The next line, or the next that has one of the first `patterns`, and its number from 1; None at the end."""
        content, start = self._content, self._at
        if patterns is not None:
            hit = min(self._hit(which) for which in range(patterns))
            if hit >= len(content):
                return None
            start = max(start, content.rfind(b"\n", start, hit) + 1)
        elif start >= len(content):
            return None
        self._number += content.count(b"\n", self._at, start) + 1
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        self._at = end + 1
        return self._number, content[start : min(end, start + LONGEST)]

    def _hit(self, which: int) -> int:
        if self._hits[which] < self._at or not self._at:
            hit = _OF_INTEREST[which].search(self._content, self._at)
            self._hits[which] = hit.start() if hit else len(self._content)
        return self._hits[which]


def clean(line: str) -> str:
    """`line` without control characters and halves of characters."""
    return _UNPRINTABLE.sub(" ", re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", line)).rstrip()


def cut(line: str) -> str:
    """`line`, or the beginning of a long one."""
    return line if len(line) <= QUOTED else f"{line[: QUOTED - 1]}…"


def prose(text: str) -> str:
    """`text` without the places in CANN's source that follow its sentences."""
    return _PLACE.sub("", text)


class _Open:
    """A statement that is still being read."""

    def __init__(self, run: int, line: int, source: Source, code: str | None, quote: str, text: str) -> None:
        self.run, self.line, self.source, self.code = run, line, source, code
        self.quotes: list[tuple[int, str]] = []
        self.texts: list[str] = []
        self.add(line, quote, text)

    def add(self, line: int, quote: str, text: str) -> None:
        """A line that belongs to it."""
        self.quotes.append((line, quote.strip()))
        self.texts.append(text)

    @property
    def failed(self) -> bool:
        """Whether it says more than a warning."""
        return not (self.code or "").startswith("W")

    def belongs_to(self, block: _Open) -> bool:
        """Whether this line goes on with what `block` began: internal errors repeat their code with the reason."""
        if self.code is None:
            return self.source == "plain" and block.failed
        return self.code == block.code and self.line - block.line == len(block.texts)


def _begin(line: str, run: int, number: int) -> _Open | None:
    """What begins with `line`; None if nothing does."""
    plog = _PLOG.match(line)
    said = line[plog.end() :] if plog else line[_BEFORE.match(line).end() :]  # type: ignore[union-attr]  # matches ''
    if code := _code(said, anywhere=plog is not None):
        text = said[said.index(code) + len(code) :]
        return _Open(run, number, "code", code, line, _NOISE.sub("", text.lstrip("): ")).lstrip(": ").strip())
    if plog is not None:
        return _Open(run, number, "plog", None, line, said.strip())
    if signs.sign(said, None) is not None:
        return _Open(run, number, "plain", None, line, said.strip())
    return None


def _code(said: str, *, anywhere: bool) -> str | None:
    """The code that `said` names: at its beginning, before a colon, behind a title, or as a number of our table."""
    for match in _CODE.finditer(said):
        before, after = said[: match.start()], said[match.end() : match.end() + 2]
        titled = before.endswith("(") and after == "):"
        if not before or after[:1] == ":" or titled or (anywhere and after[:1] in "[]("):
            return match[1]
    for match in _NUMBER.finditer(said):
        if table.entry(match[1]) is not None or match[1].startswith(_FAULTS):
            return match[1]
    return None


def last_run(found: Iterable[Statement]) -> tuple[Statement, ...]:
    """The statements of the last run in which something failed; else of the last that said anything."""
    kept = tuple(found)
    failed = [one.run for one in kept if not (one.code or "").startswith("W")] or [one.run for one in kept]
    return tuple(one for one in kept if one.run == max(failed))
