"""What a rule finds."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from ascendc.cann.atc.table import ADVICE

_MOST_NAMES = 2000
"""Names among which one is looked for that is alike."""


@dataclass(frozen=True)
class Finding:
    """One thing about a command line."""

    code: str
    """What ATC would say (``E10035``); ``usage``: its parser or the shell says it without a code; ``advice``: it says
    nothing."""
    option: str
    """Without dashes; empty where it is about the command."""
    message: str
    """What is wrong, and what is allowed."""
    fix: str
    """What to write instead, or to run next."""


class Found(NamedTuple):
    """A finding, and whether ATC would refuse the command, or make what nobody can have meant."""

    error: bool
    finding: Finding


MOST = 100
"""Findings about one command; more would help nobody, and their number would be that of a broken file's bytes."""

Rule = Iterator[Found]
"""What the rules yield: everything they find, not the first thing only."""


def closest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that somebody may have meant who wrote `name`."""
    found = difflib.get_close_matches(name, islice(names, _MOST_NAMES), 1)
    return found[0] if found else None


def refused(code: str, option: str, message: str, fix: str) -> Found:
    """An error."""
    return Found(True, Finding(code, option, message, fix))


def doubtful(option: str, message: str, fix: str, code: str = ADVICE) -> Found:
    """A warning: the sources disagree, or ATC goes on and something else comes out than may be meant."""
    return Found(False, Finding(code, option, message, fix))
