"""Addresses of numpy's arrays, all of them deprecated; the binding says so in each call."""

import ctypes
import warnings
from typing import Any

import numpy as np

from ascendc.sim.session import plain

_DTYPES = {1: "int8", 2: "uint8", 3: "int16", 4: "uint16", 5: "int32", 6: "uint32", 7: "int64", 8: "uint64"}
_DTYPES.update({0: "bool", 9: "int64", 10: "uint64", 11: "float32", 12: "float64", 23: "float16"})

_CALLER = 4
"""Frames from a warning to the program: `_warn`, the function, and what reads its arguments lie between."""


@plain("O")
def numpy_to_ptr(array: Any) -> int:
    """The address of an array's first element, however the others lie.

    Raises:
        ValueError: it is no array.
    """
    _warn("acl.util.numpy_to_ptr will be deprecated. Please use acl.util.bytes_to_ptr instead.")
    _check(array)
    if not array.flags.c_contiguous:
        _warn("The input ndarray is discontiguous. Please use acl.util.bytes_to_ptr instead.")
    return int(array.ctypes.data)


@plain("O")
def numpy_contiguous_to_ptr(array: Any) -> "tuple[int, np.ndarray[Any, Any]]":
    """The same of a contiguous copy, or of the array itself.

    Raises:
        ValueError: it is no array.
    """
    _warn("acl.util.numpy_contiguous_to_ptr will be deprecated. Please use acl.util.bytes_to_ptr instead.")
    _check(array)
    array = np.ascontiguousarray(array)
    return int(array.ctypes.data), array


@plain("kOi")
def ptr_to_numpy(address: int, shape: Any, number: int) -> "np.ndarray[Any, Any]":
    """An array over the memory at an address; nothing is copied.

    Raises:
        TypeError: the shape has something else than integers.
        ValueError: the shape is no tuple, or the number is of no type.
    """
    _warn("acl.util.ptr_to_numpy will be deprecated. Please use acl.util.ptr_to_bytes instead.")
    if not isinstance(shape, tuple):
        raise ValueError("shape is empty")  # noqa: TRY004  # as the binding does
    if not all(isinstance(size, int) for size in shape):
        raise TypeError("the second argument is not list of int")
    if number not in _DTYPES:
        raise ValueError("Invalid data-type for array")
    dtype = np.dtype(_DTYPES[number])
    count = int(np.prod(shape))
    buffer = (ctypes.c_char * (count * dtype.itemsize)).from_address(address)
    array: np.ndarray[Any, Any] = np.frombuffer(memoryview(buffer), dtype).reshape(shape)
    return array


def _check(array: Any) -> None:
    if not isinstance(array, np.ndarray):
        raise ValueError("needs an ndarray as argument")  # noqa: TRY004  # as the binding does


def _warn(message: str) -> None:
    warnings.warn(message, Warning, stacklevel=_CALLER)
