"""Every ATC command in a script, with what the shell does to it on the way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ascendc.cann.atc.findings import MOST, Found, doubtful, refused
from ascendc.cann.atc.shell import Command, Word, commands
from ascendc.cann.atc.table import USAGE, table
from ascendc.errors import UsageError

LONGEST = 1 << 20
"""Characters of a text that is looked at; Linux passes no argument of more than 131072 bytes to a program."""

_ATC = ("atc", "atc.bin", "pyatc")
_KEYWORDS = frozenset(("if", "then", "elif", "else", "while", "until", "do", "!", "{", "$", "time"))
_WRAPPERS = frozenset(
    ("sudo", "env", "nohup", "exec", "command", "nice", "timeout", "stdbuf", "time", "docker", "srun", "taskset")
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_CALLED_BY_VARIABLE = re.compile(r"\$\{?\w*atc\w*\}?", re.IGNORECASE)
_REST_OF_VALUE = re.compile(r"[^\s=]+:[-\d,~]*")
_FENCE = re.compile(r"[ \t>]*(?:```|~~~)[ \w-]*\r?")
_NUMBERS = re.compile(r"[-\d,~]+")


@dataclass(frozen=True)
class Invocation:
    """One call of ATC."""

    words: tuple[Word, ...]
    """Without ``atc`` itself."""
    line: int
    """Where it begins, from 1."""
    found: tuple[Found, ...] = ()
    """What the shell would make of it instead."""


def invocations(text: str, name: str = "the command line") -> tuple[Invocation, ...]:
    """Every call of ATC in `text`: a script, a command, or only a command's options.

    Args:
        text: as it is typed, or as it is in a file.
        name: what to call it in errors.

    Raises:
        UsageError: the text is too long (ASC2101), binary (ASC2102), or calls no ATC (ASC2103).
    """
    if len(text) > LONGEST:
        most = f"{LONGEST} (Linux passes at most 131072 bytes in one argument)"
        raise UsageError("ASC2101", f"{name} has more characters than are looked at; allowed: {most}")
    if "\0" in text:
        raise UsageError("ASC2102", f"{name} holds NUL bytes, so it is no text; allowed: a shell script, or a command")
    text = _fenced(text)
    found = list(commands(text))
    if re.match(r"\s*--?[A-Za-z]", text) and not any(_arguments(command) is not None for command in found):
        found = list(commands(f"atc {text.lstrip()}"))
    calls = [
        _invocation(words, found, index) for index, words in enumerate(map(_arguments, found)) if words is not None
    ]
    if not calls:
        raise UsageError(
            "ASC2103",
            f"{name} calls no ATC; allowed: `atc --model=…`, or a script that holds such commands",
            hint="ascendc atc lint 'atc --model=model.onnx --framework=5 --output=model --soc_version=Ascend310P3'",
        )
    if "\r\n" in text:
        message = "has Windows line ends: a Linux shell hands them on as part of the last option of a line"
        calls[0] = replace(calls[0], found=(*calls[0].found, doubtful("", message, "sed -i 's/\\r$//' FILE")))
    return tuple(calls)


def _fenced(text: str) -> str:
    """What stands in the code blocks of a Markdown page, every line where it was; any other text as it is."""
    lines = text.split("\n")
    fences = [index for index, line in enumerate(lines) if _FENCE.fullmatch(line)]
    if not fences:
        return text
    inside = {line for begin, end in zip(fences[::2], fences[1::2], strict=False) for line in range(begin + 1, end)}
    if len(fences) == 1:
        inside = set(range(len(lines))) - set(fences)
    return "\n".join(line if index in inside else "" for index, line in enumerate(lines))


def _arguments(command: Command) -> tuple[Word, ...] | None:
    """The words behind ``atc``; None if it calls something else."""
    words = list(command.words)
    while words and (words[0].text in _KEYWORDS or _ASSIGNMENT.match(words[0].text)):
        words.pop(0)
    if not words:
        return None
    names = [word.text.rpartition("/")[2] for word in words[:40]]
    if names[0] in _ATC or (_CALLED_BY_VARIABLE.fullmatch(words[0].text) and words[1:2] and words[1].text[:1] == "-"):
        return tuple(words[1:])
    if names[0] in _WRAPPERS and (calls := [index for index, name in enumerate(names) if name in _ATC]):
        return tuple(words[calls[0] + 1 :])
    if names[0].startswith("python") and names[1:3] == ["-m", "ge.pyatc"]:
        return tuple(words[3:])
    return None


def _invocation(called: tuple[Word, ...], found: Sequence[Command], index: int) -> Invocation:
    """The call at `index`, read on over the places where the shell would cut it short."""
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
    return Invocation(tuple(words), found[index].line, tuple(said))


def _join(words: list[Word], command: Command, following: Command) -> None:
    """Add the words of `following`, as if `command` did not end before them."""
    first, *rest = following.words
    if command.end == "\n":
        if _ends_in_blank(words):
            last = words.pop()
            words += [replace(last, text=last.text.rstrip())] if last.text.strip() else []
        words.append(first)
    else:
        last = words.pop() if words else replace(first, text="")
        words.append(replace(last, text=f"{last.text}{command.end}{first.text}", unknown=last.unknown or first.unknown))
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
        return first.startswith("--") and _is_option(first)
    if command.end not in (";", "&", "|"):
        return False
    options = any(_is_option(word.text) for word in following.words)
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


def _is_option(text: str) -> bool:
    return text.startswith("--") and text[2:].partition("=")[0].replace("-", "_") in table()
