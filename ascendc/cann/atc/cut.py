"""Where the shell cuts an ATC command short, which nobody can have meant: at ``;`` without quotes, at a line's end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ascendc.cann.atc.findings import MOST, Found, refused
from ascendc.cann.atc.grammar import is_option
from ascendc.cann.atc.shell import Command, Word
from ascendc.cann.atc.table import USAGE, table

PROGRAMS = ("atc", "atc.bin", "pyatc")
"""Names under which ATC is called."""

_REST_OF_VALUE = re.compile(r"[^\s=]+:[-\d,~]*")
_NUMBERS = re.compile(r"[-\d,~]+")


def mended(
    called: Sequence[Word], found: Sequence[Command], index: int
) -> tuple[tuple[Word, ...], int, tuple[Found, ...]]:
    """A command read on over the places where the shell would end it: its words, its line, and what is wrong there.

    Args:
        called: the words of ATC's call in ``found[index]``, without ``atc`` itself.
        found: every command of the text.
        index: which of them it is.
    """
    words, said = list(called), []
    for here in range(index, len(found)):
        command = found[here]
        if command.unclosed:
            text = f"has a quote, {command.unclosed}, that nothing closes"
            said.append(refused(USAGE, _name(words), text, f"close it with {command.unclosed.replace('$(', ')')}"))
        following = found[here + 1] if here + 1 < len(found) else None
        if following is None or not _is_cut(command, following) or len(said) >= MOST:
            break
        said.append(_cut(words, command, following))
        _join(words, command, following)
    return tuple(words), found[index].line, tuple(said)


def _join(words: list[Word], command: Command, following: Command) -> None:
    """Add the words of `following`, as if `command` did not end before them."""
    first, *rest = following.words
    if command.end == "\n":
        if _ends_in_blank(words):
            last = words.pop()
            words += [last._replace(text=last.text.rstrip())] if last.text.strip() else []
        words.append(first)
    else:
        last = words.pop() if words else first._replace(text="")
        words.append(last._replace(text=f"{last.text}{command.end}{first.text}", unknown=last.unknown or first.unknown))
    words += rest


def _ends_in_blank(words: Sequence[Word]) -> bool:
    """Whether a backslash and a blank stood at the end of the line."""
    return bool(words) and words[-1].text != words[-1].text.rstrip()


def _is_cut(command: Command, following: Command) -> bool:
    """Whether `following` is the rest of `command`, which nobody meant to be a command of its own."""
    if not following.words or not command.words:
        return False
    first = following.words[0].text
    if command.end == "\n":
        return first.startswith("--") and is_option(first)
    if command.end not in (";", "&", "|"):
        return False
    if first.rpartition("/")[2] in PROGRAMS:
        return False
    options = len(following.words) > 1 and is_option(following.words[1].text)
    return bool(_REST_OF_VALUE.fullmatch(first)) or (command.glued and (options or bool(_NUMBERS.fullmatch(first))))


def _cut(words: Sequence[Word], command: Command, following: Command) -> Found:
    first = following.words[0]
    if command.end == "\n":
        blank = _ends_in_blank(words)
        why = "has a blank behind the `\\` that ends a line" if blank else "ends with its line"
        text = f"{why}: `{first.text.strip()[:60]}` in line {first.line} is a command of its own"
        fix = "remove the blank behind `\\`" if blank else "end each line but the last with `\\`"
        return refused(USAGE, "", text, fix)
    last = words[-1].text if words else ""
    text = f"is cut short: the shell ends the command at the unquoted `{command.end}` behind `{last[:60]}`"
    name, equals, value = last.partition("=")
    whole = f"{value if equals else last}{command.end}{first.text}"
    return refused(USAGE, _name(words), text, f'{name}="{whole}"' if equals else f'"{whole}"')


def _name(words: Sequence[Word]) -> str:
    """The option that the last of `words` belongs to."""
    for word in reversed(words[-2:]):
        if word.text.startswith("-"):
            name = word.text.strip("-").partition("=")[0].replace("-", "_")
            return name if name in table() else ""
    return ""
