"""The folder of a store: who has it open, how files appear in it, what is left over in it."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
import weakref
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.errors import EnvironmentLacksError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDERS = ("objects", "entries", "stat", "work", "locks")
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


class Root:
    """A store's folder, open: whoever has one holds a shared lock on it until he is gone, however he goes.

    The lock is the system's (flock), so it ends with its process. That is how leftovers of the killed are told from
    the work of the living: by no clock.
    """

    def __init__(self, path: Path) -> None:
        """Open the folder, making it; a store that cannot be written but is there is open for reading.

        Raises:
            EnvironmentLacksError: it cannot be made (ASC1901).
        """
        self.path = path
        self.read_only = False
        try:
            for name in _FOLDERS:
                (path / name).mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path / "in-use", os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            if error.errno not in _READ_ONLY or not (path / "in-use").exists():
                raise EnvironmentLacksError(
                    "ASC1901",
                    f"the store at {path} cannot be written: {error.strerror}",
                    hint="set ASCENDC_CACHE to a folder that can",
                ) from error
            self.read_only = True
            self._lock = os.open(path / "in-use", os.O_RDONLY)
        weakref.finalize(self, os.close, self._lock)
        if not self.read_only and self._try_alone():
            for left in self.leftovers():
                with suppress(OSError):  # it is in nobody's way; `clean` says what is wrong
                    remove(left)
        fcntl.flock(self._lock, fcntl.LOCK_SH)  # waits only while another one clears up

    def leftovers(self) -> list[Path]:
        """What is in ``work/``: of the dead, if nobody else has the store open."""
        return list((self.path / "work").iterdir())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else has the store open meanwhile; who opens it waits.

        Raises:
            EnvironmentLacksError: somebody has it open (ASC1904), or it is read-only (ASC1903).
        """
        with self.writing():
            if self.read_only:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if not self._try_alone():
            fcntl.flock(self._lock, fcntl.LOCK_SH)  # the attempt has dropped it
            users = self._users()
            by = f" by process {', '.join(map(str, users))}" if users else ""
            raise EnvironmentLacksError(
                "ASC1904",
                f"the store at {self.path} is in use{by}; nothing was removed",
                hint=f"ps -p {','.join(map(str, users))}  (try again when it has ended)" if users else None,
            )
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Puts a refusal of the operating system into words (ASC1903)."""
        try:
            yield
        except OSError as error:
            full = "free some space (ascendc clean), or set ASCENDC_CACHE to a folder that has it"
            raise EnvironmentLacksError(
                "ASC1903",
                f"the store at {self.path} cannot be written: {error.strerror}",
                hint="set ASCENDC_CACHE to a folder that can" if error.errno in _READ_ONLY else full,
            ) from error

    @contextmanager
    def scratch_file(self) -> Iterator[Path]:
        """An empty file on the store's own file system; removed unless it was moved."""
        with self.writing():
            handle, name = tempfile.mkstemp(dir=self.path / "work")
        os.close(handle)
        path = Path(name)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def write(self, path: Path, text: str) -> None:
        """Let `text` become the file `path`, all at once."""
        with self.scratch_file() as scratch, self.writing():
            scratch.write_text(text, encoding="utf-8")
            path.parent.mkdir(exist_ok=True)
            scratch.replace(path)

    def _try_alone(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _users(self) -> tuple[int, ...]:
        """Other processes that have the store open, as far as the system says: Linux does."""
        file = os.fstat(self._lock)
        mark = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
        found: set[int] = set()
        with suppress(OSError):
            for line in Path("/proc/locks").read_text().splitlines():
                _, kind, _, _, pid, where, *_ = line.split()
                if kind == "FLOCK" and where == mark:
                    found.add(int(pid))
        return tuple(sorted(found - {os.getpid()}))


def remove(path: Path) -> None:
    """Delete a file or a whole folder; what is gone already is no matter."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
