"""Names in the file of ``--keep_dtype`` that ATC did not find in its graph: it goes on without them.

What is known (the graph engine's ``attr_options.cc``, August 2026): a line of the file is held against each node's
name, which is the ONNX node's as it is, and against the names of the nodes that were fused into it; those inherit what
is asked of any of them. So one form of a name is enough. A second one would do harm, since earlier releases of the
graph engine stop at a name that is not there (E10003; the first ones, E10042). The later ones write a warning of at
most ten names into ATC's own log, where it is kept if ``--log`` is warning or finer.

What is not known: from which CANN on it is a warning; what becomes of a type in ``--modify_mixlist`` that no operator
has; no log of a real run has been seen. Releases word messages differently, so the function that writes it is the sign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

SIGN = "KeepDtypeReportError"
"""Name of the function, which every line of the log has."""

NAMED = 10
"""Names that a line holds at most."""

_LETTER = r"[\w./:-]"


@dataclass(frozen=True)
class Ignored:
    """What ATC's log says of the file."""

    names: tuple[str, ...]
    """Those of the file that it mentions, in the file's order."""
    more: bool
    """Whether there may be others: it names `NAMED`, or none that are in the file."""


def ignored(lines: Iterable[str], names: Collection[str]) -> Ignored | None:
    """What a log says was not found; None: nothing.

    Args:
        lines: of ATC's own logs (plog).
        names: in the file of ``--keep_dtype``.
    """
    found = [line for line in lines if SIGN in line]
    if not found:
        return None
    named = tuple(name for name in names if any(map(re.compile(_whole(name)).search, found)))
    return Ignored(named, len(named) >= NAMED or not named)


def _whole(name: str) -> str:
    """The name, and not as a part of a longer one; ``:`` stands before names in some releases."""
    return rf"(?<![\w./-]){re.escape(name)}(?!{_LETTER})"
