"""Of all that a log says the root cause, in our words, and where it is in the model."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from ascendc.cann.explain import signs, table, where
from ascendc.cann.explain.logs import Log
from ascendc.cann.explain.seen import Model, Seen
from ascendc.cann.explain.statements import LONGEST, Statement, clean, cut, last_run, statements
from ascendc.cann.explain.table import Entry, Kind, Language, phrase
from ascendc.cann.explain.values import Values, values
from ascendc.errors import UsageError

_SHORT = 40
"""Characters of a line that hardly says more than its code."""

_QUOTES = 4
"""Lines that are quoted of the root cause."""

_RELATED = 20
"""Statements whose values complete those of the root cause."""

_PLACES = 3
"""Places that a summary names."""

_OTHERS = 10
"""Errors beside the root cause that are listed."""

_NO_SIGN = "logged-error"
"""The entry of an error in CANN's own log that has neither a code nor a sign."""

_OF_ATC = (b"ATC start working", b",atc.bin)")
"""By which a log is known as ATC's."""

_ON_DEVICE = ("507011", "507014", "507015", "507016", "507018")
"""Return codes of what did run on a device, which ATC does to calibrate and to tune."""

_CODE = re.compile(r"[EW][0-9A-Z]\d{4}|\d{6}|ASC\d{4}")


@dataclass(frozen=True)
class Explanation:
    """One error in our words."""

    code: str | None
    """As CANN writes it; None for a failure that has none, such as a missing library."""
    id: str
    """Of the entry of our table that explains it: a code, the name of a topic (``aipp-even``), or the beginning of a
    code of which no more is known (``E13``). Programs may rely on it."""
    kind: Kind
    """What is to be mended."""
    cause: str
    """What went wrong; its first sentence stands alone."""
    where: tuple[str, ...]
    """What the log names, and where that is in the model, if one was given."""
    fix: str
    """What to do; its first sentence stands alone."""
    command: str
    """What to run next; what is not known is in capitals (MODEL.onnx). May be empty."""


@dataclass(frozen=True)
class Quote:
    """A line of a log, verbatim but for control characters, and cut if it is long."""

    log: str
    """Its file."""
    line: int
    """From 1; of what was read, if only the end of a very large log was."""
    text: str


@dataclass(frozen=True)
class Diagnosis:
    """What a code means, or what a log comes to."""

    language: Language
    """Of the texts."""
    root: Explanation
    """What to mend first."""
    others: tuple[Explanation, ...]
    """What else the log says, the nearest to a root cause first."""
    quoted: tuple[Quote, ...]
    """What the log says of the root cause."""
    found: Values
    """What the log names there."""


def of_code(code: str, language: Language = "en") -> Diagnosis:
    """What `code` means: one of ATC (any case), a number of AscendCL, or one of our own.

    Raises:
        UsageError: it is no code (ASC2403).
    """
    wanted = code.strip().upper()
    known = table.entry(code.strip().lower()) or table.entry(wanted)
    if known is None and (not _CODE.fullmatch(wanted) or table.family(wanted) is None):
        shown = code.strip()[:60]
        raise UsageError(
            "ASC2403",
            f"`{shown}` is no error code; allowed: one of ATC such as E16002, EZ3003 or W11001, and a return code of "
            "AscendCL such as 145000",
            hint="ascendc explain -f atc.log  (for a whole log)",
        )
    said = wanted if _CODE.fullmatch(wanted) else None
    return Diagnosis(language, _explain(known, said, _blank(language)), (), (), Values())


def of_logs(logs: Iterable[Log], language: Language = "en", model: Model | None = None) -> Diagnosis:
    """The root cause in `logs`, the newest first.

    Raises:
        UsageError: nothing in them names an error (ASC2402).
    """
    kept = tuple(logs)
    by_atc = any(mark in log.content for log in kept for mark in _OF_ATC)
    read = [_Read(one, by_atc) for log in kept for one in last_run(statements(log))]
    if not read:
        raise _nothing(kept)
    order = sorted(read, key=lambda one: -one.depth)  # stable: among equals the newest log, and in it the first line
    root = order[0]
    related = [root, *(one for one in read if one is not root and one.completes(root))][:_RELATED]
    names = {node.name for node in model.outline.nodes if node.name} if model else ()
    found = values([one.said.text for one in related], names)
    seen = Seen(found, model, language)
    others = {one.key: _explain(one.entry, one.said.code, _blank(language)) for one in order if one.key != root.key}
    return Diagnosis(
        language,
        _explain(root.entry, root.said.code, seen),
        tuple(others.values())[:_OTHERS],
        tuple(quote for one in related[:_QUOTES] for quote in one.quotes())[:_QUOTES],
        found,
    )


def summary(diagnosis: Diagnosis) -> str:
    """Cause and fix of the root in one sentence each, and between them where it is."""
    root = diagnosis.root
    here = [phrase("here", diagnosis.language, places="; ".join(root.where[:_PLACES]))] if root.where else []
    between = "" if diagnosis.language == "zh" else " "
    return between.join((_first(root.cause), *here, _first(root.fix)))


class _Read:
    """A statement with what explains it."""

    def __init__(self, said: Statement, by_atc: bool) -> None:
        self.said = said
        self.beside = by_atc and str(said.code).isdecimal() and said.code not in _ON_DEVICE
        self.as_code = table.INTERNAL if said.source == "plog" else said.code
        self.sign = signs.sign(said.text, self.as_code)
        self.entry = self.sign or table.entry(said.code or _NO_SIGN)

    @property
    def depth(self) -> int:
        """How near to the root cause it is; ATC asks for a device where none needs to be, which is no cause."""
        if self.beside:
            return table.WARNING
        if self.entry is not None:
            return self.entry.depth
        return table.WARNING if str(self.said.code).startswith("W") else table.GENERAL

    def completes(self, root: _Read) -> bool:
        """Whether it says more of `root`: statements about compiling do, and internal errors of what ran."""
        if self.entry == root.entry or (root._of_operators and self._of_operators):
            return True
        return root.said.code in _ON_DEVICE and self.said.code is not None and self.depth == table.WRAPPER

    @property
    def _of_operators(self) -> bool:
        if self.entry is None:
            return not str(self.said.code).isdecimal()
        return self.entry.kind in ("operator", "internal") and self.depth > table.WARNING

    @property
    def key(self) -> str:
        """The same for statements that are explained alike."""
        return self.entry.ids[0] if self.entry else str(self.said.code)

    def quotes(self) -> list[Quote]:
        """Its line, and the one below that was recognised, or the next where the line alone is a title."""
        lines = self.said.quotes
        short = self.depth == table.WRAPPER or len(lines[0][1]) < _SHORT
        told = [lines[0], *([lines[self._told]] if self._told else lines[1:2] if short else ())]
        return [Quote(self.said.log, number, cut(text)) for number, text in told]

    @property
    def _told(self) -> int:
        """Which of its lines has the sign; 0 where it has none, or several lines have it together."""
        texts = self.said.text.split("\n") if self.sign else []
        return next((at for at, text in enumerate(texts) if signs.sign(text, self.as_code) == self.sign), 0)


def _explain(entry: Entry | None, code: str | None, seen: Seen) -> Explanation:
    if entry is None:
        return _family(str(code), seen)
    return Explanation(
        code,
        code if code in entry.ids else entry.ids[0],
        entry.kind,
        entry.cause.said(seen.language),
        where.lines(entry.look, seen),
        entry.fix.said(seen.language),
        _command(entry.run, seen),
    )


def _family(code: str, seen: Seen) -> Explanation:
    """What is known of a code that is in no table: who raises it."""
    family = table.family(code)
    assert family is not None, code  # statements and `of_code` take codes of known beginnings only
    own = "own" if family.kind == "ascendc" else "family"
    return Explanation(
        code,
        family.prefix,
        family.kind,
        phrase(own, seen.language, code=code, prefix=family.prefix, name=family.name.said(seen.language)),
        where.lines(("ops", "nodes"), seen),
        phrase(f"{own}_fix", seen.language),
        _command(family.run, seen),
    )


def _command(run: str, seen: Seen) -> str:
    """What to run next, with what the log and the model fill in."""
    from ascendc.cann import soc
    from ascendc.cann.atc.table import table as options

    named = next((name for name in seen.values.options if name in options()), None)
    return table.command(
        "docs" if run == "lint" and named else run,
        model=shlex.quote(seen.model.name) if seen.model else None,
        soc=next((name for name in seen.values.socs if name in soc.names()), None),
        option=named,
    )


def _blank(language: Language) -> Seen:
    return Seen(Values(), None, language)


def _nothing(logs: tuple[Log, ...]) -> UsageError:
    """Nothing was recognised: the last lines, for the user to judge."""
    log = logs[0]
    last = [line for line in log.content[-4 * LONGEST :].decode("utf-8", errors="replace").splitlines() if line.strip()]
    said = (
        "; it ends with:" + "".join(f"\n    {cut(line)}" for line in map(str.strip, map(clean, last[-3:])))
        if last
        else ""
    )
    more = f" and {len(logs) - 1} more" if len(logs) > 1 else ""
    return UsageError(
        "ASC2402",
        f"nothing in `{log.name}`{more} names an error that is known{said or '; it is empty'}",
        hint="run ATC with --log=error, then: ascendc explain -f ~/ascend/log/debug/plog",
    )


def _first(text: str) -> str:
    """The first sentence of a text in either language."""
    return re.split(r"(?<=[.。])(?:\s+|(?<=。))", text, maxsplit=1)[0]
