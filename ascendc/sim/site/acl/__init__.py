"""A look-alike of pyACL over the simulated device. Its folder is on no path until ``ascendc sim env`` puts it there."""

try:
    from . import mdl, media, rt, util
except ModuleNotFoundError as error:
    from ._lacking import lacking

    raise lacking() from error
from ._buffer import (
    create_data_buffer,
    destroy_data_buffer,
    get_data_buffer_addr,
    get_data_buffer_size,
    get_data_buffer_size_v2,
    update_data_buffer,
)
from ._missing import blas, fv, himpi, op, prof
from ._process import app_log, finalize, get_recent_err_msg, get_soc_name, get_version, init
from ._tensor import (
    create_tensor_desc,
    data_type_size,
    destroy_tensor_desc,
    float16_to_float,
    float_to_float16,
    get_tensor_desc_dim,
    get_tensor_desc_dim_v2,
    get_tensor_desc_element_count,
    get_tensor_desc_format,
    get_tensor_desc_num_dims,
    get_tensor_desc_size,
    get_tensor_desc_type,
    set_tensor_const,
)

__all__ = [
    "app_log",
    "blas",
    "create_data_buffer",
    "create_tensor_desc",
    "data_type_size",
    "destroy_data_buffer",
    "destroy_tensor_desc",
    "finalize",
    "float16_to_float",
    "float_to_float16",
    "fv",
    "get_data_buffer_addr",
    "get_data_buffer_size",
    "get_data_buffer_size_v2",
    "get_recent_err_msg",
    "get_soc_name",
    "get_tensor_desc_dim",
    "get_tensor_desc_dim_v2",
    "get_tensor_desc_element_count",
    "get_tensor_desc_format",
    "get_tensor_desc_num_dims",
    "get_tensor_desc_size",
    "get_tensor_desc_type",
    "get_version",
    "himpi",
    "init",
    "mdl",
    "media",
    "op",
    "prof",
    "rt",
    "set_tensor_const",
    "update_data_buffer",
    "util",
]

SIMULATED = True
