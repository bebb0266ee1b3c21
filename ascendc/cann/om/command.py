"""What ATC's command line says, as an OM keeps it."""

from __future__ import annotations

import re
import shlex

_FOLDER = re.compile(r"/(?:ascend-toolkit/|cann-)(\d[^/\s]{0,60})/")
"""Where CANN installs its compiler: ``…/ascend-toolkit/8.0.0/…``, and ``…/cann-8.5.0/…`` since 2025."""

_MOST = 1 << 16
"""Characters of a command line that is taken apart: shlex's time grows with the square of a word's length."""


def cann_version(command: str | None) -> str | None:
    """The CANN whose ATC was called; None where its path has a link (``latest``), or none of CANN's folders."""
    found = _FOLDER.search((command or "").partition(" --")[0])
    return found[1] if found else None


def option(command: str | None, name: str) -> str | None:
    """The value of an option, as ``--name=value`` or ``--name value``; None if it is not there."""
    if command is None or len(command) > _MOST:
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word.startswith(f"--{name}="):
            return word.partition("=")[2]
        if word == f"--{name}":
            return following
    return None
