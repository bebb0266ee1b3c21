"""Loading models."""

import ctypes
import tempfile
from pathlib import Path

from ascendc.sim.device.codes import GE_PARAM, INVALID_FILE, AclError
from ascendc.sim.session import call, machine

WORK = 1 << 20
"""Bytes that a simulated model says it works in."""


@call(0)
def load_from_file(path: str) -> int:
    """``aclmdlLoadFromFile``."""
    return machine().load(Path(path))


@call(0)
def load_from_file_with_mem(path: str, work: int, work_size: int, weights: int, weights_size: int) -> int:
    """``aclmdlLoadFromFileWithMem``: into memory of the program, which must last as long as the model."""
    _check_room(Path(path).stat().st_size if Path(path).is_file() else 0, work, work_size, weights, weights_size)
    return machine().load(Path(path))


@call(0)
def load_from_mem(address: int, size: int) -> int:
    """``aclmdlLoadFromMem``: from memory of the host."""
    return _load(address, size)


@call(0)
def load_from_mem_with_mem(address: int, size: int, work: int, work_size: int, weights: int, weights_size: int) -> int:
    """``aclmdlLoadFromMemWithMem``."""
    _check_room(size, work, work_size, weights, weights_size)
    return _load(address, size)


@call()
def unload(model: int) -> None:
    """``aclmdlUnload``."""
    machine().models.remove(model)


@call(0, 0)
def query_size(path: str) -> "tuple[int, int]":
    """``aclmdlQuerySize``: bytes to work in, and of weights."""
    if not Path(path).is_file():
        raise AclError(INVALID_FILE, f"{path} does not exist")
    return WORK, Path(path).stat().st_size


@call(0, 0)
def query_size_from_mem(address: int, size: int) -> "tuple[int, int]":
    """``aclmdlQuerySizeFromMem``."""
    machine().memory.check(address, size, "the model")
    return WORK, size


def _load(address: int, size: int) -> int:
    machine().memory.check(address, size, "the model")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.om"
        path.write_bytes(ctypes.string_at(address, size))
        return machine().load(path)


def _check_room(size: int, work: int, work_size: int, weights: int, weights_size: int) -> None:
    for what, address, room, wants in (("work", work, work_size, WORK), ("weights", weights, weights_size, size)):
        if address:
            machine().memory.check(address, room, f"the memory for {what}")
        if address and room < wants:
            raise AclError(GE_PARAM, f"the memory for {what} has {room} bytes, and {wants} are needed: ask query_size")
