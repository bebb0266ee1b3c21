"""The output of npu-smi: which chips a machine has.

The layouts are those of drivers 21 to 26, as owners of boards have published them. The table of ``npu-smi info`` has
two rows per chip (the 950's three columns begin with an empty cell); what is in the columns behind differs from
generation to generation. From the A3 on it shows the family only: ``npu-smi info -t board -i 0`` has the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ascendc.cann.soc import table

_NAMED = re.compile(r"(\d{1,4})\s+((?:Ascend\s?)?[0-9A-Za-z_-]{2,32})")
_NAME = re.compile(r"(?:Ascend\s?)?[0-9A-Za-z_-]{3,32}")
_BUS = re.compile(r"NA|[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:\S{1,8}")
_HEALTH = re.compile(r"(?!NA$)[A-Za-z]+")
_MAPPED = re.compile(r"\s*(\d{1,4})(?:\s+(?:\d{1,4}|-))+\s+(Ascend ?[0-9A-Za-z_-]{2,32})\s*")
"""A line of ``npu-smi info -m``: ids, then the chip's name."""
_PAIR = re.compile(r"\s*([A-Za-z][A-Za-z -]{1,40}?)\s*[:=]\s*(\S+)\s*")


@dataclass(frozen=True)
class Chip:
    """One chip that npu-smi lists."""

    npu: int | None
    """The id that ``npu-smi info -t board -i`` takes; None where the page does not say."""
    name: str
    """As it says: ``310P3``, ``Ascend910_9392``; only ``Ascend910`` where the rest is on a page that is not there."""
    bus: str | None
    """On PCIe; ``NA`` for a chip that is not behind it; None where that is not said."""


def chips(text: str) -> tuple[Chip, ...]:
    """The chips in what ``npu-smi info``, ``info -m`` or ``info -t board`` printed, or several of them in a row."""
    pages, rows, mapped = _pages(text), _rows(text), _mapping(text)
    if not rows and not mapped:
        return tuple(Chip(npu, name, None) for npu, name in pages.items())
    return tuple(replace(chip, name=_whole(chip, pages)) for chip in rows or mapped)


def exact(name: str) -> str | None:
    """The SoC that npu-smi means by ``310P3``; never a guess, as for names that people write. None: there is none."""
    known = {soc.lower(): soc for soc in table()}
    return known.get(name.lower()) or known.get(f"ascend{name}".lower())


def _rows(text: str) -> tuple[Chip, ...]:
    found: list[Chip] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line[line.find("|") :].strip().strip("|").split("|")]
        if "|" not in line or len(cells) < 3:
            continue
        named = _NAMED.fullmatch(cells[0])
        if named and _HEALTH.fullmatch(cells[1]):
            found.append(Chip(int(named[1]), named[2].replace(" ", ""), None))
        elif re.fullmatch(r"\d{1,4}", cells[0]) and _NAME.fullmatch(cells[1]) and _HEALTH.fullmatch(cells[2]):
            found.append(Chip(int(cells[0]), cells[1].replace(" ", ""), None))
        elif found and found[-1].bus is None:
            bus = next((cell for cell in cells[1:3] if _BUS.fullmatch(cell)), None)
            found[-1] = replace(found[-1], bus=bus)
    return tuple(found)


def _mapping(text: str) -> tuple[Chip, ...]:
    lines = (_MAPPED.fullmatch(line) for line in text.splitlines())
    return tuple(Chip(int(line[1]), line[2].replace(" ", ""), None) for line in lines if line)


def _pages(text: str) -> dict[int | None, str]:
    """Name by NPU id on pages of ``key : value`` lines; a page begins with its NPU ID."""
    pages: dict[int | None, dict[str, str]] = {}
    npu: int | None = None
    for pair in filter(None, map(_PAIR.fullmatch, text.splitlines())):
        key, value = pair[1].lower(), pair[2]
        if key == "npu id" and value.isdecimal():
            npu = int(value[:4])
        elif key in ("chip name", "npu name") and _NAME.fullmatch(value):
            pages.setdefault(npu, {}).setdefault(key, value)
    return {npu: _titled(page) for npu, page in pages.items() if "chip name" in page}


def _titled(page: dict[str, str]) -> str:
    """The A3 says ``Ascend910`` and, as NPU name, ``9392``; the A2 says ``910B4``."""
    chip, npu = page["chip name"], page.get("npu name", "")
    return f"{chip}_{npu}" if npu else chip


def _whole(chip: Chip, pages: dict[int | None, str]) -> str:
    """The name on the chip's own page where the table has the family only."""
    page = pages.get(chip.npu) or pages.get(None)
    return page if page and exact(chip.name) is None else chip.name
