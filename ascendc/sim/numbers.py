"""The numbers that OMs and AscendCL have for types and formats, by their names."""

from __future__ import annotations

from ascendc.cann.om.types import ACL_DTYPES, FORMATS, PROTO_DTYPES

DTYPES = {name: code for code, name in ACL_DTYPES.items()}
"""``aclDataType``."""
PROTO = {name: code for code, name in PROTO_DTYPES.items()}
"""Types in a model definition."""
LAYOUTS = {name: code for code, name in FORMATS.items()}
"""``aclFormat``."""
