"""How a new folder takes the place of an old one: all at once, or not at all.

Three names beside the folder say how far somebody came who was killed:

``.name.new``   the new folder, being made; worth nothing
``.name.old``   the old folder, moved aside; what no build had made in it is still to be saved
``.name.gone``  the old folder, of which nothing is needed any more
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Swap:
    """The place of a folder that is replaced as a whole. One build at a time may work on it: hold a lock."""

    folder: Path
    made: Callable[[Path], frozenset[str]]
    """Which files of such a folder a build had made, by relative path; all others are kept."""

    @property
    def fresh(self) -> Path:
        """Where the new folder is made."""
        return self._beside("new")

    def recover(self) -> Path | None:
        """Finish or undo what an earlier build left half done; returns where files went that no build had made."""
        old, kept = self._beside("old"), None
        if old.exists() and not self.folder.exists():
            old.rename(self.folder)
        if old.exists():
            kept = self._clear_up()
        for left in (self.fresh, self._beside("gone")):
            if left.exists():
                shutil.rmtree(left)
        return kept

    def take(self) -> Path | None:
        """Let the new folder take its place; returns where files went that no build had made."""
        if not self.folder.exists():
            self.fresh.rename(self.folder)
            return None
        old = self._beside("old")
        self.folder.rename(old)
        try:
            self.fresh.rename(self.folder)
        except BaseException:  # an interrupt too: the old folder must be there afterwards
            old.rename(self.folder)
            raise
        return self._clear_up()

    def _clear_up(self) -> Path | None:
        """Move what no build made out of the old folder: an OM took somebody hours, and belongs to the old models."""
        old, gone = self._beside("old"), self._beside("gone")
        made = self.made(old)
        kept = self.folder.with_name(f"{self.folder.name}.kept")
        strangers = [path for path in walk(old) if path not in made]
        for path in strangers:
            target = kept / path
            target.parent.mkdir(parents=True, exist_ok=True)
            (old / path).replace(target)
        old.rename(gone)  # from here on a kill may leave any part of it, and none is a stranger's
        shutil.rmtree(gone)
        return kept if strangers else None

    def _beside(self, what: str) -> Path:
        return self.folder.with_name(f".{self.folder.name}.{what}")


def walk(folder: Path) -> Iterator[str]:
    """Every file of a folder by its relative path; Python's caches are not part of it."""
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        here = Path(root).relative_to(folder)
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        yield from ((here / name).as_posix() for name in (*files, *links))
