"""Small models of several kinds of input."""

import numpy as np
import pytest

from ascendc.runtime import open_session


@pytest.fixture(scope="session")
def half(device_half):
    """The device half."""
    return device_half("onnx")


@pytest.fixture
def assets(tmp_path):
    folder = tmp_path / "assets"
    folder.mkdir()
    return folder


@pytest.fixture
def write_model(tmp_path):
    """Write an ONNX file: nodes, inputs and outputs as (name, numpy dtype, shape)."""
    onnx = pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    def write(nodes, inputs, outputs, **weights):
        def value(name, dtype, shape):
            return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)

        values = [[value(*tensor) for tensor in tensors] for tensors in (inputs, outputs)]
        nodes = [helper.make_node(op, ins.split(), outs.split(), **options) for op, ins, outs, options in nodes]
        constants = [numpy_helper.from_array(array, name) for name, array in weights.items()]
        graph = helper.make_graph(nodes, "test", *values, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
        onnx.checker.check_model(model)
        path = tmp_path / "model.onnx"
        onnx.save(model, str(path))
        return path

    return write


@pytest.fixture
def serve(half, assets):
    """Open a service over a model; closes the session afterwards."""
    opened = []

    def serve(path):
        opened.append(open_session(path, "cpu"))
        return half.open_service({"model": opened[-1]}, assets)

    yield serve
    for session in opened:
        session.close()
