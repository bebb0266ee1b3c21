"""The shell's part of a command line: a script's text to simple commands.

No shell is run and nothing is expanded: what only a running shell can tell (``$bs``, ``$(…)``) stays as it is written
and is marked unknown. Understood is what scripts around ATC are written in: quotes, escapes, joined lines, comments,
lists and pipes, redirections, here-documents, assignments before a command; and placeholders as documents write them
(``<chip>``, ``{batch size}``), which are unknown too. Time and memory are linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_PIECE = re.compile(
    r"""(?P<blank>[ \t\r\f\v]+)
    | (?P<joined>\\\n)
    | (?P<newline>\n(?:[ \t\r\f\v]*\n)*)
    | (?P<plain>[^\s'"\\$`;&|()<>\#{]+)
    | (?P<escaped>\\.)
    | (?P<single>'[^']*')
    | (?P<double>")
    | (?P<nested>\$\(|`)
    | (?P<variable>\$(?:\{[^}\n]{0,200}\}|[A-Za-z_]\w*|[0-9@*\#?$!-]))
    | (?P<placeholder><[A-Za-z_][\w.-]*>|\{[A-Za-z_][\w -]*\})
    | (?P<redirect>&>>?|[<>]{1,3}&?-?)
    | (?P<operator>&&|\|\||;;|[;&|()])
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_DOUBLE = re.compile(r'[^"\\$`]+|\\.|\$\(|`|\$(?:\{[^}\n]{0,200}\}|[A-Za-z_]\w*|[0-9@*#?$!-])|\$|"', re.DOTALL)
_PARENTHESIS = re.compile(r"[()]|\\.", re.DOTALL)
_MOST_UNCLOSED = 4
"""``$(`` that nothing closes and that are looked for to the end of the text; more would take quadratic time."""
_GLOB = re.compile(r"[*?]|\[[^][]*\]")
_BRACES = re.compile(r"\{[^{}]*(?:,|\.\.)[^{}]*\}")


class Word(NamedTuple):
    """One word as the program gets it, as far as can be told."""

    text: str
    """Without quotes; what is unknown is left as written."""
    line: int
    """Where it begins, from 1."""
    unknown: bool = False
    """It holds a variable, a command's output or a brace expansion."""
    first_unknown: int = -1
    """Where in `text`; -1 if nowhere."""
    quoted: bool = False
    """It begins in quotes, or holds none of what the shell would read."""
    glob: bool = False
    """It holds a pattern of file names outside quotes."""


class Command(NamedTuple):
    """One simple command."""

    words: tuple[Word, ...]
    line: int
    """Where it begins."""
    end: str = ""
    """What ends it: ``;``, ``&``, ``|``…, a newline, or nothing."""
    glued: bool = False
    """`end` stands between two words without a blank."""
    unclosed: str = ""
    """The quote that is opened and not closed; empty if all are."""


@dataclass
class _Reader:
    """Where the reading of one text stands."""

    text: str
    line: int
    at: int = 0
    words: list[Word] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    started: int = 0
    unknown: int = -1
    quoted: bool = False
    plain: list[str] = field(default_factory=list)
    glued: bool = False
    redirects: bool = False
    heredocs: list[str] = field(default_factory=list)
    here: bool = False
    nested: list[tuple[str, int]] = field(default_factory=list)
    lost: int = 0

    def add(self, text: str, *, unknown: bool = False, quoted: bool = False) -> None:
        """Go on with the present word."""
        if not self.parts:
            self.started, self.quoted = self.line, quoted
        if unknown and self.unknown < 0:
            self.unknown = sum(map(len, self.parts))
        self.parts.append(text)
        self.line += text.count("\n")

    def end_word(self) -> None:
        """The present word, if there is one, is complete."""
        self.glued = bool(self.parts)
        if not self.parts:
            return
        text = "".join(self.parts)
        plain = "".join(self.plain)
        unknown = self.unknown if self.unknown >= 0 else (text.find("{") if _BRACES.search(plain) else -1)
        glob = _GLOB.search(plain) is not None
        word = Word(text, self.started, unknown >= 0, unknown, self.quoted, glob)
        self.parts, self.plain, self.unknown, self.quoted = [], [], -1, False
        if self.here:
            self.heredocs.append(text)
        elif not self.redirects:
            self.words.append(word)
        self.redirects = self.here = False

    def command(self, end: str, unclosed: str = "") -> Command:
        """The simple command that ends here."""
        self.end_word()
        words, self.words = tuple(self.words), []
        glued = self.glued and not self.text[self.at : self.at + 1].isspace() and self.at < len(self.text)
        return Command(words, words[0].line if words else self.line, end, glued, unclosed)


def commands(text: str, line: int = 1, depth: int = 0) -> Iterator[Command]:
    """Every simple command in `text`, in order; those inside ``$(…)`` and ``sh -c`` behind the one that holds them."""
    reader = _Reader(text.replace("\r\n", "\n"), line)
    while reader.at < len(reader.text):
        command = _step(reader)
        if command is None:
            continue
        yield command
        yield from _inside(reader, command, depth)
    command = reader.command("")
    yield command
    yield from _inside(reader, command, depth)


def _inside(reader: _Reader, command: Command, depth: int) -> Iterator[Command]:
    nested, reader.nested = reader.nested, []
    names = [word.text.rpartition("/")[2] for word in command.words]
    if names and names[0] in ("bash", "sh", "docker", "sudo", "ssh"):
        follows = [index + 1 for index, name in enumerate(names) if re.fullmatch(r"-\w*c", name)]
        nested += [(command.words[index].text, command.words[index].line) for index in follows if index < len(names)]
    for text, line in nested if depth < 3 else ():
        if "atc" in text:
            yield from commands(text, line, depth + 1)


def _step(reader: _Reader) -> Command | None:
    """Read one piece; a command if it ends one."""
    match = _PIECE.match(reader.text, reader.at)
    assert match is not None  # the last alternative takes anything
    kind, piece, begin = match.lastgroup, match.group(), reader.at
    reader.at = match.end()
    if kind == "plain":
        reader.plain.append(piece)
        reader.add(piece)
    elif kind == "blank":
        reader.end_word()
    elif kind == "joined":
        reader.line += 1
    elif kind == "escaped":
        reader.add(piece[1], quoted=True)
    elif kind == "single":
        reader.add(piece[1:-1], quoted=True)
    elif kind in ("variable", "placeholder"):
        reader.add(piece, unknown=True)
    elif kind == "double":
        return _double(reader, begin)
    elif kind == "nested":
        return _nested(reader, begin, piece)
    elif kind == "newline":
        return _newline(reader, begin, piece)
    elif kind == "redirect":
        _redirect(reader, piece)
    elif kind == "operator":
        return reader.command(piece)
    elif piece == "#" and not reader.parts:
        end = reader.text.find("\n", reader.at)
        reader.at = len(reader.text) if end < 0 else end
    elif piece == "'":
        return _unclosed(reader, begin, piece)
    else:
        reader.plain.append(piece)
        reader.add(piece)
    return None


def _newline(reader: _Reader, begin: int, piece: str) -> Command:
    """The end of a line and of empty ones behind it; here-documents begin right behind the first."""
    command = reader.command("\n")
    if not reader.heredocs:
        reader.line += piece.count("\n")
        return command
    reader.at, reader.line = begin + 1, reader.line + 1
    for delimiter in reader.heredocs:
        while reader.at < len(reader.text):
            end = reader.text.find("\n", reader.at)
            end = len(reader.text) if end < 0 else end
            line = reader.text[reader.at : end].lstrip("\t").rstrip(" \t")
            reader.at = end
            if line == delimiter:
                break
            reader.at, reader.line = end + 1, reader.line + (end < len(reader.text))
    reader.heredocs = []
    return command


def _redirect(reader: _Reader, piece: str) -> None:
    if reader.parts and "".join(reader.parts).isdecimal():  # the 2 of `2>&1`
        reader.parts, reader.plain = [], []
    reader.end_word()
    reader.redirects = True
    reader.here = piece.startswith("<<") and not piece.startswith("<<<")


def _double(reader: _Reader, begin: int) -> Command | None:
    """A text in double quotes, from behind the opening one."""
    pieces: list[tuple[str, bool]] = []
    line = reader.line
    while (match := _DOUBLE.match(reader.text, reader.at)) is not None:
        piece = match.group()
        reader.at = match.end()
        if piece == '"':
            reader.add("", quoted=True)
            for text, unknown in pieces:
                reader.add(text, unknown=unknown, quoted=True)
            return None
        if piece in ("$(", "`"):
            inner = _balanced(reader, piece)
            if inner is None:
                break
            pieces.append((inner, True))
        elif piece.startswith("\\") and len(piece) == 2:
            pieces.append(("" if piece[1] == "\n" else piece[1] if piece[1] in '"\\$`' else piece, False))
            reader.line += piece[1] == "\n"
        else:
            pieces.append((piece, piece.startswith("$") and len(piece) > 1))
    reader.line = line
    return _unclosed(reader, begin, '"')


def _nested(reader: _Reader, begin: int, opening: str) -> Command | None:
    """A command's output, from behind ``$(`` or the first backtick."""
    inner = _balanced(reader, opening)
    if inner is None:
        return _unclosed(reader, begin, opening)
    reader.add(inner, unknown=True)
    return None


def _balanced(reader: _Reader, opening: str) -> str | None:
    """Everything up to what closes `opening`, with both; None if nothing does."""
    begin = reader.at
    if opening == "`":
        stop = reader.text.find("`", begin)
    else:
        level, stop = 1, -1
        for match in _PARENTHESIS.finditer(reader.text, begin) if reader.lost < _MOST_UNCLOSED else ():
            level += {"(": 1, ")": -1}.get(match.group(), 0)
            if level == 0:
                stop = match.start()
                break
    if stop < 0:
        reader.lost += 1
        return None
    reader.at = stop + 1
    reader.nested.append((reader.text[begin:stop], reader.line))
    return reader.text[begin - len(opening) : stop + 1]


def _unclosed(reader: _Reader, begin: int, quote: str) -> Command:
    """A quote that nothing closes: it is taken to end with its line, so that what follows is read all the same."""
    end = reader.text.find("\n", begin)
    reader.at = len(reader.text) if end < 0 else end
    reader.add(reader.text[begin + len(quote) : reader.at], quoted=True)
    return reader.command("\n", quote)
