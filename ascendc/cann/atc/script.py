"""Every ATC command in a script, with what the shell does to it on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ascendc.cann.atc import page
from ascendc.cann.atc.cut import PROGRAMS, mended
from ascendc.cann.atc.findings import Found, doubtful
from ascendc.cann.atc.grammar import is_option
from ascendc.cann.atc.shell import Command, Word, commands
from ascendc.errors import UsageError

LONGEST = 1 << 20
"""Characters of a text that is looked at; Linux passes no argument of more than 131072 bytes to a program."""

MOST_CALLS = 5000
"""Calls in one text."""

_KEYWORDS = frozenset(("if", "then", "elif", "else", "while", "until", "do", "!", "{", "$", "time"))
_WRAPPERS = frozenset(
    ("sudo", "env", "nohup", "exec", "command", "nice", "timeout", "stdbuf", "time", "docker", "srun", "taskset")
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_CALLED_BY_VARIABLE = re.compile(r"\$\{?\w*atc\w*\}?", re.IGNORECASE)
_PROMPT = re.compile(r"\S*[@:~\])\w][#$%]")


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
        UsageError: the text is too long, or has too many calls (ASC2101); is binary (ASC2102); calls no ATC (ASC2103).
    """
    if len(text) > LONGEST:
        most = f"{LONGEST} (Linux passes at most 131072 bytes in one argument)"
        raise UsageError("ASC2101", f"{name} has more characters than are looked at; allowed: {most}")
    if "\0" in text:
        raise UsageError("ASC2102", f"{name} holds NUL bytes, so it is no text; allowed: a shell script, or a command")
    blocks = page.blocks(text)
    calls = _calls(blocks)
    if not calls and "<<" not in text:  # in prose, an apostrophe is a quote that swallows commands
        calls = _calls(page.paragraphs(text))
    if not any(call.words for call in calls) and blocks != (page.Block(1, text),):
        calls = []  # a page mentions ATC in prose
    if not calls and re.match(r"\s*--?[A-Za-z]", text):
        calls = _calls((page.Block(1, f"atc {text.lstrip()}"),))
    if len(calls) > MOST_CALLS:
        raise UsageError("ASC2101", f"{name} calls ATC more often than is looked at; allowed: {MOST_CALLS} calls")
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


def _calls(blocks: Iterable[page.Block]) -> list[Invocation]:
    """The calls in all of `blocks`; ``atc`` alone, as prose mentions it, is one only where there is no other."""
    calls: list[Invocation] = []
    for line, text in blocks:
        found = list(commands(text, line))
        for index, command in enumerate(found):
            arguments = _arguments(command)
            if arguments is not None:
                calls.append(Invocation(*mended(arguments, found, index)))
            if len(calls) > MOST_CALLS:
                return calls
    return [call for call in calls if call.words] or calls[:1]


def _arguments(command: Command) -> tuple[Word, ...] | None:
    """The words behind ``atc``; None if it calls something else."""
    words = command.words[_before(command.words) :]
    if not words:
        return None
    names = [word.text.rpartition("/")[2] for word in words[:40]]
    if names[0] in PROGRAMS or (
        _CALLED_BY_VARIABLE.fullmatch(words[0].text) and words[1:2] and words[1].text[:1] == "-"
    ):
        return words[1:]
    if names[0] in _WRAPPERS and (calls := [index for index, name in enumerate(names) if name in PROGRAMS]):
        behind = words[calls[0] + 1 :]
        # `command -v atc` and `docker run --name atc` name it only
        return behind if any(word.unknown or is_option(word.text) for word in behind) else None
    if names[0].startswith("python") and names[1:3] == ["-m", "ge.pyatc"]:
        return words[3:]
    return None


def _before(words: Sequence[Word]) -> int:
    """How many words stand before the name of what is called: keywords, assignments, a prompt."""
    prompts = (index for index, word in enumerate(words[:4]) if _PROMPT.fullmatch(word.text))
    begin = next((index + 1 for index in prompts if "@" in words[0].text or not index), 0)
    while begin < len(words) and (words[begin].text in _KEYWORDS or _ASSIGNMENT.match(words[begin].text)):
        begin += 1
    return begin
