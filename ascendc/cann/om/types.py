"""What OM files and pyACL call types and layouts of tensors."""

from __future__ import annotations

RANK = 128
"""Axes that AscendCL can tell (``ACL_MAX_DIM_CNT``); a shape with more is not believed."""

ACL_DTYPES = {
    0: "float32",
    1: "float16",
    2: "int8",
    3: "int32",
    4: "uint8",
    6: "int16",
    7: "uint16",
    8: "uint32",
    9: "int64",
    10: "uint64",
    11: "float64",
    12: "bool",
    13: "string",
    16: "complex64",
    17: "complex128",
    27: "bfloat16",
    29: "int4",
    30: "uint1",
    33: "complex32",
}
"""aclDataType (CANN 8.1), which the list of inputs and outputs uses; numpy's names where numpy has the type."""

PROTO_DTYPES = {
    1: "float32",
    2: "float16",
    3: "int8",
    4: "uint8",
    5: "int16",
    6: "uint16",
    7: "int32",
    8: "int64",
    9: "uint32",
    10: "uint64",
    11: "bool",
    12: "float64",
    13: "string",
    16: "complex64",
    17: "complex128",
    27: "bfloat16",
    28: "int4",
    29: "uint1",
    32: "complex32",
}
"""The numbers of the model definition, which are others."""

SERIAL_DTYPES = {
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    **{
        f"DT_{name.upper()}": name
        for name in PROTO_DTYPES.values()
        if name not in ("float32", "float64")  # which the graph engine calls otherwise
    },
}
"""The names that an OM2 has for them."""

FORMATS = {
    0: "NCHW",
    1: "NHWC",
    2: "ND",
    3: "NC1HWC0",
    4: "FRACTAL_Z",
    14: "CHWN",
    16: "HWCN",
    27: "NDHWC",
    29: "FRACTAL_NZ",
    30: "NCDHW",
    31: "DHWCN",
    32: "NDC1HWC0",
    33: "FRACTAL_Z_3D",
    35: "NC",
    47: "NCL",
}
"""aclFormat (CANN 8.1), and of the graph engine's what an input or output may have."""

BITS = {
    "uint1": 1,
    "int4": 4,
    **dict.fromkeys(("int8", "uint8", "bool"), 8),
    **dict.fromkeys(("int16", "uint16", "float16", "bfloat16"), 16),
    **dict.fromkeys(("int32", "uint32", "float32", "complex32"), 32),
    **dict.fromkeys(("int64", "uint64", "float64", "complex64"), 64),
    "complex128": 128,
}
"""Bits of an element."""
