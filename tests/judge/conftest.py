"""Small ONNX files and samples."""

import numpy as np
import onnx
import pytest


@pytest.fixture
def write(tmp_path):
    """Write an ONNX file; keyword arguments are its initializers."""

    def write(name, text, **weights):
        proto = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13]> {text}')
        for node in proto.graph.node:
            node.name = f"/{node.output[0]}"
        for key, value in weights.items():
            proto.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(value), key))
        path = tmp_path / name
        onnx.save(proto, path)
        return path

    return write


@pytest.fixture
def samples(tmp_path):
    """Write inputs by name as an ``.npz``."""

    def write(name="samples.npz", **arrays):
        np.savez(tmp_path / name, **arrays)
        return tmp_path / name

    return write


@pytest.fixture
def x():
    """Eight samples of six numbers, nearly alike: a common part is twenty times as large as what differs."""
    rng = np.random.default_rng(0)
    return (20 * rng.standard_normal(6) + rng.standard_normal((8, 6))).astype(np.float32)
