"""What a rule finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ascendc.cann.atc.table import ADVICE


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


Rule = Iterator[Found]
"""What the rules yield: everything they find, not the first thing only."""


def refused(code: str, option: str, message: str, fix: str) -> Found:
    """An error."""
    return Found(True, Finding(code, option, message, fix))


def doubtful(option: str, message: str, fix: str, code: str = ADVICE) -> Found:
    """A warning: the sources disagree, or ATC goes on and something else comes out than may be meant."""
    return Found(False, Finding(code, option, message, fix))
