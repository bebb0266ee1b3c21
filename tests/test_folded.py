from __future__ import annotations

import tracemalloc

import onnx
import pytest

from ascendc.errors import UsageError
from ascendc.folded import folded

SHAPED = """<ir_version: 8, opset_import: ["": 13]>
g (float[batch, 4] x) => (float[n, m] y) <float[1, 4] token = {1, 2, 3, 4}> {
    shape = Shape(x)
    tokens = Expand(token, shape)
    z = Relu(x)
    y = Add(z, tokens)
}"""


@pytest.fixture
def save(tmp_path):
    def write(text):
        path = tmp_path / "model.onnx"
        path.write_bytes(onnx.parser.parse_model(text).SerializeToString())
        return path

    return write


def dims(value):
    return [axis if isinstance(axis, int) else axis.value for axis in value.shape]


@pytest.mark.parametrize("bound", [{"sizes": {"batch": 8}}, {"batch": 8}, {"sizes": {"batch": 8}, "batch": 2}])
def test_with_a_size_shape_arithmetic_is_gone_and_every_shape_known(save, bound):
    model = folded(save(SHAPED), **bound).model
    assert {node.op_type for node in model.graph} <= {"Relu", "Expand", "Add"}
    assert all(dims(output) == [8, 4] for node in model.graph for output in node.outputs)


def test_without_one_it_stays(save):
    found = folded(save(SHAPED))
    assert [node.op_type for node in found.model.graph] == ["Shape", "Expand", "Relu", "Add"]
    assert dims(list(found.model.graph)[2].outputs[0]) == ["batch", 4]
    assert found.notes == ()


def test_a_first_axis_without_a_name_takes_the_batch_and_others_do_not(save):
    head = '<ir_version: 8, opset_import: ["": 13]>'
    text = f"{head} g (float[?, ?] x, float[3] w, float a) => (float[?, ?] y) {{ y = Relu(x) }}"
    [x, w, a] = folded(save(text), batch=5).model.graph.inputs
    assert (dims(x), dims(w), dims(a)) == ([5, None], [3], [])


@pytest.mark.parametrize(
    ("text", "has"),
    [
        (SHAPED, "batch"),
        ('<ir_version: 8, opset_import: ["": 13]> g (float[2] x) => (float[2] y) { y = Relu(x) }', "none with a name"),
    ],
)
def test_an_axis_that_no_input_has(save, text, has):
    path = save(text)
    with pytest.raises(UsageError) as caught:
        folded(path, {"batch": 1, "sequence": 2} if has == "batch" else {"sequence": 2})
    assert caught.value.id == "ASC2311"
    assert caught.value.message == f"no input of `{path}` has an axis called `sequence`; it has: {has}"


def test_shapes_inside_of_bodies_are_inferred(save):
    text = """<ir_version: 8, opset_import: ["": 13]>
    g (float[2, 3] x, bool c) => (float[2, 3] y) {
        y = If (c) <
            then_branch = t () => (float[2, 3] a) { r = Relu(x)  a = Neg(r) },
            else_branch = e () => (float[2, 3] b) { b = Neg(x) }>
    }"""
    model = folded(save(text)).model
    [relu] = [node for node in model.graph.all_nodes() if node.op_type == "Relu"]
    assert dims(relu.outputs[0]) == [2, 3]


def test_a_graph_that_inference_refuses_is_shown_as_it_is(save):
    """It does not import the domain of its operators."""
    text = '<ir_version: 8, opset_import: ["npu": 1]> g (float[2] x) => (float[2] y) { y = Relu(x) }'
    found = folded(save(text))
    assert [node.op_type for node in found.model.graph] == ["Relu"]
    assert any(
        note.startswith("shapes could not be inferred, so only recorded ones are known: ") for note in found.notes
    )


def test_a_graph_that_the_folder_refuses_is_read_again_as_it_is(save):
    """Reshape of a constant to a shape that does not fit it: numpy raises within the folder, or leaves it."""
    text = """<ir_version: 8, opset_import: ["": 13]>
    g (float[2] x) => (float[2] y) <float[3] k = {1, 2, 3}, int64[1] s = {7}> {
        r = Reshape(k, s)
        y = Add(x, r)
    }"""
    found = folded(save(text))
    assert [node.op_type for node in found.model.graph] == ["Reshape", "Add"]


@pytest.mark.parametrize(
    "body",
    [
        "<int64[1] n = {300000000}> { c = ConstantOfShape(n)  d = Add(c, c)  y = Concat <axis = 0> (x, d) }",
        "<int64[1] n = {300000000}, float[1] k = {1}> { d = Expand(k, n)  y = Concat <axis = 0> (x, d) }",
        "<int64[1] n = {300000000}, float[1] k = {1}> { d = Tile(k, n)  y = Concat <axis = 0> (x, d) }",
        "<float a = {0}, float b = {300000000}, float s = {1}> { d = Range(a, b, s)  y = Concat <axis = 0> (x, d) }",
    ],
)
def test_a_large_constant_is_known_to_be_one_and_never_made(save, body):
    """Of 1.2 GB, from a file of a few hundred bytes."""
    tracemalloc.start()
    model = folded(save(f'<ir_version: 8, opset_import: ["": 13]> g (float[2] x) => (float[n] y) {body}')).model
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    [concat] = model.graph
    assert dims(concat.outputs[0]) == [300_000_002]
    assert dims(concat.inputs[1]) == [300_000_000]
    assert concat.inputs[1].is_initializer()
    assert peak < 30 << 20


def test_what_is_random_or_quantised_is_left(save):
    body = """<float[2] k = {1, 2}, float s = {1}, uint8[2] q = {1, 2}> {
        r = RandomNormalLike(k)  d = DequantizeLinear(q, s)  a = Add(r, d)  y = Add(x, a)
    }"""
    model = folded(save(f'<ir_version: 8, opset_import: ["": 13]> g (float[2] x) => (float[2] y) {body}')).model
    assert [node.op_type for node in model.graph] == ["RandomNormalLike", "DequantizeLinear", "Add", "Add"]
