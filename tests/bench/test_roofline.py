from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ascendc.bench.roofline import roofline
from ascendc.cann.soc import table
from ascendc.estimate import estimate


@pytest.fixture
def product(tmp_path):
    made = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1000])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 500])],
        [numpy_helper.from_array(np.zeros((1000, 500), np.float32), "w")],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)]), tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


@pytest.mark.parametrize("chip", ["Ascend310P3", "310P3"])
@pytest.mark.parametrize(("precision", "floats"), [("fp16", "fp16"), ("mixed", "fp16"), ("origin", "fp32")])
def test_the_share_is_that_of_the_estimated_bound(product, chip, precision, floats):
    [bound] = estimate(product, table()["Ascend310P3"], [8], floats).bounds
    found = roofline(product, chip, precision, 8, 4 * bound.milliseconds)
    assert found is not None
    assert (found.origin, found.soc, found.bound_ms) == ("estimated", "Ascend310P3", bound.milliseconds)
    assert found.share == pytest.approx(0.25)


def test_an_unknown_chip_has_none(product):
    assert roofline(product, "Ascend910", "fp16", 8, 1.0) is None


def test_a_model_that_cannot_be_estimated_has_none(tmp_path):
    assert roofline(tmp_path / "none.onnx", "Ascend310P3", "fp16", 8, 1.0) is None
