"""A look-alike of pyACL over the simulated device. Its folder is on no path until ``ascendc sim env`` puts it there."""

from typing import Any

from ascendc.sim.device.codes import REPEAT_INITIALIZE, SUCCESS
from ascendc.sim.device.tensors import Buffer
from ascendc.sim.session import call, end, machine, plain, recent, start

from . import mdl, media, rt, util
from .tensor import (
    create_tensor_desc,
    destroy_tensor_desc,
    get_tensor_desc_dim,
    get_tensor_desc_dim_v2,
    get_tensor_desc_element_count,
    get_tensor_desc_format,
    get_tensor_desc_num_dims,
    get_tensor_desc_size,
    get_tensor_desc_type,
)

__all__ = [
    "create_tensor_desc",
    "destroy_tensor_desc",
    "get_tensor_desc_dim",
    "get_tensor_desc_dim_v2",
    "get_tensor_desc_element_count",
    "get_tensor_desc_format",
    "get_tensor_desc_num_dims",
    "get_tensor_desc_size",
    "get_tensor_desc_type",
    "mdl",
    "media",
    "rt",
    "util",
]

SIMULATED = True


def init(config_path: Any = None) -> int:
    """``aclInit``; the configuration is not read."""
    del config_path
    return SUCCESS if start() else REPEAT_INITIALIZE


def finalize() -> int:
    """``aclFinalize``; raises where something is still live."""
    return end()


@plain("")
def get_soc_name() -> str:
    """``aclrtGetSocName``."""
    return machine().settings.soc


def get_recent_err_msg() -> str:
    """``aclGetRecentErrMsg``."""
    return recent()


def app_log(level: int, message: str, *more: Any) -> None:
    """``aclAppLog``: nothing is logged."""
    del level, message, more


@plain(0)
def create_data_buffer(address: int, size: int) -> int:
    """``aclCreateDataBuffer``."""
    return machine().buffers.add(Buffer(address, size))


@call()
def destroy_data_buffer(buffer: int) -> None:
    """``aclDestroyDataBuffer``; the memory stays."""
    machine().buffers.remove(buffer)


@plain(0)
def get_data_buffer_addr(buffer: int) -> int:
    """``aclGetDataBufferAddr``."""
    return machine().buffers.get(buffer).address


@plain(0)
def get_data_buffer_size(buffer: int) -> int:
    """``aclGetDataBufferSize``: 32 bits in C."""
    return machine().buffers.get(buffer).size & 0xFFFFFFFF


@plain(0)
def get_data_buffer_size_v2(buffer: int) -> int:
    """``aclGetDataBufferSizeV2``."""
    return machine().buffers.get(buffer).size


@call()
def update_data_buffer(buffer: int, address: int, size: int) -> None:
    """``aclUpdateDataBuffer``."""
    machine().buffers.replace(buffer, Buffer(address, size))
