"""Graphs written as text, run by onnxruntime before and after a pass."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest


@pytest.fixture
def graph():
    """A model from ONNX text: ``graph("agraph (float[n] x) => (float[n] y) { y = Abs(x) }", opset=13)``."""

    def make(text, *, opset=13, **initializers):
        model = ir.from_proto(onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": {opset}]> {text}'))
        for name, data in initializers.items():
            value = next(v for node in model.graph for v in node.inputs if v is not None and v.name == name)
            value.const_value = ir.tensor(data, name=name)
            value.shape, value.dtype = value.const_value.shape, value.const_value.dtype
            model.graph.register_initializer(value)
        return model

    return make


@pytest.fixture
def run():
    """Run a model with onnxruntime: its outputs, in order."""

    def outputs(model, **feeds):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # expected failures would be logged
        content = ir.to_proto(model).SerializeToString()
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        return session.run(None, feeds)

    return outputs


@pytest.fixture
def apply():
    """Run a pass, check that ONNX accepts the result and that the pass is honest about change; what it returned."""

    def rewrite(pass_, model):
        for node in model.graph:  # looking at a Constant names its tensor; that is no change
            ir.convenience.get_const_tensor(node.outputs[0])
        before = ir.to_proto(model).SerializeToString(deterministic=True)
        changed = pass_.rewrite(model)
        proto = ir.to_proto(model)
        onnx.checker.check_model(proto, full_check=True)
        after = ir.to_proto(model)
        for annotated in (proto, after):
            del annotated.graph.value_info[:]
        original = onnx.load_from_string(before)
        del original.graph.value_info[:]
        same = original.SerializeToString(deterministic=True) == after.SerializeToString(deterministic=True)
        assert same == (changed == 0), f"{pass_.NAME} says {changed}"
        return changed

    return rewrite


@pytest.fixture
def ops():
    """The operators of a model, in order."""
    return lambda model: [node.op_type for node in model.graph]


@pytest.fixture
def rng():
    return np.random.default_rng(0)
