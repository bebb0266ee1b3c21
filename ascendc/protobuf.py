"""Protobuf's wire format: fields of a message in a mapped file, bounds checked, contents skipped."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Content = bytes | mmap.mmap
"""What is read: bytes, or a mapped file."""

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
"""Wire types."""


class TornError(ValueError):
    """The bytes are no protobuf message."""


class Field(NamedTuple):
    """One field of a message in the file."""

    number: int
    kind: int
    at: int
    """Where its key begins."""
    start: int
    """Where its content begins; for a varint, its value."""
    end: int
    """Where it ends."""


@contextmanager
def opened(path: Path) -> Iterator[Content]:
    """The bytes of a file, mapped; those of an empty one, which cannot be mapped.

    Raises:
        OSError: there is no such file, it is no regular file, or it cannot be read.
    """
    mode = path.stat().st_mode
    # Before it is opened: opening a pipe waits for its writer. Of a folder the system says itself what it is.
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            if file.read(1):
                raise OSError(errno.EINVAL, "it does not say its size, as files below /proc", str(path))
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


def message(number: int, content: bytes) -> bytes:
    """A field that holds a text, bytes or a message."""
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def number(field: int, value: int) -> bytes:
    """A field that holds a whole number, negative ones in 64 bits."""
    return varint(field << 3 | VARINT) + varint(value & (1 << 64) - 1)


def varint(value: int) -> bytes:
    """A number of 0 and above."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def fields(data: Content, at: int, end: int) -> Iterator[Field]:
    """The fields of a message between two offsets, in order."""
    while at < end:
        begin = at
        key, at = _read(data, at, end)
        number, kind = key >> 3, key & 7
        if not number:
            raise TornError(f"there is no field at byte {begin}")
        if kind == VARINT:
            value, at = _read(data, at, end)
            yield Field(number, kind, begin, value, at)
            continue
        if kind == BYTES:
            length, at = _read(data, at, end)
        elif kind in (EIGHT, FOUR):
            length = 8 if kind == EIGHT else 4
        else:
            raise TornError(f"there is no field at byte {begin}")
        if length > end - at:
            raise TornError(f"the field at byte {begin} should have {length} bytes, and {end - at} are left")
        yield Field(number, kind, begin, at, at + length)
        at += length


def _read(data: Content, at: int, end: int) -> tuple[int, int]:
    """A varint, and where it ends."""
    if at < end and data[at] < 0x80:  # most have one byte
        return data[at], at + 1
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise TornError(f"it ends within the number at byte {at}")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
    raise TornError(f"the number at byte {at - 10} has no end")
