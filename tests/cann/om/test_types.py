from __future__ import annotations

import numpy as np

from ascendc.cann.om.types import ACL_DTYPES, BITS, PROTO_DTYPES, SERIAL_DTYPES
from ascendc.runtime.om_interface import DTYPES


def test_board_and_host_call_the_types_of_acl_alike():
    """The table stands twice: the runtime travels without the host's modules, and these import no runtime."""
    numpys = {code: name for code, name in ACL_DTYPES.items() if hasattr(np, name) and np.dtype(name).kind in "fiub"}
    assert numpys == DTYPES


def test_every_numeric_type_has_a_width():
    assert {*ACL_DTYPES.values(), *PROTO_DTYPES.values()} - BITS.keys() == {"string"}
    assert all(np.dtype(name).itemsize * 8 == BITS[name] for name in DTYPES.values())


def test_the_names_of_an_om2():
    expected = {"DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_BFLOAT16": "bfloat16", "DT_INT32": "int32"}
    assert SERIAL_DTYPES.items() >= expected.items()
    assert "DT_FLOAT32" not in SERIAL_DTYPES
    assert set(SERIAL_DTYPES.values()) == set(PROTO_DTYPES.values())
