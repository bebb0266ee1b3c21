r"""A folder of dumps: ``<time>/<device>/<model>/<model id>/<run>/<type>.<node>.<task>.<stream>.<time>``.

Sources: the guide of CANN's accuracy tools, on folders (6.0.1, 8.0.RC1) and on names (8.0, 8.5, 9.0): ``.``, ``/``,
``\`` and blanks are written as ``_``, and there may be four more numbers behind the time; examples of 7.0 have no
stream. What is too long for the file system has a short name, which ``mapping.csv`` beside it explains: two columns,
short and whole (Ascend/msprobe, August 2026).
"""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ascendc.errors import UsageError

MAPPING = "mapping.csv"

MOST = 1 << 17
"""Files that a folder may have: a thousand runs of a model of a hundred operators."""

_NAME = re.compile(r"([^.]+)\.([^.]+)(?:\.\d+){2,}")
_NUMBER = re.compile(r"\d+")
_WRITTEN = str.maketrans({"/": "_", "\\": "_", ".": "_", " ": "_"})


@dataclass(frozen=True)
class DumpFile:
    """A dump by its name."""

    path: Path
    type: str
    """Of the operator: ``MatMulV2``."""
    node: str
    """As it is written in file names."""


@dataclass(frozen=True)
class Run:
    """What one run of a model left."""

    folder: Path
    files: tuple[DumpFile, ...]


def written(name: str) -> str:
    """A node's name as file names have it."""
    return name.translate(_WRITTEN)


def runs(folder: Path) -> tuple[Run, ...]:
    """The runs in a folder, in the order in which they were made.

    Raises:
        UsageError: there is none, there are dumps of several models, or more files than any model leaves (ASC2822).
    """
    found, count = [], 0
    for where, _, names in os.walk(folder):
        count += len(names)
        if count > MOST:
            raise UsageError("ASC2822", f"`{folder}` holds more than {MOST} files; name the folder of one model")
        files = _dumps(Path(where), names)
        if files:
            found.append(Run(Path(where), files))
    if not found:
        raise UsageError(
            "ASC2822",
            f"`{folder}` holds no dump of AscendCL",
            hint="dumps are files <type>.<node>.<task>.<stream>.<time>, without a suffix",
        )
    models = sorted({str(run.folder.parent) for run in found})
    if len(models) > 1:
        raise UsageError("ASC2822", f"`{folder}` holds dumps of several models; name one of {', '.join(models[:4])}")
    return tuple(sorted(found, key=lambda run: _order(run.folder)))


def holds_dumps(folder: Path) -> bool:
    """Whether any file in a folder, or below it, is called as dumps are."""
    return any(_dumps(Path(where), names[:MOST]) for where, _, names in os.walk(folder))


def _dumps(folder: Path, names: list[str]) -> tuple[DumpFile, ...]:
    mapping = _mapping(folder / MAPPING) if MAPPING in names else {}
    split = ((name, _NAME.fullmatch(mapping.get(name, name))) for name in sorted(names))
    return tuple(DumpFile(folder / name, *match.group(1, 2)) for name, match in split if match)


def _mapping(path: Path) -> dict[str, str]:
    """Whole names by the short ones that stand for them."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return {row[0]: row[1] for row in csv.reader(file) if len(row) == 2}
    except (OSError, csv.Error) as error:
        raise UsageError("ASC2822", f"`{path}` cannot be read: {error}") from error


def _order(folder: Path) -> tuple[int, str]:
    """Runs are numbered."""
    return (int(folder.name) if _NUMBER.fullmatch(folder.name) else 0, str(folder))
