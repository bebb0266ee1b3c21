"""``acl.util``: addresses of Python's objects, and threads."""

from ._arrays import numpy_contiguous_to_ptr, numpy_to_ptr, ptr_to_numpy
from ._bytes import bytes_to_ptr, ptr_to_bytes
from ._threads import start_thread, stop_thread

__all__ = [
    "bytes_to_ptr",
    "numpy_contiguous_to_ptr",
    "numpy_to_ptr",
    "ptr_to_bytes",
    "ptr_to_numpy",
    "start_thread",
    "stop_thread",
]
