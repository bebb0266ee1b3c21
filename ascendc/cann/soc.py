"""The SoCs that ATC knows, and what people call them."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ascendc.errors import UsageError

_DATA = Path(__file__).parent / "data" / "soc.json"


@dataclass(frozen=True)
class Soc:
    """One value of ``--soc_version``."""

    name: str
    """Exact and case-sensitive, as ATC and the driver write it."""
    short: str
    """The generation that shares operator packages and container images: ``Ascend310P`` for ``Ascend310P3``."""
    static_aipp: bool
    """Whether it has static AIPP."""


@dataclass(frozen=True)
class Resolved:
    """A SoC, and what had to be assumed to find it."""

    soc: Soc
    notes: tuple[str, ...] = ()
    """For the user to see: each says what a name was taken to mean."""


_MEANT = {
    "ascend910": ("Ascend910A", "`{0}` is taken as Ascend910A, as CANN itself does"),
    "ascend310p": (
        "Ascend310P3",
        "`{0}` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo",
    ),
}
"""What a family's name is taken to mean, and the note that says so."""

_AMBIGUOUS = {
    "ascend310b": "names a family, not a chip",
    "ascend910b": "is the name of a first-generation 910; the Atlas A2 cards that people call 910B are "
    "Ascend910B1 to Ascend910B4",
}
"""Names of families that nothing can be assumed for, and why."""


OWNED = ("Ascend310", "Ascend310P", "Ascend310B", "Ascend910", "Ascend910B", "Ascend910_93")
"""The generations that people have; the others are in phones, cars and set-top boxes."""

_HINT = "npu-smi info  (on the board: its chip name, behind `Ascend`, is the exact one)"


@cache
def table() -> dict[str, Soc]:
    """Every SoC by its exact name, in the order of the data file."""
    records = json.loads(_DATA.read_text(encoding="utf-8"))["socs"]
    return {record["name"]: Soc(**record) for record in records}


def names() -> tuple[str, ...]:
    """Every name that `resolve` takes for one chip, those that people have first."""
    clear = [soc for soc in table().values() if soc.name.lower() not in _AMBIGUOUS]
    return tuple(soc.name for soc in sorted(clear, key=lambda soc: soc.short not in OWNED))


def resolve(name: str) -> Resolved:
    """The SoC that somebody calls `name`: any case, with or without ``Ascend``.

    Raises:
        UsageError: there is none (ASC1211), or the name stands for several (ASC1212).
    """
    key = name.strip().lower()
    by_key = {soc.name.lower(): soc for soc in table().values()}
    key = key if key.startswith("ascend") or key in by_key else f"ascend{key}"
    if key in _AMBIGUOUS:
        raise _ambiguous(name, _AMBIGUOUS[key], _family(key))
    if key in _MEANT:
        meant, note = _MEANT[key]
        return Resolved(table()[meant], (note.format(name),))
    if key in by_key:
        return Resolved(by_key[key])
    if family := _family(key):
        raise _ambiguous(name, "names a family, not a chip", family)
    near = _near(key.removeprefix("ascend"))
    guess = f" (did you mean {' or '.join(f'`{soc}`' for soc in near)}?)" if near else ""
    families = ", ".join(map(_braced, OWNED))
    rest = f"and rarer ones: `ascendc recipe schema` has all {len(names())}"
    raise UsageError("ASC1211", f"unknown SoC `{name}`{guess}; allowed: {families}, {rest}", hint=_HINT)


def _near(tail: str) -> list[str]:
    """Up to three names that look most like one without ``ascend``: with it, anything looks like an Ascend."""
    tails = {name.lower().removeprefix("ascend"): name for name in names()}
    near = difflib.get_close_matches(tail, tails, 3, 0.65)
    return [tails[found] for found in sorted(near, key=lambda found: abs(len(found) - len(tail)))]


def _braced(short: str) -> str:
    """The names of a generation: ``Ascend310P{1,3,5,7}``."""
    ends = [name.removeprefix(short) for name in names() if table()[name].short == short]
    return f"{short}{{{','.join(ends)}}}" if len(ends) > 1 else f"{short}{ends[0]}"


def _family(key: str) -> list[str]:
    """The exact names of the generation that `key` names."""
    return [soc.name for soc in table().values() if soc.short.lower() == key]


def _ambiguous(name: str, why: str, choices: list[str]) -> UsageError:
    return UsageError("ASC1212", f"`{name}` {why}; allowed: {', '.join(choices)}", hint=_HINT)
