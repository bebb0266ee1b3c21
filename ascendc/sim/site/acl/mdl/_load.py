"""Loading models."""

import ctypes
import tempfile
from pathlib import Path

from ascendc.sim.device.codes import GE_PARAM, INVALID_FILE, AclError
from ascendc.sim.session import call, machine

WORK = 1 << 20
"""Bytes that a simulated model says it works in."""


@call("s", 0)
def load_from_file(path: str) -> int:
    """``aclmdlLoadFromFile``."""
    return from_file(path)


@call("skkkk", 0)
def load_from_file_with_mem(path: str, work: int, work_size: int, weights: int, weights_size: int) -> int:
    """``aclmdlLoadFromFileWithMem``: into memory of the program, which must last as long as the model."""
    return from_file(path, work, work_size, weights, weights_size)


@call("kk", 0)
def load_from_mem(address: int, size: int) -> int:
    """``aclmdlLoadFromMem``: from memory of the host."""
    return from_memory(address, size)


@call("kkkkkk", 0)
def load_from_mem_with_mem(address: int, size: int, work: int, work_size: int, weights: int, weights_size: int) -> int:
    """``aclmdlLoadFromMemWithMem``."""
    return from_memory(address, size, work, work_size, weights, weights_size)


@call("I")
def unload(model: int) -> None:
    """``aclmdlUnload``."""
    machine().models.remove(model)


@call("s", 0, 0)
def query_size(path: str) -> "tuple[int, int]":
    """``aclmdlQuerySize``: bytes to work in, and of weights."""
    if not Path(path).is_file():
        raise AclError(INVALID_FILE, f"{path} does not exist")
    return WORK, Path(path).stat().st_size


@call("kk", 0, 0)
def query_size_from_mem(address: int, size: int) -> "tuple[int, int]":
    """``aclmdlQuerySizeFromMem``."""
    machine().memory.check(address, size, "the model")
    return WORK, size


def from_file(path: str, *rooms: int) -> int:
    """Load a file.

    Args:
        path: of the file.
        rooms: address and size of the memory to work in, and the same for weights; no address: AscendCL makes it.

    Raises:
        AclError: it cannot be loaded, or the memory is too small.
    """
    _check_rooms(Path(path).stat().st_size if Path(path).is_file() else 0, *rooms)
    return machine().load(Path(path))


def from_memory(address: int, size: int, *rooms: int) -> int:
    """Load what lies at an address; else as `from_file`."""
    _check_rooms(size, *rooms)
    machine().memory.check(address, size, "the model")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.om"
        path.write_bytes(ctypes.string_at(address, size))
        return machine().load(path)


def _check_rooms(size: int, work: int = 0, work_size: int = 0, weights: int = 0, weights_size: int = 0) -> None:
    for what, address, room, wants in (("work", work, work_size, WORK), ("weights", weights, weights_size, size)):
        if address:
            machine().memory.check(address, room, f"the memory for {what}")
        if address and room < wants:
            raise AclError(GE_PARAM, f"the memory for {what} has {room} bytes, and {wants} are needed: ask query_size")
