"""Data buffers: addresses and sizes, which own no memory."""

from ascendc.sim.device.tensors import Buffer
from ascendc.sim.session import call, machine, plain


@plain("kk", 0)
def create_data_buffer(address: int, size: int) -> int:
    """``aclCreateDataBuffer``; both 0: AscendCL makes the memory when the model runs."""
    return machine().buffers.add(Buffer(address, size))


@call("k")
def destroy_data_buffer(buffer: int) -> None:
    """``aclDestroyDataBuffer``; the memory stays."""
    machine().buffers.remove(buffer)


@plain("k", 0)
def get_data_buffer_addr(buffer: int) -> int:
    """``aclGetDataBufferAddr``."""
    return machine().buffers.get(buffer).address


@plain("k", 0)
def get_data_buffer_size(buffer: int) -> int:
    """``aclGetDataBufferSize``: 32 bits in C."""
    return machine().buffers.get(buffer).size & 0xFFFFFFFF


@plain("k", 0)
def get_data_buffer_size_v2(buffer: int) -> int:
    """``aclGetDataBufferSizeV2``."""
    return machine().buffers.get(buffer).size


@call("kkk")
def update_data_buffer(buffer: int, address: int, size: int) -> None:
    """``aclUpdateDataBuffer``."""
    machine().buffers.replace(buffer, Buffer(address, size))
