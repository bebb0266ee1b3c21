"""Which file a tensor in memory is mapped from: weights that lie in a file need not be written again.

Only Linux says (``/proc/self/smaps``); elsewhere nothing is found, and weights are written.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) \S{4} ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+)")


@dataclass(frozen=True)
class Mapping:
    """A stretch of this process's memory that is as a file has it."""

    start: int
    end: int
    """Addresses."""
    path: Path
    offset: int
    """Of `start` in the file, bytes."""


def mappings(files: Iterable[Path], smaps: Path = Path("/proc/self/smaps")) -> tuple[Mapping, ...]:
    """The stretches of memory that are mapped from `files`, and were not written to since.

    A private mapping that somebody wrote to (``weight.mul_(2)``) has pages that the file does not have.
    """
    known = {(stat.st_ino, os.major(stat.st_dev), os.minor(stat.st_dev)): path for path, stat in _stats(files)}
    try:
        lines = smaps.read_text().splitlines()
    except OSError:
        return ()
    found, current = [], None
    for line in lines:
        if head := _HEAD.match(line):
            start, end, offset, major, minor = (int(text, 16) for text in head.groups()[:5])
            path = known.get((int(head[6]), major, minor))
            current = None if path is None else Mapping(start, end, path, offset)
        elif current is not None and line.startswith("Anonymous:"):
            found += [current] if line.split()[1] == "0" else []
    return tuple(found)


def locate(address: int, length: int, among: Iterable[Mapping]) -> tuple[Path, int] | None:
    """The file, and the offset in it, that `length` bytes at `address` are mapped from; None for other memory."""
    for mapping in among:
        if mapping.start <= address and address + length <= mapping.end:
            return mapping.path, mapping.offset + address - mapping.start
    return None


def _stats(files: Iterable[Path]) -> list[tuple[Path, os.stat_result]]:
    return [(path, path.stat()) for path in files if path.exists()]
