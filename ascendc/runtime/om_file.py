"""What an OM file says of itself, before AscendCL is asked: its chip, its compiler, whether it was simulated.

Python 3.7, standard library. Of the container that ``ascendc inspect`` reads in full, this reads the header, the first
table and the attributes of the model.
"""

import mmap
import struct
from typing import Dict, Iterator, NamedTuple, Tuple, Union

from .session import SessionError

HEADER = 256
_SECOND = 0x20000000
"""Version of the header since CANN 21: it counts in 64 bits where it says so."""
_FLOW = 3
_SIMULATED = "ascendc_simulated"
"""The attribute that the simulated ATC writes into its OMs."""

_Content = Union[bytes, mmap.mmap]


class OmFacts(NamedTuple):
    """Empty is what the file does not say."""

    soc: str = ""
    """The chip that it was compiled for; not said before CANN 5.0.4, nor by an OM2."""
    atc: str = ""
    """Version of the compiler's component: ``7.6.0.1.220`` of CANN 8.0."""
    simulated: bool = False


class _TornError(ValueError):
    """Bytes that end within what they began."""


def read_facts(path: str) -> OmFacts:
    """Read a file's facts.

    Raises:
        SessionError: it cannot be read, is no OM, or is cut short.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib's open is the same, and this is Python 3.7
            head = file.read(HEADER)
            if head[:4] == b"PK\x03\x04":
                return OmFacts()
            if head[:4] != b"IMOD" or len(head) < HEADER:
                raise SessionError("`{}` is no OM: it begins with {!r}".format(path, head[:4]))
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _facts(path, data)
    except OSError as error:
        raise SessionError("`{}` cannot be read: {}".format(path, error.strerror)) from error


def _facts(path: str, data: _Content) -> OmFacts:
    long_length = _numbers("<Q", data, 184)[0] if _numbers("<I", data, 8)[0] == _SECOND else 0
    length, encrypted, kind = long_length or _numbers("<I", data, 76)[0], data[80], data[82]
    if length > len(data) - HEADER:
        said = "its header says that {} bytes follow, and {} do".format(length, len(data) - HEADER)
        raise SessionError("`{}` is cut short: {}".format(path, said))
    try:
        attributes = {} if encrypted else _attributes(data, *_definition(data, long_length != 0 or kind == _FLOW))
    except _TornError:
        return OmFacts()  # AscendCL says what is wrong with it
    return OmFacts(attributes.get("soc_version", ""), attributes.get("atc_version", ""), _SIMULATED in attributes)


def _definition(data: _Content, wide: bool) -> Tuple[int, int]:
    """Where the first model's definition, partition 0, begins and ends."""
    head, entry = ("<I4x", "<I4xQQ") if wide else ("<I", "<III")
    (count,) = _numbers(head, data, HEADER)
    start, step = HEADER + struct.calcsize(head), struct.calcsize(entry)
    for index in range(count):
        number, offset, size = _numbers(entry, data, start + index * step)
        if number == 0:
            begin = start + count * step + offset
            if begin + size > len(data):
                break
            return begin, begin + size
    raise _TornError


def _attributes(data: _Content, at: int, end: int) -> Dict[str, str]:
    """The texts among a model's attributes: field 11, of a key 1 and a value 2 that holds a text as its field 2."""
    found = {}
    for number, start, stop in _fields(data, at, end):
        if number == 11:
            entry = {key: (begin, close) for key, begin, close in _fields(data, start, stop)}
            value = {key: (begin, close) for key, begin, close in _fields(data, *entry.get(2, (0, 0)))}
            if 1 in entry and 2 in value:
                found[_text(data, entry[1])] = _text(data, value[2])
    return found


def _text(data: _Content, place: Tuple[int, int]) -> str:
    return bytes(data[place[0] : place[1]]).decode("utf-8", "replace")


def _fields(data: _Content, at: int, end: int) -> Iterator[Tuple[int, int, int]]:
    """Protobuf's fields between two offsets: number, begin, end; contents are skipped, not read."""
    while at < end:
        key, at = _varint(data, at, end)
        kind = key & 7
        begin = at
        if kind == 0:
            _, at = _varint(data, at, end)
        elif kind == 2:
            length, begin = _varint(data, at, end)
            at = begin + length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise _TornError
        if at > end:
            raise _TornError
        yield key >> 3, begin, at


def _varint(data: _Content, at: int, end: int) -> Tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            break
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    raise _TornError


def _numbers(layout: str, data: _Content, at: int) -> Tuple[int, ...]:
    if at + struct.calcsize(layout) > len(data):
        raise _TornError
    return struct.unpack_from(layout, data, at)
