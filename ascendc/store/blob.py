"""A file of the store, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Blob:
    """A file that the store holds. Only `Store.put` makes one."""

    digest: str
    """sha256 of the content, 64 hex digits."""
    size: int
    """Bytes."""


def blobs_in(plain: Any) -> Iterator[Blob]:
    """Every blob inside a recorded result, which is plain JSON."""
    if isinstance(plain, dict):
        if plain.keys() == {"digest", "size"}:
            yield Blob(**plain)
        else:
            for item in plain.values():
                yield from blobs_in(item)
    elif isinstance(plain, list):
        for item in plain:
            yield from blobs_in(item)
