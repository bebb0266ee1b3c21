"""Addresses of bytes."""

import ctypes
from typing import Any

from ascendc.sim.session import plain


@plain("O")
def bytes_to_ptr(content: Any) -> int:
    """The address of the object's own bytes: programs copy into it.

    Raises:
        ValueError: it is no `bytes`.
    """
    if not isinstance(content, bytes):
        raise ValueError("needs an byte as argument")  # noqa: TRY004  # as the binding does
    return ctypes.cast(ctypes.c_char_p(content), ctypes.c_void_p).value or 0


@plain("kk")
def ptr_to_bytes(address: int, size: int) -> bytes:
    """A copy of the bytes at an address."""
    return ctypes.string_at(address, size)
