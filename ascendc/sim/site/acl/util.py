"""``acl.util``: addresses of Python's objects."""

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ascendc.sim.device.codes import INVALID_PARAM, SUCCESS

_DTYPES = {1: "int8", 2: "uint8", 3: "int16", 4: "uint16", 5: "int32", 6: "uint32", 7: "int64", 8: "uint64"}
_DTYPES.update({0: "bool", 9: "int64", 10: "uint64", 11: "float32", 12: "float64", 23: "float16"})

_threads: "dict[int, threading.Thread]" = {}


def start_thread(function: "Callable[[Any], Any]", arguments: "Sequence[Any]") -> "tuple[int, int]":
    """Call `function` with the whole list of arguments in a thread; returns its number and 0."""
    thread = threading.Thread(target=function, args=(arguments,), daemon=True)
    thread.start()
    number = thread.ident or 0
    _threads[number] = thread
    return number, SUCCESS


def stop_thread(number: int) -> int:
    """Wait until a thread has ended; the program must have told it to."""
    thread = _threads.pop(number, None)
    if thread is None:
        return INVALID_PARAM
    thread.join()
    return SUCCESS


def bytes_to_ptr(content: bytes) -> int:
    """The address of the object's own bytes: programs copy into it."""
    return ctypes.cast(ctypes.c_char_p(content), ctypes.c_void_p).value or 0


def ptr_to_bytes(address: int, size: int) -> bytes:
    """A copy of the bytes at an address."""
    return ctypes.string_at(address, size)


def numpy_to_ptr(array: "np.ndarray[Any, Any]") -> int:
    """The address of an array's data."""
    return int(array.ctypes.data)


def numpy_contiguous_to_ptr(array: "np.ndarray[Any, Any]") -> "tuple[int, np.ndarray[Any, Any]]":
    """The same of a contiguous copy, or of the array itself."""
    array = np.ascontiguousarray(array)
    return int(array.ctypes.data), array


def ptr_to_numpy(address: int, shape: Any, number: int) -> "np.ndarray[Any, Any]":
    """An array over the memory at an address; nothing is copied."""
    dtype = np.dtype(_DTYPES[number])
    count = int(np.prod(shape))
    buffer = (ctypes.c_char * (count * dtype.itemsize)).from_address(address)
    array: np.ndarray[Any, Any] = np.frombuffer(memoryview(buffer), dtype).reshape(tuple(shape))
    return array
