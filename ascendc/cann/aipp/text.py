"""The grammar of protobuf's text format, without a schema: a text becomes entries with their lines.

As protobuf's C++ parser reads it, which is what ATC uses (TextFormat, protobuf 3): comments from ``#``,
``name: value``, ``name { … }`` and ``name: { … }``, ``< … >`` for braces, ``,`` or ``;`` between fields, ``[a, b]`` for
lists, strings in either quotes with C's escapes. Nothing here recurses, so that no depth of nesting is a danger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ascendc.cann.aipp.tokens import INTEGER, GrammarError, Token, said, tokens, unescaped

DEEPEST = 100
"""Messages within messages; protobuf's own limit."""

_CLOSING = {"{": "}", "<": ">"}


@dataclass(frozen=True)
class Scalar:
    """A value that is no message."""

    kind: Literal["integer", "float", "word", "string"]
    text: str
    """As written, with its sign; a string's content."""
    line: int


@dataclass(frozen=True)
class Message:
    """``{ … }``."""

    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """A field and its value."""

    name: str
    line: int
    value: Scalar | Message | None
    """None: an empty list."""
    listed: bool
    """Whether it stood in ``[…]``, which only repeated fields may."""


def parse(text: str) -> tuple[Entry, ...]:
    """The entries of the outermost message; a list gives one entry for each of its values.

    Raises:
        GrammarError: the text is none of the text format.
    """
    return tuple(_Parser(tokens(text)).run())


@dataclass
class _Parser:
    """Reads tokens into a stack of open messages."""

    tokens: list[Token]
    at: int = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self, mark: str) -> bool:
        """Whether the next token is `mark`; then it is taken."""
        if self.next.kind == "mark" and self.next.text == mark:
            self.at += 1
            return True
        return False

    def run(self) -> list[Entry]:
        root = Message()
        # Every open message: its content, what ends it, and the name of the list it is an element of.
        stack: list[tuple[Message, str, str | None]] = [(root, "", None)]
        while True:
            message, closing, name = stack[-1]
            if closing and self.take(closing):
                stack.pop()
                if name is None or self.list_ended():
                    self.separator()
                else:
                    self.opened(stack, name, self.next.line, listed=True)
            elif self.next.kind == "end" and not closing:
                return root.entries
            else:
                self.field(stack, message, closing)

    def field(self, stack: list[tuple[Message, str, str | None]], message: Message, closing: str) -> None:
        """One field of `message`, which is the last of `stack`."""
        token = self.next
        if token.kind != "word":
            wanted = f"a field's name or `{closing}`" if closing else "a field's name"
            raise GrammarError(token.line, f"{said(token)} stands where {wanted} must")
        self.at += 1
        colon = self.take(":")
        if self.next.kind == "mark" and self.next.text in _CLOSING:
            self.opened(stack, token.text, token.line, listed=False)
        elif self.take("[") and (colon or self.next.text in _CLOSING):
            self.list(stack, message, token)
        elif not colon:
            raise GrammarError(token.line, f"`{token.text}` must be followed by `:` and a value, or by `{{`")
        else:
            message.entries.append(Entry(token.text, token.line, self.scalar(token.text), listed=False))
            self.separator()

    def opened(self, stack: list[tuple[Message, str, str | None]], name: str, line: int, *, listed: bool) -> None:
        """A message opens; it becomes the last of `stack`."""
        token = self.next
        if token.text not in _CLOSING:
            raise GrammarError(token.line, f"{said(token)} stands where `{{` must, in the list `{name}`")
        if len(stack) > DEEPEST:
            raise GrammarError(token.line, f"messages must not be nested deeper than {DEEPEST}")
        self.at += 1
        opened = Message()
        stack[-1][0].entries.append(Entry(name, line, opened, listed))
        stack.append((opened, _CLOSING[token.text], name if listed else None))

    def list(self, stack: list[tuple[Message, str, str | None]], message: Message, name: Token) -> None:
        """What follows ``name: [``."""
        if self.next.text in _CLOSING:
            self.opened(stack, name.text, name.line, listed=True)
            return
        if self.take("]"):
            message.entries.append(Entry(name.text, name.line, None, listed=True))
            self.separator()
            return
        while True:
            message.entries.append(Entry(name.text, name.line, self.scalar(name.text), listed=True))
            if self.list_ended():
                self.separator()
                return

    def list_ended(self) -> bool:
        """Whether ``]`` follows, not ``,``."""
        if self.take("]"):
            return True
        if self.take(","):
            return False
        raise GrammarError(self.next.line, f"{said(self.next)} stands where `,` or `]` must")

    def separator(self) -> None:
        _ = self.take(",") or self.take(";")

    def scalar(self, name: str) -> Scalar:
        minus = self.take("-")
        token = self.next
        self.at += 1
        if token.kind == "number":
            kind: Literal["integer", "float"] = "integer" if INTEGER.fullmatch(token.text) else "float"
            return Scalar(kind, "-" * minus + token.text, token.line)
        if token.kind == "word":
            return Scalar("word", "-" * minus + token.text, token.line)
        if token.kind == "string" and not minus:
            parts = [token.text]
            while self.next.kind == "string":
                parts.append(self.next.text)
                self.at += 1
            return Scalar("string", "".join(unescaped(part[1:-1], token.line) for part in parts), token.line)
        raise GrammarError(token.line, f"{said(token)} stands where the value of `{name}` must")
