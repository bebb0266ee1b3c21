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
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from platformdirs import user_cache_path

from ascendc.errors import EnvironmentLacksError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHUNK = 1 << 20
_DAY = 24 * 3600


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
        self._sweep()

    # -- files ------------------------------------------------------------------------------------------------

    def put(self, path: Path) -> Blob:
        """Move `path` into the store. Equal content is kept once."""
        blob = Blob(_sha256(path), path.stat().st_size)
        target = self._object(blob.digest)
        if self.holds(blob):
            path.unlink()
        else:
            with self._writing():
                target.parent.mkdir(exist_ok=True)
                path.chmod(0o444)
                path.replace(target)
            self._remember(target, blob.digest)
        return blob

    def put_bytes(self, content: bytes) -> Blob:
        """Keep a small piece of content."""
        with self._scratch_file() as path:
            with self._writing():
                path.write_bytes(content)
            return self.put(path)

    def path(self, blob: Blob) -> Path:
        """The file behind `blob`; it is read-only and must stay so.

        Raises:
            EnvironmentLacksError: the file is gone or was changed (ASC1902).
        """
        path = self._object(blob.digest)
        if not self.holds(blob):
            raise EnvironmentLacksError(
                "ASC1902",
                f"the store lost or damaged object {blob.digest}",
                hint=f"rm -r {self.root} (it is a cache), then build again",
            )
        return path

    def holds(self, blob: Blob) -> bool:
        """Whether the file behind `blob` is there, and what it was.

        Bundles hold hard links to large objects: an edit there is an edit here. It shows in the stat index.
        """
        path = self._object(blob.digest)
        try:
            return path.stat().st_size == blob.size and self.digest(path) == blob.digest
        except OSError:
            return False

    def link(self, blob: Blob, target: Path) -> None:
        """Place the file at `target` by hard link, or by copy where the file system refuses.

        Never a symlink: ATC resolves external data from the real path.
        """
        source = self.path(blob)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except FileExistsError:
            raise  # copying over it would write through its link
        except OSError:
            shutil.copyfile(source, target)

    def digest(self, path: Path) -> str:
        """sha256 of a user's file, hashed again only if its size, mtime or inode changed."""
        path = path.resolve()
        known = _read_record(self._index(path))
        if known.get("seen") != _seen(path) or "sha256" not in known:
            return self._remember(path, _sha256(path))
        return str(known["sha256"])

    # -- entries ----------------------------------------------------------------------------------------------

    def entry(self, stage: str, key: str) -> Any | None:
        """The recorded result (JSON) of a stage, or None."""
        return _read_record(self._entry(stage, key)).get("result")

    def record(self, stage: str, key: str, *, ingredients: Any, result: Any) -> None:
        """Keep a result under its key, beside what the key was made of."""
        path = self._entry(stage, key)
        with self._writing():
            path.parent.mkdir(exist_ok=True)
        self._write(path, json.dumps({"ingredients": ingredients, "result": result}, indent=1, sort_keys=True))

    def lock(self, key: str) -> FileLock:
        """A lock held while the stage of `key` runs, so that two builds share its work."""
        return FileLock(self.root / "locks" / f"{key}.lock")

    @contextmanager
    def workspace(self, say: Callable[[str], None]) -> Iterator[Workspace]:
        """A scratch folder on the store's own file system, deleted at the end."""
        with self._writing():
            folder = tempfile.TemporaryDirectory(dir=self.root / "work")
        with folder as name:
            yield Workspace(Path(name), self, say)

    # -- inside -----------------------------------------------------------------------------------------------

    def _object(self, digest: str) -> Path:
        return self.root / "objects" / digest[:2] / digest

    def _entry(self, stage: str, key: str) -> Path:
        return self.root / "entries" / stage / f"{key}.json"

    def _index(self, path: Path) -> Path:
        return self.root / "stat" / f"{hashlib.sha256(os.fsencode(path)).hexdigest()}.json"

    def _remember(self, path: Path, digest: str) -> str:
        record = {"path": os.fsdecode(os.fsencode(path)), "seen": _seen(path), "sha256": digest}
        self._write(self._index(path), json.dumps(record))
        return digest

    def _sweep(self) -> None:
        """Remove what killed builds left behind, a day later: nothing that runs is that old."""
        for left in (self.root / "work").iterdir():
            with suppress(OSError):  # another build may sweep too
                if time.time() - left.stat().st_mtime > _DAY:
                    shutil.rmtree(left) if left.is_dir() else left.unlink()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EnvironmentLacksError(
                "ASC1903",
                f"the store at {self.root} cannot be written: {error.strerror}",
                hint="free some space, or set ASCENDC_CACHE to a folder that has it",
            ) from error

    @contextmanager
    def _scratch_file(self) -> Iterator[Path]:
        with self._writing():
            handle, name = tempfile.mkstemp(dir=self.root / "work")
        os.close(handle)
        path = Path(name)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _write(self, path: Path, text: str) -> None:
        with self._scratch_file() as scratch, self._writing():
            scratch.write_text(text, encoding="utf-8")
            scratch.replace(path)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _seen(path: Path) -> list[int]:
    """What git looks at, too: size, time of the last change, inode."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino]


def _read_record(path: Path) -> dict[str, Any]:
    """A JSON object of ours; empty where there is none, or a torn one."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
