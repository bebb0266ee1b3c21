"""Entries: what stages returned, under the keys of their calls, beside what each key was made of."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascendc.store.blob import Blob
from ascendc.store.objects import Damage
from ascendc.store.stat_index import read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ascendc.store.root import Root


@dataclass(frozen=True)
class Entry:
    """One recorded call of a stage."""

    stage: str
    key: str
    path: Path
    used: float
    """When a build last asked for it: seconds, by the clock of then."""
    ingredients: Any
    """What the key was made of, plain JSON."""
    result: Any
    """What the stage returned, plain JSON."""
    blobs: frozenset[Blob]
    """The files of the store that the result speaks of."""


class Entries:
    """The entries of a store. Each file holds a sum over itself: a torn or edited one is no entry."""

    def __init__(self, root: Root) -> None:
        self._root = root

    def path(self, stage: str, key: str) -> Path:
        """Where an entry is kept."""
        return self._root.path / "entries" / stage / f"{key}.json"

    def read(self, path: Path) -> Entry | None:
        """The entry in a file; None if it is not whole, or not there."""
        record = read_record(path)
        if record.pop("sum", None) != _sum(record):
            return None
        try:
            used = path.stat().st_mtime
        except FileNotFoundError:
            return None
        blobs = frozenset(Blob(digest, size) for digest, size in record["blobs"])
        return Entry(path.parent.name, path.stem, path, used, record["ingredients"], record["result"], blobs)

    def recall(self, path: Path) -> Entry | None:
        """The entry in a file, which counts as used now."""
        entry = self.read(path)
        if entry is not None:
            with suppress(OSError):  # a read-only store keeps no account of its use
                os.utime(path)
        return entry

    def damage(self, path: Path) -> Damage | None:
        """What is wrong with an entry's file; None if nothing is, or it is not there."""
        if not path.exists() or self.read(path) is not None:
            return None
        return Damage(path, f"entry {path.parent.name}/{path.stem[:12]}… is torn")

    def write(self, stage: str, key: str, ingredients: Any, result: Any, blobs: Iterable[Blob]) -> None:
        """Keep a result."""
        files = sorted([blob.digest, blob.size] for blob in set(blobs))
        record = {"ingredients": ingredients, "result": result, "blobs": files}
        self._root.write(self.path(stage, key), json.dumps({**record, "sum": _sum(record)}, indent=1, sort_keys=True))

    def paths(self, stage: str = "*") -> Iterator[Path]:
        """The files of all entries, or of one stage's."""
        return (self._root.path / "entries").glob(f"{stage}/*.json")


def _sum(record: Any) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
