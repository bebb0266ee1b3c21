"""A file of the store, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Blob:
    """A file that the store holds. Only `Store.put` makes one."""

    digest: str
    """sha256 of the content, 64 hex digits."""
    size: int
    """Bytes."""
