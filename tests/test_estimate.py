"""ONNX files, built here, estimated."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ascendc.cann import soc
from ascendc.errors import UsageError
from ascendc.estimate import estimate

P3 = soc.table()["Ascend310P3"]
QUOTED = "the bandwidth of Ascend310P3 is a figure in circulation; its product page was not checked"


@pytest.fixture
def model(tmp_path):
    """Write a model: nodes, inputs as (name, type, shape), output shape, weights by name."""

    def write(nodes, inputs, weights=(), output=("y", TensorProto.FLOAT, None), opset=13, domains=()):
        graph = helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info(*each) for each in inputs],
            [helper.make_tensor_value_info(*output)],
            [numpy_helper.from_array(array, name) for name, array in dict(weights).items()],
        )
        imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
        path = tmp_path / "m.onnx"
        onnx.save(helper.make_model(graph, opset_imports=imports), path)
        return path

    return write


def linear(model, rows="batch"):
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="product")
    return model([node], [("x", TensorProto.FLOAT, [rows, 1000])], {"w": np.zeros((1000, 500), np.float32)})


def test_a_symbolic_batch_is_estimated_at_1_and_8(model):
    found = estimate(linear(model), P3)
    assert [(bound.batch, bound.matrix_flops) for bound in found.bounds] == [(1, 10**6), (8, 8 * 10**6)]
    assert found.bounds[0].weights == 2 * 500_000
    assert (found.fits, found.encoder, found.ai_cpu, found.notes) == (True, None, (), (QUOTED,))
    assert found.bounds[0].nodes[0].example == "product"


def test_batches_are_those_asked_for(model):
    assert [bound.batch for bound in estimate(linear(model), P3, [32, 4, 32]).bounds] == [32, 4]


def test_a_fixed_batch_is_kept_and_another_refused(model):
    path = linear(model, 4)
    assert [bound.batch for bound in estimate(path, P3).bounds] == [4]
    with pytest.raises(UsageError) as caught:
        estimate(path, P3, [4, 8])
    assert (caught.value.id, caught.value.message) == (
        "ASC2353",
        f"batch must not be 8: the inputs of `{path}` are fixed to 4; allowed: 4",
    )


def test_other_open_axes_must_have_a_size(model):
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    path = model(nodes, [("x", TensorProto.FLOAT, ["batch", "sequence", 8])])
    with pytest.raises(UsageError) as caught:
        estimate(path, P3, [2])
    assert (caught.value.id, caught.value.message, caught.value.hint) == (
        "ASC2354",
        f"axis `sequence` of input `x` of `{path}` has no size",
        "--size sequence=N gives it one",
    )
    [bound] = estimate(path, P3, [2], sizes={"sequence": 77}).bounds
    assert bound.other_flops == 2 * 77 * 8


@pytest.mark.parametrize(
    ("shape", "message"),
    [(None, "input `x` of `{}` has no shape"), ([2, -3], "axis `?` of input `x` of `{}` has no size")],
)
def test_inputs_of_unknown_shape_are_refused(model, shape, message):
    path = model([helper.make_node("Relu", ["x"], ["y"])], [("x", TensorProto.FLOAT, shape)])
    with pytest.raises(UsageError) as caught:
        estimate(path, P3)
    assert (caught.value.id, caught.value.message) == ("ASC2354", message.format(path))


def test_shape_arithmetic_is_folded_before_anything_is_counted(model):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Reshape", ["x", "s"], ["r"]),
        helper.make_node("Relu", ["r"], ["y"]),
    ]
    [bound] = estimate(model(nodes, [("x", TensorProto.FLOAT, ["batch", 8])]), P3, [2]).bounds
    assert {kind.op for kind in bound.types} <= {"Relu", "Reshape"}
    assert bound.other_flops == 16


def test_what_cannot_be_inferred_is_said(model):
    nodes = [helper.make_node("Trick", ["x"], ["t"], "trick", domain="mine"), helper.make_node("Relu", ["t"], ["y"])]
    found = estimate(model(nodes, [("x", TensorProto.FLOAT, [1, 8])], domains=["mine"]), P3)
    assert found.notes == (
        "not counted at all, since their shapes are unknown: Trick trick, Relu",
        QUOTED,
    )


def test_an_operator_without_a_formula_is_said(model):
    nodes = [helper.make_node("Det", ["x"], ["y"])]
    found = estimate(model(nodes, [("x", TensorProto.FLOAT, [1, 8, 8])]), P3)
    assert found.notes == ("FLOPs not counted, bytes only: 1 Det", QUOTED)
    assert [slow.op for slow in found.ai_cpu] == ["Det"]


def test_of_a_quantised_graph_the_bounds_and_the_parser_are_doubted(model):
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s"], ["d"]),
        helper.make_node("MatMul", ["d", "w"], ["y"]),
    ]
    weights = {"w": np.zeros((8, 8), np.float32), "s": np.float32(1)}
    assert estimate(model(nodes, [("x", TensorProto.FLOAT, [1, 8])], weights), P3).notes == (
        "ATC would refuse 2 of its nodes: ascendc check says which and why",
        "FLOPs not counted, bytes only: 1 QuantizeLinear, 1 DequantizeLinear",
        "the graph is quantised: products of int8 may be up to twice as fast as these bounds in fp16",
        QUOTED,
    )


def test_without_a_table_of_operators_nothing_is_said_of_the_ai_cpu(model):
    found = estimate(linear(model), soc.table()["Ascend610"])
    assert found.ai_cpu is None
    assert found.notes[0].startswith("no operators of `ascend610` are in ascendc's tables; there are: ")


def test_a_bandwidth_that_is_a_hint_is_a_doubt(model):
    [note] = estimate(linear(model), soc.table()["Ascend310P1"]).notes
    assert note.startswith("the bandwidth of Ascend310P1 is the compiler's hint, up to six times below the real one")


def test_a_model_larger_than_the_memory_does_not_fit(model):
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    found = estimate(model(nodes, [("x", TensorProto.FLOAT, ["batch", 1 << 30])]), P3, [1, 16])
    assert found.fits is False


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"no model"])
def test_what_is_no_model_is_refused(tmp_path, content):
    path = Path(tmp_path / "x.onnx")
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        estimate(path, P3)
    assert caught.value.id == "ASC2302"
