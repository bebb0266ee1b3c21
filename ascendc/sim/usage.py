"""What ATC's own parser says, in plain text and without a code, of words that it cannot take."""

from __future__ import annotations

from collections.abc import Sequence

from ascendc.cann.atc.findings import Finding
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.table import USAGE, table


def complaint(options: Options, words: Sequence[str]) -> str | None:
    """What it says first; None if it takes all of them.

    Source: the graph engine's ``cmd_flag_info.cc`` and ``main_impl.cc`` (August 2026). Flags are looked at before
    what is left over, as getopt_long does.
    """
    found = [found.finding for found in options.found if found.error and found.finding.code == USAGE]
    said = [_flag(finding) for finding in found]
    flags = [text for text in said if text]
    if flags or not found:
        return flags[0] if flags else None
    # What belongs to no option is quoted in the message, unless it is a blank.
    stray = [word for word in words if f"`{word[:80]}`" in found[0].message]
    return f"Non-option parameter: {stray[0] if stray else ' '}"


def _flag(finding: Finding) -> str:
    if finding.option and finding.option not in table():
        return f"unknown command line flag '{finding.option}'"
    if finding.message.startswith("has no value"):
        return f"flag '{finding.option}' is missing its argument"
    return ""
