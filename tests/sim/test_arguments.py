"""The letters of formats, held against what Python itself does with them."""

from __future__ import annotations

import ctypes
import enum
import sys

import numpy as np
import pytest

from ascendc.sim.arguments import integers, reader

C_TYPES = {
    "k": ctypes.c_ulong,
    "K": ctypes.c_ulonglong,
    "I": ctypes.c_uint,
    "i": ctypes.c_int,
    "h": ctypes.c_short,
    "H": ctypes.c_ushort,
    "b": ctypes.c_ubyte,
    "B": ctypes.c_ubyte,
    "f": ctypes.c_float,
    "s": ctypes.c_char_p,
}
VALUES = [
    *(
        sign * 2**bits + more
        for bits in (0, 7, 8, 15, 16, 31, 32, 63, 64, 70, 2000)
        for more in (-1, 0)
        for sign in (1, -1)
    ),
    *(True, None, 1.5, -2.0, 1e300, "text", "", "a\0b", "\ud800", b"bytes", [1], (1,)),
    *(np.int64(-3), np.uint8(200), np.float32(0.5), np.bool_(True), np.array(5), np.str_("text")),
    enum.IntEnum("Kind", {"ONE": 1}).ONE,
]


@pytest.mark.parametrize("letter", C_TYPES)
@pytest.mark.filterwarnings("ignore:In future, it will be an error for 'np.bool_' scalars:DeprecationWarning")
def test_every_value_is_taken_or_refused_as_python_does(letter):
    parse = ctypes.PyDLL(None).PyArg_ParseTuple
    parse.argtypes = (ctypes.py_object, ctypes.c_char_p, ctypes.POINTER(C_TYPES[letter]))
    read = reader("acl.f", letter)
    for value in VALUES:
        place = C_TYPES[letter]()
        try:
            assert parse((value,), letter.encode(), ctypes.byref(place))
        except (TypeError, ValueError, OverflowError):
            with pytest.raises(TypeError, match=r"^acl\.f args parse failed$"):
                read((value,))
            continue
        found = place.value.decode() if isinstance(place.value, bytes) else place.value
        assert (value, *read((value,))) == (value, found)


def test_counts():
    assert reader("acl.f", "")((1, "what is given is ignored")) == ()
    assert list(reader("acl.f", "I|s")((3,))) == [3]
    assert list(reader("acl.f", "I|s")((3, "x"))) == [3, "x"]
    for given in ((), (3, "x", 1), ("x",)):
        with pytest.raises(TypeError, match=r"^acl\.f args parse failed$"):
            reader("acl.f", "I|s")(given)
    thing = object()
    assert list(reader("acl.f", "O")((thing,))) == [thing]


def test_lists_are_lists_of_pythons_integers():
    assert integers([1, -1, True], "no list", "no integers") == [1, -1, 1]
    assert integers([], "no list", "no integers") == []
    for given, said in (((1, 2), "no list"), ([1.0], "no integers"), ([np.int64(1)], "no integers")):
        with pytest.raises(TypeError, match=f"^{said}$"):
            integers(given, "no list", "no integers")
    with pytest.raises(ValueError, match="PyLong_AsLongLong failed"):
        integers([sys.maxsize + 1], "no list", "no integers")
