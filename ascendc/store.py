"""Blobs and entries: the only place where files are minted, keyed and found again.

Layout under the root (``$ASCENDC_CACHE``, or the user's cache directory)::

    objects/ab/abcdef…          read-only files, named by sha256
    entries/<stage>/<key>.json  what a stage returned, and what its key was made of
    stat/<hash of path>.json    sha256 of user files by (size, mtime_ns, inode), as git keeps
    work/                       scratch folders of stages that run
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from platformdirs import user_cache_path

from ascendc.errors import EnvironmentLacksError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Blob:
    """A file that the store holds. Only `Store.put` makes one."""

    digest: str
    """sha256 of the content, 64 hex digits."""
    size: int
    """Bytes."""


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


class Store:
    """Content-addressed files and stage results under one root directory."""

    def __init__(self, root: Path | None = None) -> None:
        """Open the store, making its folders.

        Raises:
            EnvironmentLacksError: the root cannot be written (ASC1901).
        """
        configured = os.environ.get("ASCENDC_CACHE")
        self.root = (root or (Path(configured) if configured else user_cache_path("ascendc"))).absolute()
        try:
            for name in ("objects", "entries", "stat", "work", "locks"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentLacksError(
                "ASC1901",
                f"the store at {self.root} cannot be written: {error.strerror}",
                hint="set ASCENDC_CACHE to a folder that can",
            ) from error

    # -- files ------------------------------------------------------------------------------------------------

    def put(self, path: Path) -> Blob:
        """Move `path` into the store. Equal content is kept once."""
        digest, size = _sha256(path), path.stat().st_size
        target = self._object(digest)
        if not self._intact(target, size):
            target.parent.mkdir(exist_ok=True)
            path.chmod(0o444)
            path.replace(target)
        else:
            path.unlink()
        return Blob(digest, size)

    def put_bytes(self, content: bytes) -> Blob:
        """Keep a small piece of content."""
        with self._scratch_file() as path:
            path.write_bytes(content)
            return self.put(path)

    def path(self, blob: Blob) -> Path:
        """The file behind `blob`; it is read-only and must stay so.

        Raises:
            EnvironmentLacksError: the file is gone or has another size (ASC1902).
        """
        path = self._object(blob.digest)
        if not self._intact(path, blob.size):
            raise EnvironmentLacksError(
                "ASC1902",
                f"the store lost or damaged object {blob.digest}",
                hint=f"rm -r {self.root} (it is a cache), then build again",
            )
        return path

    def holds(self, blob: Blob) -> bool:
        """Whether the file behind `blob` is there with its size."""
        return self._intact(self._object(blob.digest), blob.size)

    def link(self, blob: Blob, target: Path) -> None:
        """Place the file at `target` by hard link, or by copy where the file system refuses.

        Never a symlink: ATC resolves external data from the real path.
        """
        source = self.path(blob)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)

    def digest(self, path: Path) -> str:
        """sha256 of a user's file, hashed again only if its size, mtime or inode changed."""
        path = path.resolve()
        stat = path.stat()
        seen = [stat.st_size, stat.st_mtime_ns, stat.st_ino]
        index = self.root / "stat" / f"{hashlib.sha256(str(path).encode()).hexdigest()}.json"
        try:
            known = json.loads(index.read_text())
        except (OSError, ValueError):
            known = {}
        if known.get("seen") != seen:
            known = {"path": str(path), "seen": seen, "sha256": _sha256(path)}
            self._write(index, json.dumps(known))
        return str(known["sha256"])

    # -- entries ----------------------------------------------------------------------------------------------

    def entry(self, stage: str, key: str) -> Any | None:
        """The recorded result (JSON) of a stage, or None."""
        try:
            record = json.loads(self._entry(stage, key).read_text())
        except (OSError, ValueError):
            return None
        return record["result"]

    def record(self, stage: str, key: str, *, ingredients: Any, result: Any) -> None:
        """Keep a result under its key, beside what the key was made of."""
        path = self._entry(stage, key)
        path.parent.mkdir(exist_ok=True)
        self._write(path, json.dumps({"ingredients": ingredients, "result": result}, indent=1, sort_keys=True))

    def lock(self, key: str) -> FileLock:
        """A lock held while the stage of `key` runs, so that two builds share its work."""
        return FileLock(self.root / "locks" / f"{key}.lock")

    @contextmanager
    def workspace(self, say: Callable[[str], None]) -> Iterator[Workspace]:
        """A scratch folder on the store's own file system, deleted at the end."""
        with tempfile.TemporaryDirectory(dir=self.root / "work") as folder:
            yield Workspace(Path(folder), self, say)

    # -- inside -----------------------------------------------------------------------------------------------

    def _object(self, digest: str) -> Path:
        return self.root / "objects" / digest[:2] / digest

    def _entry(self, stage: str, key: str) -> Path:
        return self.root / "entries" / stage / f"{key}.json"

    @staticmethod
    def _intact(path: Path, size: int) -> bool:
        try:
            return path.stat().st_size == size
        except OSError:
            return False

    @contextmanager
    def _scratch_file(self) -> Iterator[Path]:
        handle, name = tempfile.mkstemp(dir=self.root / "work")
        os.close(handle)
        path = Path(name)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _write(self, path: Path, text: str) -> None:
        with self._scratch_file() as scratch:
            scratch.write_text(text)
            scratch.replace(path)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
