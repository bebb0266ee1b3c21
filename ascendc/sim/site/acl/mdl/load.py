"""Loading models."""

import ctypes
import os
import tempfile
from pathlib import Path

from ascendc.sim.session import call, machine


@call(0)
def load_from_file(path: str) -> int:
    """``aclmdlLoadFromFile``."""
    return machine().load(Path(path))


@call(0)
def load_from_mem(address: int, size: int) -> int:
    """``aclmdlLoadFromMem``."""
    handle, name = tempfile.mkstemp(suffix=".om")
    try:
        os.write(handle, ctypes.string_at(address, size))
        os.close(handle)
        return machine().load(Path(name))
    finally:
        Path(name).unlink()


@call()
def unload(model: int) -> None:
    """``aclmdlUnload``."""
    machine().models.remove(model)


@call(0, 0)
def query_size(path: str) -> "tuple[int, int]":
    """``aclmdlQuerySize``: bytes to work in, and of weights."""
    size = Path(path).stat().st_size
    return 1 << 20, size
