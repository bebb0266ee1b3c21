"""Removing from the store what is old, too much, or needed by nothing."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ascendc.store import Blob, Entry, Store


@dataclass(frozen=True)
class Cleaned:
    """What was removed, or would be."""

    entries: int
    """Recorded results."""
    objects: int
    """Files that no entry needs any more."""
    leftovers: int
    """Scratch of killed builds, torn entries, stale records, locks, damaged objects."""
    freed: int
    """Bytes that the disk has again."""
    shared: int
    """Bytes of removed objects that are linked from elsewhere: freed when those links go."""
    kept_entries: int
    kept: int
    """Bytes that the store still holds, in entries and objects."""


def clean(
    store: Store,
    *,
    older_than: float | None = None,
    max_size: int | None = None,
    verify: bool = False,
    dry_run: bool = False,
) -> Cleaned:
    """Remove entries that were not used for long or are too much, then all that no entry needs.

    Entries go before objects: killed in between, nothing speaks of a file that is gone.

    Args:
        store: the store; nobody else may have it open.
        older_than: seconds since an entry was last used.
        max_size: bytes; the least recently used entries go until the rest fits.
        verify: hash every object, and remove the damaged ones with the entries that need them.
        dry_run: only say what would be removed.

    Raises:
        EnvironmentLacksError: another process has the store open (ASC1904), or it is read-only (ASC1903).
    """
    with store.alone():
        damaged = {damage.path for damage in store.check()} if verify else set()
        since = time.time() - older_than if older_than is not None else 0.0
        kept: list[Entry] = []
        doomed: list[Entry] = []
        for entry in sorted(store.entries(), key=lambda entry: entry.used):
            spoilt = any(store.place(blob) in damaged for blob in entry.blobs)
            (doomed if spoilt or entry.used < since else kept).append(entry)
        if max_size is not None:
            kept, surplus = _fit(kept, max_size)
            doomed += surplus
        needed = {store.place(blob) for entry in kept for blob in entry.blobs}
        unneeded = [path for path in store.objects() if path not in needed]
        leftovers = store.leftovers()
        shared = [path for path in unneeded if path.stat().st_nlink > 1]
        gone = [*(entry.path for entry in doomed), *leftovers, *unneeded]
        cleaned = Cleaned(
            entries=len(doomed),
            objects=len(unneeded),
            leftovers=len(leftovers),
            freed=_bytes(set(gone) - set(shared)),
            shared=_bytes(shared),
            kept_entries=len(kept),
            kept=_bytes([*(entry.path for entry in kept), *needed]),
        )
        if not dry_run:
            store.remove(gone)
    return cleaned


def _fit(entries: list[Entry], limit: int) -> tuple[list[Entry], list[Entry]]:
    """Split entries, least recently used first, into those that fit and those that are too much."""
    users: Counter[Blob] = Counter(blob for entry in entries for blob in entry.blobs)
    total = sum(blob.size for blob in users) + _bytes(entry.path for entry in entries)
    surplus = 0
    for entry in entries:
        if total <= limit:
            break
        users.subtract(entry.blobs)
        total -= _bytes([entry.path]) + sum(blob.size for blob in entry.blobs if users[blob] == 0)
        surplus += 1
    return entries[surplus:], entries[:surplus]


def _bytes(paths: Iterable[Path]) -> int:
    """Of files, and of all files in folders."""
    total = 0
    for path in paths:
        files = (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else (path,)
        total += sum(file.lstat().st_size for file in files if file.exists())
    return total
