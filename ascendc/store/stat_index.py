"""sha256 of files, taken again only if stat says that they may have changed: as git's index knows files.

A record is believed under four conditions, none of which needs the clock to be right:

1. size, mtime and inode are what they were, and for users' files ctime too, which no program can set back. (The
   store's own files do without: every hard link that a bundle makes changes it.)
2. the file did not change while it was hashed.
3. a user's file had been left alone for a while when it was hashed: a second change within one tick of the file
   system's clock would show in nothing (git calls such files racily clean).
4. the file was hashed in this boot; or in an earlier one and then once more, from the disk. What was written just
   before a power cut may have come back as zeros under the right size and times.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascendc.errors import EnvironmentLacksError

if TYPE_CHECKING:
    from ascendc.store.root import Root

_CHUNK = 1 << 20
SETTLES = 2_000_000_000
"""Nanoseconds after which a change can be told from the one before; FAT counts in steps of two seconds."""


class StatIndex:
    """What the store knows of files by their stat."""

    def __init__(self, root: Root, *, verify: bool = False) -> None:
        """Args: `verify`: believe no record that was not made by this very object."""
        self._root, self._verify = root, verify
        self._proven: dict[Path, dict[str, Any]] = {}

    def digest(self, path: Path, *, ours: bool = False) -> str:
        """sha256 of a file, in full where the record of it is not to be believed.

        Args:
            path: the file.
            ours: it is an object of the store.

        Raises:
            OSError: it cannot be read.
        """
        path = path.resolve()
        seen = look(path, ours=ours)
        known = self._proven.get(path, {}) if self._verify else read_record(self.record(path))
        same = known.get("seen") == seen and isinstance(known.get("sha256"), str)
        if same and known.get("boot") in (None, boot()):
            return str(known["sha256"])
        digest = sha256(path)
        if look(path, ours=ours) == seen and (ours or _settled(seen)):
            from_disk = same and known["sha256"] == digest
            self._remember(path, {"seen": seen, "sha256": digest, "boot": None if from_disk else boot()})
        return digest

    def knows(self, path: Path) -> bool:
        """Whether there is a record of the file, believed or not."""
        return self.record(path.resolve()).exists()

    def made(self, path: Path, digest: str, seen: list[int]) -> None:
        """Remember an object that was hashed on its way in; `seen` is from before that."""
        self._remember(path.resolve(), {"seen": seen, "sha256": digest, "boot": boot()})

    def forget(self, path: Path) -> None:
        """Drop the record of a file that was removed."""
        self.record(path.resolve()).unlink(missing_ok=True)

    def record(self, path: Path) -> Path:
        """Where the record of `path` is kept."""
        return self._root.path / "stat" / f"{hashlib.sha256(os.fsencode(path)).hexdigest()}.json"

    def stale(self) -> list[Path]:
        """Records of files that are gone or have changed: nobody will believe them."""
        return [record for record in (self._root.path / "stat").iterdir() if not _current(record)]

    def _remember(self, path: Path, known: dict[str, Any]) -> None:
        self._proven[path] = known
        if not self._root.read_only:
            with suppress(EnvironmentLacksError):  # without a record the file is hashed again, nothing worse
                self._root.write(self.record(path), json.dumps({"path": str(path), **known}))


def look(path: Path, *, ours: bool = False) -> list[int]:
    """What is compared: size, mtime, inode; ctime of users' files."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino, *(() if ours else (stat.st_ctime_ns,))]


def sha256(path: Path) -> str:
    """The hash of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def read_record(path: Path) -> dict[str, Any]:
    """A JSON object of ours; empty where there is none, or a torn one."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


@cache
def boot() -> str | None:
    """Names this boot of the machine; None where the system does not tell: there power cuts are not looked for."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None


def _settled(seen: list[int]) -> bool:
    """A time in the future (the clock was set back since) is not settled: such a file is hashed each time."""
    return time.time_ns() - seen[-1] > SETTLES


def _current(record: Path) -> bool:
    known = read_record(record)
    try:
        seen = look(Path(known["path"]), ours=len(known["seen"]) == 3)
    except (OSError, LookupError, TypeError):
        return False
    return bool(seen == known["seen"])
