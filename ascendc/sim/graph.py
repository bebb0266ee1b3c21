"""The graph that a simulated OM carries: an ONNX file in one piece."""

from __future__ import annotations

from pathlib import Path

from ascendc.sim.device.codes import GE_LOAD, AclError

_MOST = (1 << 31) - 1
"""Bytes that one protobuf message may have."""


def read(path: Path) -> bytes:
    """The file, with what lies in files beside it put in.

    Raises:
        AclError: it is larger than a message may be.
    """
    content = path.read_bytes()
    if b"location" not in content:  # the key by which a tensor says that its data lies elsewhere
        return content
    import onnx

    model = onnx.load(path)
    if model.ByteSize() > _MOST:
        raise AclError(GE_LOAD, f"the simulator takes {_MOST >> 20} MB at most, and {path} has more")
    whole: bytes = model.SerializeToString()
    return whole
