"""What this process may use: memory and cores, the machine's, or a control group's if that is less; and in turn."""

from __future__ import annotations

import ast
import ctypes
import functools
import math
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h."""

_UNLIMITED = 1 << 60
"""Control groups of version 1 say "no limit" by a number near 2**63."""


@dataclass(frozen=True)
class Memory:
    """Bytes."""

    total: int
    available: int
    limited: bool
    """Whether a control group, rather than the machine, sets these figures."""


def memory(root: Path = Path("/")) -> Memory | None:
    """What there is, or None where the system does not say (only Linux does).

    Args:
        root: where ``/proc`` and ``/sys`` are.
    """
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if rest}
    best = Memory(kib["MemTotal"] << 10, kib.get("MemAvailable", kib["MemFree"]) << 10, False)
    for group in _groups(root):
        limit = _number(group, "memory.max", "memory.limit_in_bytes")
        if limit is None or limit >= _UNLIMITED:
            continue
        used = _number(group, "memory.current", "memory.usage_in_bytes") or 0
        # The file cache counts as used, but is given back on demand.
        available = max(0, min(limit, limit - used + _inactive_file(group)))
        if available < best.available or limit < best.total:
            best = Memory(min(limit, best.total), min(available, best.available), True)
    return best


def cores(root: Path = Path("/")) -> int:
    """How many processors there are for this process, at least one.

    Args:
        root: where ``/proc`` and ``/sys`` are.
    """
    # Only Linux knows affinities.
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for group in _groups(root, "cpu"):
        quota, period = _number(group, "cpu.cfs_quota_us"), _number(group, "cpu.cfs_period_us")
        with suppress(OSError, ValueError):  # version 1, or the word "max"
            quota, period = map(int, (group / "cpu.max").read_text().split())
        if quota is not None and quota > 0 and period:
            known = min(known, math.ceil(quota / period))
    return max(1, known)


def trim_heap() -> bool:
    """Give freed memory back to the system; False where the C library cannot.

    glibc keeps freed blocks of up to 32 MiB: after tracing a large tower, a gigabyte of them. (To have it keep none,
    M_MMAP_THRESHOLD, doubles the time of such a trace: every activation would be mapped and cleared anew.)
    """
    libc = ctypes.CDLL(None)
    return hasattr(libc, "malloc_trim") and bool(libc.malloc_trim(0))


def map_blocks(size: int) -> bool:
    """Have each block of memory of `size` bytes and more mapped by itself; False where the C library cannot.

    Freed ones go back at once, and leave no holes in the heap. It holds for the whole process, until it ends.
    """
    libc = ctypes.CDLL(None)
    return hasattr(libc, "mallopt") and bool(libc.mallopt(_M_MMAP_THRESHOLD, size))


def _groups(root: Path, controller: str = "memory") -> Iterator[Path]:
    """Folders of this process's groups, and of those above them, versions 2 and 1."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top = root / "sys/fs/cgroup"
        elif controller in controllers.split(","):
            top = root / "sys/fs/cgroup" / controller
        else:
            continue
        folder = top / path.lstrip("/")
        while folder != top and top in folder.parents:
            yield folder
            folder = folder.parent
        yield top


def _number(folder: Path, *names: str) -> int | None:
    for name in names:
        try:
            return int((folder / name).read_text())
        except (OSError, ValueError):  # absent, or the word "max"
            continue
    return None


def _inactive_file(folder: Path) -> int:
    try:
        lines = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("inactive_file ", "total_inactive_file ")))


def parse_in_turn() -> None:
    """Let one thread at a time make a syntax tree, for the rest of this process.

    CPython keeps the depth of a tree under construction by interpreter, not by thread (seen in 3.11.7): two threads
    that meet there end in "SystemError: AST constructor recursion depth mismatch". numpy parses the head of every array
    file, transformers and onnxscript parse while they are imported, and steps do all of that side by side.
    """
    if getattr(ast.parse, "__wrapped__", None) is not None:
        return
    parse, lock = ast.parse, threading.RLock()

    @functools.wraps(parse)
    def in_turn(*arguments: Any, **named: Any) -> Any:
        with lock:
            return parse(*arguments, **named)

    ast.parse = in_turn
