"""The tokens of protobuf's text format, and what its strings say."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>[ \t\v\f\r]+|\#[^\n]*)
    |(?P<newline>\n)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>(?:[0-9]|\.[0-9])(?:(?<=[eE])[+-](?=[0-9])|[0-9A-Za-z_.])*)
    |(?P<string>"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*')
    |(?P<mark>[{}<>\[\]:,;-])""",
    re.VERBOSE,
)
INTEGER = re.compile(r"0|[1-9][0-9]*|0[0-7]+|0[xX][0-9A-Fa-f]+")
"""A decimal, octal or hexadecimal number."""

_FLOAT = re.compile(r"(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|[xX]([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class GrammarError(Exception):
    """This is no text format.

    Args:
        line: from 1.
        message: what is wrong and what is allowed.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Token:
    """A word, number, string or mark of the text, or its end."""

    kind: str
    """``word``, ``number``, ``string``, ``mark`` or ``end``."""
    text: str
    """As written; a string with its quotes."""
    line: int
    """From 1."""


def tokens(text: str) -> list[Token]:
    """The tokens of a text, the last being its end; comments are none.

    Raises:
        GrammarError: a character or a number is none of the text format.
    """
    found, line, at = [], 1, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise GrammarError(line, _unexpected(text[at]))
        kind, word = str(match.lastgroup), match.group()
        if kind == "number" and not (INTEGER.fullmatch(word) or _FLOAT.fullmatch(word)):
            raise GrammarError(line, f"`{word[:40]}` is no number")
        if kind not in ("space", "newline"):
            found.append(Token(kind, word, line))
        line += kind == "newline"
        at = match.end()
    found.append(Token("end", "", line))
    return found


def _unexpected(character: str) -> str:
    if character in "\"'":
        return f"a string must end on its line, with the {character} that it began with"
    if character == "\ufeff":
        return "the file begins with a byte order mark, which is no character of the format"
    if ord(character) > 127:
        return f"`{character}` is no character of the format; allowed: ASCII, and anything in comments and strings"
    return f"`{character}` is no character of the format"


def said(token: Token) -> str:
    """A token as messages name it."""
    return "the end of the file" if token.kind == "end" else f"`{token.text[:40]}`"


def unescaped(text: str, line: int) -> str:
    """What is in the quotes of a string, its escapes replaced (C's: octal, hexadecimal, Unicode, letters).

    Raises:
        GrammarError: there is an escape that means nothing, on this line.
    """

    def one(match: re.Match[str]) -> str:
        octal, hexadecimal, short, long, letter = match.groups()
        digits = hexadecimal or short or long
        code = int(octal, 8) if octal else int(digits, 16) if digits else None
        if code is not None:
            if code > 0x10FFFF:
                raise GrammarError(line, f"`{match.group()}` is no character")
            return chr(code)
        if letter in "xXuU89":
            raise GrammarError(line, f"`\\{letter}` is no escape that a string may hold here")
        return _ESCAPED.get(letter, letter)

    return _ESCAPE.sub(one, text)
