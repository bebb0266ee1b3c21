"""Tensor descriptions and types of elements, which ``acl`` itself offers."""

import struct
from typing import Any

from ascendc.cann.om.types import ACL_DTYPES, BITS
from ascendc.sim.device.codes import INVALID_PARAM, AclError
from ascendc.sim.device.objects import TensorDesc
from ascendc.sim.session import call, machine, plain


def data_type_size(dtype: int) -> int:
    """``aclDataTypeSize``: bytes; 0 for a type that has no whole number of them, or is none."""
    return BITS.get(ACL_DTYPES.get(dtype, ""), 0) // 8


def float16_to_float(bits: int) -> float:
    """``aclFloat16ToFloat``."""
    return float(struct.unpack("<e", struct.pack("<H", bits))[0])


def float_to_float16(value: float) -> int:
    """``aclFloatToFloat16``: the bits."""
    return int(struct.unpack("<H", struct.pack("<e", value))[0])


@plain(0)
def create_tensor_desc(dtype: int, shape: Any, format: int) -> int:
    """``aclCreateTensorDesc``."""
    return machine().tensors.add(TensorDesc(dtype, tuple(int(size) for size in shape), format))


@plain(None)
def destroy_tensor_desc(desc: int) -> None:
    """``aclDestroyTensorDesc``: of one that the program made; those of datasets go with them."""
    if any(desc in dataset.descs.values() for dataset in machine().datasets.live):
        raise AclError(INVALID_PARAM, f"the tensor description {desc} belongs to a dataset")
    machine().tensors.remove(desc)


@plain(-1)
def get_tensor_desc_type(desc: int) -> int:
    """``aclGetTensorDescType``."""
    return machine().tensors.get(desc).dtype


@plain(-1)
def get_tensor_desc_format(desc: int) -> int:
    """``aclGetTensorDescFormat``."""
    return machine().tensors.get(desc).format


@plain(0)
def get_tensor_desc_size(desc: int) -> int:
    """``aclGetTensorDescSize``: bytes; 0 where an axis is open."""
    return machine().tensors.get(desc).size


@plain(0)
def get_tensor_desc_element_count(desc: int) -> int:
    """``aclGetTensorDescElementCount``."""
    return machine().tensors.get(desc).elements


@plain(0)
def get_tensor_desc_num_dims(desc: int) -> int:
    """``aclGetTensorDescNumDims``."""
    return len(machine().tensors.get(desc).shape)


@plain(-1)
def get_tensor_desc_dim(desc: int, axis: int) -> int:
    """``aclGetTensorDescDim``, which has no return code."""
    return _axis(desc, axis)


@call(0)
def get_tensor_desc_dim_v2(desc: int, axis: int) -> int:
    """``aclGetTensorDescDimV2``."""
    return _axis(desc, axis)


def _axis(desc: int, axis: int) -> int:
    shape = machine().tensors.get(desc).shape
    if not 0 <= axis < len(shape):
        raise AclError(INVALID_PARAM, f"axis {axis} is not below {len(shape)}")
    return shape[axis]
