"""Sources: files of users that enter keys, and must not change under the stage that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.errors import StageError
from ascendc.store.stat_index import look

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.store.stat_index import StatIndex


class Sources:
    """The files of users that a store was asked about."""

    def __init__(self, index: StatIndex) -> None:
        self._index = index
        self._known: dict[Path, tuple[list[int], str]] = {}

    def digest(self, path: Path) -> str:
        """sha256 of a file, which is a source from now on.

        Raises:
            OSError: it cannot be read.
        """
        seen = look(path)
        digest = self._index.digest(path)
        self._known[path] = seen, digest
        return digest

    def check(self, cause: Exception | None = None) -> None:
        """See that every source is what it was.

        Args:
            cause: what went wrong meanwhile, if anything: it would be for this reason.

        Raises:
            StageError: one changed or vanished (ASC1905).
        """
        for path, (seen, digest) in tuple(self._known.items()):
            try:
                steady = look(path) == seen or self._index.digest(path) == digest
            except OSError:
                raise self._gone(path, "vanished", "put it back, then run the same command again") from cause
            if not steady:
                raise self._gone(path, "changed", "run the same command again") from cause

    def _gone(self, path: Path, happened: str, hint: str) -> StageError:
        return StageError(
            "ASC1905", f"{path} {happened} while it was used; nothing that was made of it is kept", hint=hint
        )
