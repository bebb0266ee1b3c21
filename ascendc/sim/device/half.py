"""What ATC's default precision does to a graph, as far as a CPU can tell: its weights are rounded to float16."""

from __future__ import annotations


def halved(content: bytes) -> bytes:
    """The ONNX file with every float32 initializer rounded to float16, and kept in float32.

    What lies between is computed in float32: the simulated error is a lower bound of a device's.
    """
    import numpy as np
    import onnx
    from onnx import numpy_helper

    model = onnx.load_model_from_string(content)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            with np.errstate(over="ignore"):
                rounded = numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(rounded, tensor.name))
    rounded_bytes: bytes = model.SerializeToString()
    return rounded_bytes
