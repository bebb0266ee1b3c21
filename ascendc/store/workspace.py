"""Where a stage works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ascendc.store.blob import Blob
    from ascendc.store.store import Store


@dataclass(frozen=True)
class Workspace:
    """Where one run of a stage works: an empty folder, a way to keep results, a way to be heard.

    The folder is deleted when the stage returns; only what was `put` stays.
    """

    folder: Path
    store: Store
    say: Callable[[str], None] = lambda _: None
    """Report one line of progress."""

    def put(self, path: Path) -> Blob:
        """Move a finished file of this workspace into the store."""
        return self.store.put(path)

    def put_text(self, text: str) -> Blob:
        """Keep a text, UTF-8."""
        return self.store.put_bytes(text.encode())

    def path(self, blob: Blob) -> Path:
        """The read-only file behind a blob."""
        return self.store.path(blob)
