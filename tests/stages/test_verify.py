from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper

from ascendc.device import DeviceHalf
from ascendc.errors import GateError, StageError
from ascendc.graph import save
from ascendc.model import Image, Part, Samples, Tensor
from ascendc.stages.golden import GoldenPart, keep
from ascendc.stages.verify import VerifySpec, verify

PICTURE = Image(4, 4, (0.5, 0.4, 0.3), (0.2, 0.25, 0.5))
PART = Part(
    "main", (Tensor("x", "float32", ("batch", 3, 4, 4), PICTURE),), (Tensor("y", "float32", ("batch", 3, 4, 4)),)
)

HALF = DeviceHalf("ascendc_plugins.onnx.device", "ascendc 0.1")


@pytest.fixture
def verify_double(workspace):
    """Verify a graph that should double its input; `by` is what it multiplies with, `batch` its batch axis."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 4, 4, 3), np.uint8)
    levels = (pixels.transpose(0, 3, 1, 2) / 255).astype(np.float32)
    mean, std = (np.reshape(np.float32(v), (1, 3, 1, 1)) for v in (PICTURE.mean, PICTURE.std))
    inputs = (levels - mean) / std

    def run(by=2.0, *, batch="batch", picture=PICTURE, op="Mul", threshold=2e-4, half=HALF):
        graph = helper.make_graph(
            [helper.make_node(op, ["x", "by"], ["y"])],
            "double",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, 4, 4])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 3, 4, 4])],
            [helper.make_tensor("by", TensorProto.FLOAT, [], [by])],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
        assets = workspace.folder / "assets"
        assets.mkdir()
        (assets / "preprocess.json").write_text(picture.to_json("x"))
        golden = GoldenPart("main", keep({"x": inputs}, workspace), keep({"y": inputs * 2}, workspace))
        spec = VerifySpec(PART, half, threshold, 12, 0)
        return verify(spec, save(ir.from_proto(model), workspace), golden, assets, Samples(tuple(pixels)), workspace)

    return run


def test_a_right_graph_passes_with_its_figures(verify_double):
    verified = verify_double()
    assert verified.part == "main"
    assert verified.worst.output == "y"
    assert verified.worst.relative < 1e-6
    assert verified.worst.cosine == pytest.approx(1)


def test_a_graph_of_one_batch_size_is_run_at_that_size(verify_double):
    assert verify_double(batch=4).worst.relative < 1e-6


def test_half_a_percent_too_much_is_refused(verify_double):
    with pytest.raises(GateError) as caught:
        verify_double(2.01)
    assert caught.value.id == "ASC1606"
    assert caught.value.message.startswith("part `main`: output `y` is 0.00")
    assert (
        "of the median distance between samples away from the reference; allowed: 0.0002 (max abs "
        in caught.value.message
    )


def test_nan_is_refused(verify_double):
    with pytest.raises(GateError, match="output `y`: the candidate holds 576 of 576 values that are not finite"):
        verify_double(float("nan"))


def test_a_device_half_that_prepares_otherwise_is_refused(verify_double):
    with pytest.raises(GateError) as caught:
        verify_double(picture=Image(4, 4, (0.5, 0.4, 0.31), (0.2, 0.25, 0.5)))
    assert caught.value.message == (
        "part `main`: `ascendc_plugins.onnx.device` prepares input `x` up to 0.02 away from the reference "
        "preprocessing; allowed: 1e-05"
    )


def test_another_size_is_refused(verify_double):
    with pytest.raises(GateError) as caught:
        verify_double(picture=Image(8, 8, PICTURE.mean, PICTURE.std))
    assert caught.value.message == (
        "part `main`: `ascendc_plugins.onnx.device` prepares float32 (12, 3, 8, 8) for input `x`; "
        "the reference is float32 (12, 3, 4, 4)"
    )


def test_a_graph_that_cannot_run(verify_double):
    with pytest.raises(StageError, match=r"part `main`: onnxruntime cannot run the fixed graph: .*NoSuchOperator"):
        verify_double(op="NoSuchOperator")
