"""How people write times and sizes: ``30d``, ``20GB``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_STEP = 1000


def seconds(text: str, option: str) -> float:
    """``30d``, ``12h``, ``90m``, ``2w`` in seconds.

    Raises:
        UsageError: it is none of these (ASC1022).
    """
    return _parse(text, _SECONDS, option, "m (minutes), h (hours), d (days) or w (weeks): 30d")


def size(text: str, option: str) -> int:
    """``20GB``, ``500 MB`` in bytes; powers of ten, as disks are sold. Case is no matter.

    Raises:
        UsageError: it is none of these (ASC1022).
    """
    return int(_parse(text, _BYTES, option, "B, kB, MB, GB or TB: 20GB"))


def spoken(number: float) -> str:
    """Bytes as people say them: ``3.5 MB``."""
    for unit in _BYTES:
        if number < _STEP or unit == "TB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= _STEP
    raise AssertionError("unreachable: TB takes whatever is left")


def _parse(text: str, units: Mapping[str, int], option: str, allowed: str) -> float:
    known = {unit.lower(): factor for unit, factor in units.items()}
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text.strip().lower(), re.ASCII)
    if found is None or found[2] not in known:
        raise UsageError("ASC1022", f"{option} {text}: must be a number and {allowed}")
    return float(found[1]) * known[found[2]]
