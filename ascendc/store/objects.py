"""Objects: read-only files by the hash of their content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.store.blob import Blob
from ascendc.store.stat_index import look, sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.store.root import Root
    from ascendc.store.stat_index import StatIndex


@dataclass(frozen=True)
class Damage:
    """Something of the store that is not what it was."""

    path: Path
    """The object or entry."""
    what: str
    """What it is and what is wrong with it: ``object 1f2e3d4c5b6a… is gone``."""


class Objects:
    """The objects of a store."""

    def __init__(self, root: Root, index: StatIndex) -> None:
        self._root, self._index = root, index

    def path(self, digest: str) -> Path:
        """Where an object is kept."""
        return self._root.path / "objects" / digest[:2] / digest

    def paths(self) -> Iterator[Path]:
        """The files of all objects."""
        return (self._root.path / "objects").glob("*/*")

    def put(self, path: Path) -> tuple[Blob, Damage | None]:
        """Move a file in; says if a damaged object of that content had to make room for it."""
        seen = look(path, ours=True)
        blob = Blob(sha256(path), seen[0])
        target = self.path(blob.digest)
        damage = self.damage(blob) if target.exists() else None
        if target.exists() and damage is None:
            path.unlink()
        else:
            with self._root.writing():
                target.parent.mkdir(exist_ok=True)
                path.chmod(0o444)
                path.replace(target)
            self._index.made(target, blob.digest, seen)
        return blob, damage

    def damage(self, blob: Blob, index: StatIndex | None = None) -> Damage | None:
        """What is wrong with the file behind `blob`; None if it is what it was.

        Bundles hold hard links to large objects: an edit there is an edit here. It shows in the stat index.
        """
        path = self.path(blob.digest)
        name = f"object {blob.digest[:12]}…"
        try:
            stat = path.stat()
            if stat.st_size == blob.size and (index or self._index).digest(path, ours=True) == blob.digest:
                return None
        except FileNotFoundError:
            return Damage(path, f"{name} is gone")
        except OSError as error:
            return Damage(path, f"{name} cannot be read: {error.strerror}")
        linked = " (a bundle may link it: an edit there is an edit here)" if stat.st_nlink > 1 else ""
        return Damage(path, f"{name} has other content than it was made with{linked}")
