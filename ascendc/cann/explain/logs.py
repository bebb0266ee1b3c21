"""The logs of a run, as bytes: one file, standard input, or all files of a folder, the newest first."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from ascendc.errors import UsageError

MOST_BYTES = 64 << 20
"""Of all logs together: of what is larger the end is read, where reasons stand."""

MOST_FILES = 1000
"""Of a folder: what is older is left alone."""

STDIN = "-"


@dataclass(frozen=True)
class Log:
    """What one file holds."""

    name: str
    """As the user would find it again."""
    content: bytes


def read(path: str) -> tuple[Log, ...]:
    """The log at `path`; of a folder all files in it and below, the newest first; of ``-`` standard input.

    Raises:
        UsageError: it cannot be read (ASC2401).
    """
    try:
        if path == STDIN:
            return (_log("standard input", sys.stdin.buffer.read(MOST_BYTES)),)
        if Path(path).is_dir():
            return _folder(Path(path))
        return (_log(path, _end(Path(path), MOST_BYTES)),)
    except FileNotFoundError as error:
        raise UsageError("ASC2401", f"the log `{path}` does not exist", hint="ls -t ~/ascend/log/debug/plog") from error
    except OSError as error:
        raise UsageError("ASC2401", f"the log `{path}` cannot be read: {error.strerror}") from error
    except ValueError as error:  # a path with a NUL
        raise UsageError("ASC2401", f"the log {path!r} cannot be read: {error}") from error


def _folder(folder: Path) -> tuple[Log, ...]:
    found = []
    for place, _, names in os.walk(folder):
        for path in (Path(place) / name for name in names):
            try:
                about = path.lstat()
            except OSError:  # it went away: logs rotate
                continue
            if S_ISREG(about.st_mode) and about.st_size:
                found.append((about.st_mtime_ns, path))
    if not found:
        raise UsageError("ASC2401", f"the folder `{folder}` holds no file", hint="ls -t ~/ascend/log/debug/plog")
    logs: list[Log] = []
    left = MOST_BYTES
    for _, path in sorted(found, reverse=True)[:MOST_FILES]:
        if left <= 0:
            break
        try:
            content = _end(path, left)
        except OSError:
            continue
        left -= len(content)
        logs.append(_log(str(path), content))
    if not logs:
        raise UsageError("ASC2401", f"no file of the folder `{folder}` can be read", hint=f"ls -l {folder}")
    return tuple(logs)


def _end(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            file.seek(size - most)
        return file.read(most)


def _log(name: str, content: bytes) -> Log:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # PowerShell redirects in UTF-16
        content = content.decode("utf-16", errors="replace").encode()
    return Log(name, content)
