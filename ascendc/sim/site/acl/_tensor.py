"""Tensor descriptions and types of elements, which ``acl`` itself offers."""

import struct
from typing import Any

from ascendc.cann.om.types import ACL_DTYPES, BITS
from ascendc.sim.arguments import integers
from ascendc.sim.device.codes import INVALID_PARAM, AclError
from ascendc.sim.device.objects import TensorDesc
from ascendc.sim.session import call, machine, plain


@plain("i")
def data_type_size(dtype: int) -> int:
    """``aclDataTypeSize``: bytes; 0 for a type that has no whole number of them, or is none."""
    return BITS.get(ACL_DTYPES.get(dtype, ""), 0) // 8


@plain("H")
def float16_to_float(bits: int) -> float:
    """``aclFloat16ToFloat``."""
    return float(struct.unpack("<e", struct.pack("<H", bits))[0])


@plain("f")
def float_to_float16(value: float) -> int:
    """``aclFloatToFloat16``: the bits."""
    return int(struct.unpack("<H", struct.pack("<e", value))[0])


@plain("iOi", 0)
def create_tensor_desc(dtype: int, shape: Any, format: int) -> int:
    """``aclCreateTensorDesc``; the shape is a list."""
    sizes = integers(shape, "argument 2 is not list", "invalid data type")
    return machine().tensors.add(TensorDesc(dtype, tuple(sizes), format))


@plain("k")
def destroy_tensor_desc(desc: int) -> None:
    """``aclDestroyTensorDesc``: of one that the program made; those of datasets go with them."""
    if any(desc in dataset.descs.values() for dataset in machine().datasets.live):
        raise AclError(INVALID_PARAM, f"the tensor description {desc} belongs to a dataset")
    machine().tensors.remove(desc)


@plain("k", -1)
def get_tensor_desc_type(desc: int) -> int:
    """``aclGetTensorDescType``."""
    return machine().tensors.get(desc).dtype


@plain("k", -1)
def get_tensor_desc_format(desc: int) -> int:
    """``aclGetTensorDescFormat``."""
    return machine().tensors.get(desc).format


@plain("k", 0)
def get_tensor_desc_size(desc: int) -> int:
    """``aclGetTensorDescSize``: bytes; 0 where an axis is open."""
    return machine().tensors.get(desc).size


@plain("k", 0)
def get_tensor_desc_element_count(desc: int) -> int:
    """``aclGetTensorDescElementCount``."""
    return machine().tensors.get(desc).elements


@plain("k", 0)
def get_tensor_desc_num_dims(desc: int) -> int:
    """``aclGetTensorDescNumDims``."""
    return len(machine().tensors.get(desc).shape)


@plain("kk", -1)
def get_tensor_desc_dim(desc: int, axis: int) -> int:
    """``aclGetTensorDescDim``, which has no return code."""
    return _axis(desc, axis)


@call("kk", 0)
def get_tensor_desc_dim_v2(desc: int, axis: int) -> int:
    """``aclGetTensorDescDimV2``."""
    return _axis(desc, axis)


@call("kkk")
def set_tensor_const(desc: int, address: int, size: int) -> None:
    """``aclSetTensorConst``: for single operators, of which there are none here; it is checked and forgotten."""
    machine().tensors.get(desc)
    if not address or not size:
        raise AclError(INVALID_PARAM, "a constant must have an address and a size")


def _axis(desc: int, axis: int) -> int:
    shape = machine().tensors.get(desc).shape
    if not 0 <= axis < len(shape):
        raise AclError(INVALID_PARAM, f"axis {axis} is not below {len(shape)}")
    return shape[axis]
