"""The store: content-addressed files, and the results that speak of them."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from ascendc.errors import EnvironmentLacksError
from ascendc.store.blob import Blob
from ascendc.store.entries import Entries, Entry
from ascendc.store.objects import Damage, Objects
from ascendc.store.root import Root, remove
from ascendc.store.sources import Sources
from ascendc.store.stat_index import StatIndex
from ascendc.store.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

_PATIENCE = 0.2
"""Seconds between two looks whether somebody has stopped waiting."""


class Store:
    """Content-addressed files and stage results under one root directory.

    A store that cannot be written still answers for what it has: a build whose every step is stored works from it.
    """

    def __init__(self, root: Path | None = None, *, verify: bool = False) -> None:
        """Open the store, making its folders; nobody cleans it before this object is gone.

        Args:
            root: the folder; by default ``$ASCENDC_CACHE``, or the user's cache directory.
            verify: hash every object and file in full when it is first asked for, whatever stat says.

        Raises:
            EnvironmentLacksError: the root can be neither written nor read (ASC1901).
        """
        configured = os.environ.get("ASCENDC_CACHE")
        self.root = (root or (Path(configured) if configured else user_cache_path("ascendc"))).absolute()
        self._root = Root(self.root)
        self._index = StatIndex(self._root, verify=verify)
        self._objects = Objects(self._root, self._index)
        self._entries = Entries(self._root)
        self._sources = Sources(self._index)
        self._damage: dict[Path, Damage] = {}
        self._stopped = Event()

    @property
    def damage(self) -> tuple[Damage, ...]:
        """What was found damaged or gone since the store was opened. A build makes it again, and should say so."""
        return tuple(self._damage.values())

    # -- files ------------------------------------------------------------------------------------------------

    def put(self, path: Path) -> Blob:
        """Move `path` into the store. Equal content is kept once."""
        blob, damage = self._objects.put(path)
        self._note(damage)
        return blob

    def put_bytes(self, content: bytes) -> Blob:
        """Keep a small piece of content."""
        with self._root.scratch_file() as path:
            with self._root.writing():
                path.write_bytes(content)
            return self.put(path)

    def path(self, blob: Blob) -> Path:
        """The file behind `blob`; it is read-only and must stay so.

        Raises:
            EnvironmentLacksError: the file is gone or was changed (ASC1902).
        """
        if not self.holds(blob):
            raise EnvironmentLacksError(
                "ASC1902",
                f"the store lost or damaged object {blob.digest}",
                hint="run the same command again: it is made anew",
            )
        return self._objects.path(blob.digest)

    def holds(self, blob: Blob) -> bool:
        """Whether the file behind `blob` is there, and what it was; if not, that is noted in `damage`."""
        return self._note(self._objects.damage(blob))

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

    def is_copy(self, path: Path, blob: Blob) -> bool:
        """Whether a file elsewhere is the object itself by another name, or has its content."""
        try:
            if path.samefile(self._objects.path(blob.digest)):
                return self.holds(blob)
            return self._index.digest(path) == blob.digest
        except OSError:
            return False

    def digest(self, path: Path) -> str:
        """sha256 of a user's file, hashed again only if it may have changed. It is a source from now on.

        Raises:
            OSError: it cannot be read.
        """
        return self._sources.digest(path)

    def knows(self, path: Path) -> bool:
        """Whether a user's file was ever hashed."""
        return self._index.knows(path)

    @contextmanager
    def steady_sources(self) -> Iterator[None]:
        """For the time that a stage runs: sources must stay what they were when its key was made.

        Raises:
            StageError: one changed or vanished (ASC1905), which is then the cause of whatever else went wrong.
        """
        try:
            yield
        except Exception as error:
            self._sources.check(error)
            raise
        self._sources.check()

    # -- entries ----------------------------------------------------------------------------------------------

    def entry(self, stage: str, key: str) -> Any | None:
        """The recorded result (JSON) of a stage, or None. It counts as used now."""
        path = self._entries.path(stage, key)
        entry = self._entries.recall(path)
        self._note(self._entries.damage(path) if entry is None else None)
        return None if entry is None else entry.result

    def entries(self, stage: str = "*") -> Iterator[Entry]:
        """Every whole entry, or those of one stage; this is no use of them."""
        return (entry for path in self._entries.paths(stage) if (entry := self._entries.read(path)) is not None)

    def record(self, stage: str, key: str, *, ingredients: Any, result: Any, blobs: Iterable[Blob]) -> None:
        """Keep a result under its key, beside what the key was made of.

        Args:
            stage: whose result it is.
            key: the key of the call.
            ingredients: what the key was made of, plain JSON.
            result: plain JSON.
            blobs: every file of the store that the result speaks of; `clean` leaves these.
        """
        self._entries.write(stage, key, ingredients, result, blobs)

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """A lock held while the stage of `key` runs, so that two builds share its work.

        Raises:
            KeyboardInterrupt: `stop_waiting` was called while another build held it.
        """
        if self._root.read_only:  # nothing will be made
            yield
            return
        lock = FileLock(self.root / "locks" / f"{key}.lock")
        while not lock.is_locked:
            with self._root.writing(), suppress(Timeout):  # a Timeout is an OSError, too
                lock.acquire(timeout=_PATIENCE)
            if not lock.is_locked and self._stopped.is_set():
                raise KeyboardInterrupt
        try:
            yield
        finally:
            lock.release()

    @property
    def stopped(self) -> bool:
        """Whether `stop_waiting` was called: a step that takes minutes gives up, too."""
        return self._stopped.is_set()

    def stop_waiting(self) -> None:
        """Let whoever waits for a lock give up: for an interrupt, which the threads of steps do not hear."""
        self._stopped.set()

    @contextmanager
    def workspace(self, say: Callable[[str], None]) -> Iterator[Workspace]:
        """A scratch folder on the store's own file system, deleted at the end."""
        with self._root.writing():
            folder = tempfile.TemporaryDirectory(dir=self.root / "work")
        with folder as name:
            yield Workspace(Path(name), self, say)

    # -- housekeeping -----------------------------------------------------------------------------------------

    def check(self) -> tuple[Damage, ...]:
        """Hash every object and read every entry; returns what is damaged."""
        index = StatIndex(self._root, verify=True)
        blobs = {Blob(path.name, path.stat().st_size) for path in self._objects.paths()}
        blobs |= {blob for entry in self.entries() for blob in entry.blobs}
        found = [self._objects.damage(blob, index) for blob in sorted(blobs, key=lambda blob: blob.digest)]
        found += map(self._entries.damage, self._entries.paths())
        return tuple({damage.path: damage for damage in found if damage is not None}.values())

    def objects(self) -> Iterator[Path]:
        """The files of all objects; each is named by its sha256."""
        return self._objects.paths()

    def place(self, blob: Blob) -> Path:
        """Where the file behind `blob` is kept, whether it is there or not."""
        return self._objects.path(blob.digest)

    def leftovers(self) -> list[Path]:
        """What nobody needs if nobody runs.

        Scratch of the killed, torn entries, stale stat records, locks, trials of searches that did not end.
        """
        torn = [path for path in self._entries.paths() if self._entries.damage(path)]
        noted = (path for folder in ("locks", "trials") for path in (self.root / folder).glob("*"))
        return [*self._root.leftovers(), *torn, *self._index.stale(), *noted]

    def trials(self, key: str) -> Path:
        """The file in which a search notes its trials, to go on there if it is interrupted."""
        path = self.root / "trials" / f"{key}.jsonl"
        path.parent.mkdir(exist_ok=True)
        return path

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else has the store open meanwhile.

        Raises:
            EnvironmentLacksError: somebody has it open (ASC1904), or it is read-only (ASC1903).
        """
        return self._root.alone()

    def remove(self, paths: Iterable[Path]) -> None:
        """Delete files and folders of the store, in this order; only while `alone`.

        Raises:
            EnvironmentLacksError: the system refuses (ASC1903).
        """
        with self._root.writing():
            for path in paths:
                remove(path)
                self._index.forget(path)

    def _note(self, damage: Damage | None) -> bool:
        """Whether there is nothing to note."""
        if damage is not None:
            self._damage.setdefault(damage.path, damage)
        return damage is None
