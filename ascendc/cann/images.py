"""Which container image of CANN compiles for which chip."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.cann.version import Cann

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ascendc.cann.soc import Soc

_DATA = Path(__file__).parent / "data" / "images.json"

_NAME = re.compile(r"(?:.*/)?cann:([0-9]+\.[0-9]+[0-9a-z.]*)-([0-9a-z]+)-.+")
"""``<anything>/cann:<version>-<chip>-<os>-<python>``."""

_CHIPS = {
    "Ascend310P": "310p",
    "Ascend910": "910",
    "Ascend910B": "910b",
    "Ascend910_93": "a3",
    "Ascend910_95": "950",
}
"""Generation → the chip in a tag."""

_SPLIT = (8, 5)
"""From here on an image holds the operators of its own chip only; before, the toolkit compiles for every chip."""

_LAST = {"Ascend310": (8, 2)}
"""The last CANN that compiles for a chip that was dropped."""


@dataclass(frozen=True)
class Image:
    """A container image, as its tag describes it."""

    name: str
    """As the engine takes it: ``ascendai/cann:8.1.rc1-310p-ubuntu22.04-py3.10``."""
    version: str
    """Of CANN."""
    chip: str


def parse(name: str) -> Image | None:
    """The CANN image called `name`, or None if it is something else."""
    match = _NAME.fullmatch(name)
    return Image(name, match[1], match[2]) if match else None


def choose(found: Iterable[Image | None], soc: Soc, cann: Cann | None) -> Image | None:
    """The newest image that compiles for `soc` and is not newer than the board's CANN.

    A board runs an OM only if its CANN is at least as new as the compiler's; of an unknown board the oldest image
    is the best guess.
    """
    fitting = [image for image in found if image is not None and _fits(image, soc, cann)]
    if not fitting:
        return None
    version = (max if cann else min)(Cann(image.version).version for image in fitting)
    same = [image for image in fitting if Cann(image.version).version == version]
    return min(same, key=lambda image: (image.chip != _CHIPS.get(soc.short), image.name))


@cache
def _table() -> tuple[Image, ...]:
    record = json.loads(_DATA.read_text(encoding="utf-8"))
    return tuple(
        Image(f"{record['repository']}:{r['cann']}-{chip}-ubuntu22.04-py{r['python']}", r["cann"], chip)
        for r in record["releases"]
        for chip in r["chips"]
    )


def published(soc: Soc, cann: Cann | None) -> Image | None:
    """The image that `choose` would take if this machine had every published one."""
    return choose(_table(), soc, cann)


def newest() -> Cann:
    """The newest CANN that there was when the tables of this room were made."""
    return max((Cann(image.version) for image in _table()), key=lambda cann: cann.version)


def other_chip(image: Image, soc: Soc) -> str:
    """Why an image whose tag names another chip than `soc` does for it; empty if the tag names its own."""
    if image.chip == _CHIPS.get(soc.short):
        return ""
    return f"its tag names {image.chip}, but before CANN {_SPLIT[0]}.{_SPLIT[1]} an image compiles for every chip"


def none_fits(soc: Soc, cann: Cann | None) -> str:
    """Why `published` found nothing."""
    limit = f" and is not newer than CANN {cann}" if cann else ""
    return f"no published CANN image compiles for {soc.name}{limit}"


def _fits(image: Image, soc: Soc, cann: Cann | None) -> bool:
    version = Cann(image.version).version
    if cann is not None and version > cann.version:
        return False
    if version > _LAST.get(soc.short, version):
        return False
    return version < _SPLIT or image.chip == _CHIPS.get(soc.short)
