"""Graphs written as text, their nodes named after what they make, and samples."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from ascendc.precision.forecast import forecast
from ascendc.precision.forecaster import Forecaster


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def graph():
    """A model from ONNX text; initializers by name. A node that makes `y` is called ``y``."""

    def make(text, *, opset=13, **initializers):
        proto = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": {opset}]> {text}')
        for node in proto.graph.node:
            node.name = node.name or node.output[0]
        tensors = [onnx.numpy_helper.from_array(np.asarray(data), name) for name, data in initializers.items()]
        proto.graph.initializer.extend(tensors)
        onnx.checker.check_model(proto)
        return ir.from_proto(proto)

    return make


@pytest.fixture
def x(rng):
    """Six samples of eight numbers."""
    return {"x": rng.normal(size=(6, 8)).astype(np.float32)}


@pytest.fixture
def w(rng):
    return rng.normal(size=(8, 8)).astype(np.float32)


@pytest.fixture
def foretell():
    """Forecast a model under ``force_fp16``."""

    def run(model, samples, bound="fused", overflow="inf", mode="force_fp16", limit=3e-2):
        return forecast(Forecaster(model, samples, bound, overflow), mode, limit)

    return run


LAYER_NORM = """
g (float[n,8] x) => (float[n,8] y) {
  a = MatMul(x, w)
  b = Mul(a, k)
  m = ReduceMean <axes = [-1]> (b)
  c = Sub(b, m)
  c2 = Pow(c, two)
  v = ReduceMean <axes = [-1]> (c2)
  ve = Add(v, eps)
  sd = Sqrt(ve)
  h = Div(c, sd)
  hg = Mul(h, gamma)
  l = Add(hg, beta)
  y = MatMul(l, w)
}"""


@pytest.fixture
def layer_norm(graph, w):
    """A LayerNorm of numbers around `scale`, between two products."""

    def make(scale=1.0, eps=1e-5, text=LAYER_NORM):
        one = {"k": scale, "two": 2, "eps": eps}
        scalars = {name: np.float32(value) for name, value in one.items()}
        given = {**scalars, "w": w, "gamma": np.ones(8, np.float32), "beta": np.zeros(8, np.float32)}
        return graph(text, **{name: value for name, value in given.items() if name in text})

    make.text = LAYER_NORM
    return make
