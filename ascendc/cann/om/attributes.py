"""Attributes as the model definition keeps them, plain or with enumerated keys.

Since CANN 8.0 the keys of operators' and tensors' attributes may be numbers into a list that the model holds, and so
may their values. Field numbers and coding: ``ge_ir.proto`` and ``attr`` readers of the graph engine (August 2026).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Union

from ascendc.protobuf import BYTES, FOUR, VARINT, Content, Field, TornError, fields

Scalar = str | int | float | bool
Value = Union[Scalar, tuple[Scalar, ...], "Attributes"]
"""Text, number, truth, a list of one of them, or named attributes; anything else (tensors, graphs) is passed over."""

MOST = 1 << 16
"""Attributes that one thing may have; models of CANN 8.0 have a hundred."""

MOST_BYTES = 4 << 20
"""Bytes of one text or list, and of all texts, lists and settings that one thing has; models of CANN 8.0 have some ten
thousand. As Python's objects they take twenty times as much, and a file of holes could hold gigabytes on no disk."""

_LEVELS = 8
"""Levels of attributes within attributes; AIPP's settings need two."""


@dataclass(frozen=True)
class Attributes:
    """Attributes by name."""

    values: Mapping[str, Value]

    def text(self, name: str) -> str | None:
        """A text; None if there is none, or it is empty."""
        value = self.values.get(name)
        return value if isinstance(value, str) and value else None

    def number(self, name: str) -> int | None:
        """A whole number."""
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty if there is none."""
        value = self.values.get(name)
        return tuple(one for one in value if isinstance(one, str)) if isinstance(value, tuple) else ()

    def numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers; empty if there is none."""
        value = self.values.get(name)
        return tuple(one for one in value if isinstance(one, int)) if isinstance(value, tuple) else ()


@dataclass(frozen=True)
class Names:
    """How a model's enumerated keys and values are read."""

    keys: Sequence[str] = ()
    values: Sequence[str] = ()
    texts: Sequence[bool] = ()
    """For each key, whether its values are numbers into `values`."""

    @classmethod
    def of(cls, model: Attributes) -> Names:
        """What the attributes of the model say; nothing if its keys are plain."""
        if model.number("om_compress_version") != 1:
            return cls()
        uses = model.values.get("attrs_use_string_value")
        texts = tuple(bool(one) for one in uses) if isinstance(uses, tuple) else ()
        return cls(model.texts("attr_name_enum"), model.texts("attr_value_enum"), texts)

    def decoded(self, key: str, value: Value) -> tuple[str, Value]:
        """A key and its value in full; what is in no list stays as it is."""
        if not key.startswith("\0") or len(key) > 9:
            return key, value
        # Digits of base 127, the least first, each kept as itself plus one so that none is NUL.
        index = sum((ord(digit) - 1) * 127**place for place, digit in enumerate(key[1:]))
        if not 0 <= index < len(self.keys):
            return key, value
        if index < len(self.texts) and self.texts[index]:
            value = self._text(value)
        return self.keys[index], value

    def _text(self, value: Value) -> Value:
        if isinstance(value, tuple):
            return tuple(self._scalar(one) for one in value)
        return value if isinstance(value, Attributes) else self._scalar(value)

    def _scalar(self, value: Scalar) -> Scalar:
        plain = isinstance(value, int) and not isinstance(value, bool)
        return self.values[int(value)] if plain and 0 <= int(value) < len(self.values) else value


PLAIN = Names()
"""Keys that are not enumerated."""


def read(data: Content, entries: Iterable[Field], names: Names = PLAIN, levels: int = _LEVELS) -> Attributes:
    """The attributes in the entries of a protobuf map, and as many levels of attributes within them.

    Raises:
        TornError: an entry is no message, or there are more or larger ones than any model has.
    """
    found: dict[str, Value] = {}
    held = 0
    for entry in entries:
        key = content = None
        for part in fields(data, entry.start, _end(entry)):
            if part.number == 1:
                key = part
            elif part.number == 2:
                content = part
        if key is None or content is None or content.kind != BYTES:
            continue
        value = _value(data, content, names, levels)
        if value is not None:
            held += 0 if value == () else entry.end - entry.start
            bounded(held, entry)
            name, value = names.decoded(text(data, key), value)
            found[name] = value
            if len(found) > MOST:
                raise TornError(f"there are more than {MOST} attributes at byte {entry.at}")
    return Attributes(found)


def _value(data: Content, field: Field, names: Names, levels: int) -> Value | None:
    """An AttrDef: list 1, s 2, i 3, f 4, b 5, func 10, list_list_int 14, dt 15."""
    for part in fields(data, field.start, field.end):
        if part.number == 1 and part.kind == BYTES:
            return _list(data, part)
        if part.number == 2:
            return text(data, part)
        if part.number in (3, 15) and part.kind == VARINT:
            return signed(part.start)
        if part.number == 4 and part.kind == FOUR:
            return float(struct.unpack("<f", data[part.start : part.end])[0])
        if part.number == 5 and part.kind == VARINT:
            return bool(part.start)
        if part.number == 10 and part.kind == BYTES and levels:
            inner = [one for one in fields(data, part.start, part.end) if one.number == 2]
            return read(data, inner, names, levels - 1)
    return None


def _list(data: Content, field: Field) -> tuple[Scalar, ...]:
    """A ListValue: s 2, i 3, f 4, b 5; numbers packed or one by one."""
    found: list[Scalar] = []
    held = 0
    for part in fields(data, field.start, field.end):
        if part.number in (2, 3, 4, 5):
            held += part.end - part.at
            bounded(held, field)
        if part.number == 2:
            found.append(text(data, part))
        elif part.number in (3, 5):
            numbers = [signed(part.start)] if part.kind == VARINT else packed(data, part)
            found += [bool(number) for number in numbers] if part.number == 5 else numbers
        elif part.number == 4 and part.kind in (FOUR, BYTES):
            count = (part.end - part.start) // 4
            found += struct.unpack(f"<{count}f", data[part.start : part.start + 4 * count])
    return tuple(found)


def packed(data: Content, field: Field) -> list[int]:
    """Numbers that lie one behind the other."""
    if field.kind != BYTES:
        raise TornError(f"the field at byte {field.at} is no list of numbers")
    bounded(field.end - field.start, field)
    numbers, value, shift = [], 0, 0
    for byte in data[field.start : field.end]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(signed(value))
            value = shift = 0
        elif shift > 63:
            raise TornError(f"the list of numbers at byte {field.start} has one without an end")
    return numbers


def signed(value: int) -> int:
    """A varint of 64 bits as the number with a sign that it stands for."""
    value &= (1 << 64) - 1
    return value if value < 1 << 63 else value - (1 << 64)


def bounded(size: int, field: Field) -> None:
    """Refuse what is larger than any model has it.

    Raises:
        TornError: `size`, of what is read up to this field, is over `MOST_BYTES`.
    """
    if size > MOST_BYTES:
        raise TornError(f"what is read at byte {field.at} has {size} bytes; allowed: {MOST_BYTES}")


def _end(field: Field) -> int:
    if field.kind != BYTES:
        raise TornError(f"the field at byte {field.at} is no message")
    return field.end


def text(data: Content, field: Field) -> str:
    """The text of a field.

    Raises:
        TornError: it holds none, or a longer one than any model has.
    """
    if field.kind != BYTES:
        raise TornError(f"the field at byte {field.at} is no text")
    bounded(field.end - field.start, field)
    return data[field.start : field.end].decode(errors="replace")
