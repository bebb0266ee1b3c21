"""Arguments of pyACL's functions: which of Python's values they take, and what C gets of them.

pyACL hands a format of Python's C interface to ``PyArg_ParseTuple`` and answers whatever does not fit with a
`TypeError` of its own (CANN's binding, August 2026). This module reads the letters of those formats that it uses.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import partial
from operator import index
from typing import Any

ALL = 2**64 - 1
"""What C gets of -1 where it wants an index or a size."""

Convert = Callable[[Any], Any]
Read = Callable[[Sequence[Any]], Sequence[Any]]


def reader(function: str, formats: str) -> Read:
    """What reads the arguments of a function.

    Args:
        function: its full name: ``acl.mdl.execute``.
        formats: a letter for each argument; those behind ``|`` may be missing. Empty: whatever is given is ignored.

    Returns:
        A function from what was given to what C gets. It raises `TypeError` where the count or a value does not fit.
    """
    needed, _, more = formats.partition("|")
    letters = needed + more
    converters = [_CONVERTERS[letter] for letter in letters]
    limits = [_LIMITS.get(letter, (1, 0)) for letter in letters]
    least, most = len(needed), len(letters)

    def read(given: Sequence[Any]) -> Sequence[Any]:
        if least <= len(given) <= most:
            # Nearly every call: integers of Python's own, which C gets as they are.
            for value, (low, high) in zip(given, limits, strict=False):
                if type(value) is not int or not low <= value <= high:
                    break
            else:
                return given
            try:
                return [convert(value) for convert, value in zip(converters, given, strict=False)]
            except (TypeError, ValueError, OverflowError):
                pass
        raise TypeError(f"{function} args parse failed")

    return read if formats else lambda given: ()


def integers(given: Any, not_list: str, not_integers: str) -> list[int]:
    """A list of C's ``int64_t``: neither tuples nor numpy's integers are taken.

    Args:
        given: what should be a list.
        not_list: what is said if it is none.
        not_integers: what is said if an element is no integer.

    Raises:
        TypeError: one of these.
        ValueError: an element has more than 64 bits.
    """
    if not isinstance(given, list):
        raise TypeError(not_list)
    if not all(isinstance(size, int) for size in given):
        raise TypeError(not_integers)
    if not all(-(2**63) <= size < 2**63 for size in given):
        raise ValueError("PyLong_AsLongLong failed")
    return given


def _address(value: Any) -> int:
    """Handles, addresses, sizes and indices: of Python's own integers alone, cut to 64 bits."""
    if isinstance(value, int):
        return value & ALL
    raise TypeError


def _cut(value: Any, limits: tuple[int, int]) -> int:
    """Of whatever is an integer, numpy's too, as many bits as there are."""
    return index(value) & limits[1]


def _checked(value: Any, limits: tuple[int, int]) -> int:
    """Of whatever is an integer, numpy's too, if it lies within the limits."""
    number = index(value)
    if limits[0] <= number <= limits[1]:
        return number
    raise ValueError


def _text(value: Any) -> str:
    """What C can hold as text: no other type, and no null in it."""
    if isinstance(value, str) and b"\0" not in value.encode():
        return value
    raise TypeError


_LIMITS = {
    "k": (0, ALL),
    "K": (0, ALL),
    "B": (0, 2**8 - 1),
    "H": (0, 2**16 - 1),
    "I": (0, 2**32 - 1),
    "b": (0, 2**8 - 1),
    "h": (-(2**15), 2**15 - 1),
    "i": (-(2**31), 2**31 - 1),
}
"""What C's types hold."""

_CONVERTERS: dict[str, Convert] = {
    **dict.fromkeys("kK", _address),
    **{letter: partial(_cut, limits=_LIMITS[letter]) for letter in "BHI"},
    **{letter: partial(_checked, limits=_LIMITS[letter]) for letter in "bhi"},
    "f": lambda value: ctypes.c_float(value).value,
    "s": _text,
    "O": lambda value: value,
}
