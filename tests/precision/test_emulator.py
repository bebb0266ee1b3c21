"""The emulated half precision against numpy's and torch's own."""

import numpy as np
import onnx
import onnx_ir as ir
import pytest
import torch

from ascendc import onnx_file
from ascendc.errors import StageError
from ascendc.passes import values
from ascendc.precision.emulator import Emulator
from ascendc.precision.units import units


@pytest.fixture
def x(rng):
    """Sums of products of these are exact in float32, in any order."""
    return {"x": np.round(rng.normal(size=(6, 8)) * 512).astype(np.float32) / 512}


@pytest.fixture
def w(rng):
    return np.round(rng.normal(size=(8, 8)) * 1024).astype(np.float32) / 1024


def emulate(model, half=True, bound="unfused", overflow="inf", **feeds):
    """All units in float16, or those of `half`."""
    values.infer(model)
    found = units(model, bound)
    chosen = [half if isinstance(half, bool) else unit.name in half for unit in found]
    return Emulator(model, found, overflow).run(feeds, chosen)


def as_half(array):
    return array.astype(np.float16).astype(np.float32)


def test_each_node_rounds_as_numpy_does(graph, x, w):
    model = graph("g (float[n,8] x) => (float[n,8] y) { a = MatMul(x, w) b = Relu(a) y = MatMul(b, w) }", w=w)
    inner = as_half(np.maximum(as_half(as_half(x["x"]) @ as_half(w)), 0))
    assert np.array_equal(emulate(model, **x)["y"], as_half(inner @ as_half(w)))


def test_nothing_rounds_where_nothing_is_chosen(graph, x, w):
    model = graph("g (float[n,8] x) => (float[n,8] y) { y = MatMul(x, w) }", w=w)
    assert np.array_equal(emulate(model, half=False, **x)["y"], x["x"] @ w)


def test_the_chosen_node_alone_rounds(graph, x, w):
    model = graph("g (float[n,8] x) => (float[n,8] y) { a = MatMul(x, w) y = MatMul(a, w) }", w=w)
    first, second = emulate(model, half={"a"}, **x)["y"], emulate(model, half={"y"}, **x)["y"]
    assert first == pytest.approx(as_half(as_half(x["x"]) @ as_half(w)) @ w, rel=1e-5, abs=1e-5)
    assert np.array_equal(second, as_half(as_half(x["x"] @ w) @ as_half(w)))


def test_a_chain_of_elementwise_nodes_is_torch_half_to_the_bit(graph, x):
    text = "g (float[n,8] x) => (float[n,8] y) { a = Mul(x, k) b = Add(a, x) c = Sub(b, k) y = Div(c, k) }"
    got = emulate(graph(text, k=np.float32(3.3)), **x)["y"]
    half, k = torch.from_numpy(x["x"]).half(), torch.tensor(3.3).half()
    assert np.array_equal(got, (((half * k) + half - k) / k).float().numpy())


def test_a_fused_layer_norm_rounds_its_ends_alone(layer_norm, x):
    model = layer_norm(eps=1e-12)
    got = emulate(model, bound="fused", **x)["y"]
    weights = as_half(model.graph.initializers["w"].const_value.numpy())
    b = as_half(as_half(x["x"]) @ weights)
    norm = torch.nn.functional.layer_norm(torch.from_numpy(b), (8,), eps=1e-12).numpy()
    assert got == pytest.approx(as_half(as_half(norm) @ weights), abs=4e-3)


def test_eps_of_a_fused_norm_stays_in_float32(layer_norm):
    """A row of equal numbers is 0 / sqrt(eps): nothing, as long as eps is not 0 in float16."""
    rows = {"x": np.zeros((2, 8), np.float32)}
    assert (emulate(layer_norm(eps=1e-12), bound="fused", **rows)["y"] == 0).all()
    assert np.isnan(emulate(layer_norm(eps=1e-12), bound="unfused", **rows)["y"]).all()


@pytest.mark.parametrize(("overflow", "largest"), [("inf", np.inf), ("saturate", 65504)])
def test_what_is_beyond_float16(graph, overflow, largest):
    model = graph("g (float[n,2] x) => (float[n,2] y) { y = Mul(x, x) }")
    x = np.array([[1000, -2]], np.float32)
    assert emulate(model, overflow=overflow, x=x)["y"].tolist() == [[largest, 4]]


def test_ids_go_through_half_where_argmax_picks_the_largest(graph):
    model = graph("g (int32[n,3] ids) => (int64[n] y) { y = ArgMax <axis = 1, keepdims = 0> (ids) }")
    ids = np.array([[49406, 49407, 0], [2047, 2048, 0]], np.int32)
    assert emulate(model, ids=ids)["y"].tolist() == [0, 1], "49406 and 49407 are both 49408; 2048 is exact"
    assert emulate(model, half=False, ids=ids)["y"].tolist() == [1, 1]


BRANCH = """g (float[n,8] x, bool c) => (float[n,8] y) {
  a = Mul(x, k)
  y = If(c) <
    then_branch = t () => (float[n,8] p) { s = Add(a, big) p = Sub(s, big) },
    else_branch = e () => (float[n,8] q) { q = Identity(a) }
  >
}"""


@pytest.mark.parametrize("taken", [True, False])
def test_branches_round_inside(graph, x, taken):
    model = graph(BRANCH, k=np.float32(1.5), big=np.float32(3000))
    got = emulate(model, **x, c=np.array(taken))["y"]
    a = x["x"].astype(np.float16) * np.float16(1.5)
    wanted = (a + np.float16(3000)) - np.float16(3000) if taken else a
    assert np.array_equal(got, wanted.astype(np.float32))


def test_loops_round_inside(graph, x):
    text = """g (float[n,8] x) => (float[n,8] y) {
      y = Loop(count, yes, x) <body = b (int64 i, bool go, float[n,8] v) => (bool on, float[n,8] next) {
        on = Identity(go) next = Mul(v, k)
      }>
    }"""
    model = graph(text, count=np.int64(5), yes=np.array(True), k=np.float32(1.1))
    wanted = x["x"].astype(np.float16)
    for _ in range(5):
        wanted = wanted * np.float16(1.1)
    assert np.array_equal(emulate(model, **x)["y"], wanted.astype(np.float32))


def test_shape_arithmetic_stays_whole(graph, x):
    text = """g (float[n,8] x) => (float[n,4,2] y) {
      s = Shape(x) rows = Slice(s, zero, one) shape = Concat <axis = 0> (rows, rest) y = Reshape(x, shape)
    }"""
    model = graph(text, zero=np.array([0]), one=np.array([1]), rest=np.array([4, 2]))
    assert np.array_equal(emulate(model, **x)["y"], as_half(x["x"]).reshape(-1, 4, 2))


def test_weights_in_a_file_of_their_own(tmp_path, graph, rng):
    w = rng.normal(size=(8, 512)).astype(np.float32)
    proto = ir.to_proto(graph("g (float[n,8] x) => (float[n,512] y) { y = MatMul(x, w) }", w=w))
    path = tmp_path / "m.onnx"
    onnx.save(proto, path, save_as_external_data=True, location="m.data", size_threshold=0)
    x = rng.normal(size=(3, 8)).astype(np.float32)
    assert np.array_equal(emulate(onnx_file.load(path), x=x)["y"], as_half(as_half(x) @ as_half(w)))


@pytest.mark.parametrize(("name", "dtype"), [("float16", np.float16), ("double", np.float64)])
def test_what_is_no_float32_is_left_as_it_is(graph, name, dtype):
    model = graph(f"g ({name}[n,2] x) => ({name}[n,2] y) {{ y = Mul(x, x) }}")
    x = np.array([[200.5, 0.1]], dtype)
    assert np.array_equal(emulate(model, x=x)["y"], x * x, equal_nan=True)


def test_an_unknown_operator_is_told(graph, x):
    model = graph("g (float[n,8] x) => (float[n,8] y) { y = Relu(x) }")
    model.graph.node(0).domain = "mine"
    model.opset_imports["mine"] = 1
    with pytest.raises(StageError) as caught:
        emulate(model, **x)
    assert caught.value.id == "ASC2701"
    assert caught.value.message.startswith("onnxruntime cannot compute the graph in float16: ")


def test_a_type_that_cannot_be_inferred_is_told(graph, x):
    text = "g (float[n,8] x) => (float[n,8] y) { a = mine.Twice(x) y = Relu(a) }"
    proto = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13, "mine": 1]> {text}')
    with pytest.raises(StageError) as caught:
        emulate(ir.from_proto(proto), **x)
    assert (caught.value.id, caught.value.message) == (
        "ASC2703",
        "the type of `a` cannot be inferred, so it cannot be rounded",
    )


def test_a_graph_that_contradicts_itself_is_told(graph, x):
    model = graph("g (float[n,8] x) => (float[n,8] y) { y = MatMul(x, w) }", w=np.ones((3, 3), np.float32))
    with pytest.raises(StageError) as caught:
        emulate(model, **x)
    assert caught.value.id == "ASC1504"


def test_inputs_that_the_graph_cannot_take_are_told(graph):
    model = graph("g (float[n,m] x, float[n,m] z) => (float[n,m] y) { y = Add(x, z) }")
    with pytest.raises(StageError) as caught:
        emulate(model, x=np.ones((2, 3), np.float32), z=np.ones((2, 5), np.float32))
    assert caught.value.id == "ASC2702"


RESIZED = """
g (float[n,1,300,300] x) => (float[n,1,h,w] y) {
  roi = Constant <value = float[0] {}> ()
  y = Resize <mode = "nearest"> (x, roi, scales)
}"""


def test_what_says_how_large_a_result_becomes_is_no_data(graph, rng, foretell):
    """2.0033 is 2.0039 in float16: 601 rows in place of 600. A tensor without elements has nothing to round."""
    model = graph(RESIZED, scales=np.array([1, 1, 2.0033, 2.0033], np.float32))
    samples = {"x": rng.normal(size=(2, 1, 300, 300)).astype(np.float32)}
    got = emulate(model, **samples)["y"]
    assert got.shape == (2, 1, 600, 600)
    assert np.isin(got, as_half(samples["x"])).all()
    found = foretell(model, samples)
    assert found.ok
    assert [one.node for one in found.culprits] == ["y"]


def test_outputs_that_no_node_makes(graph, x, w):
    """They are what was fed, also after the run's memory has been given back."""
    large = np.ones((40, 40), np.float32)
    text = "g (float[n,8] x) => (float[n,8] y, float[n,8] x, float[8,8] w, float[40,40] l) { y = MatMul(x, w) }"
    got = emulate(graph(text, w=w, l=large), **x)
    assert list(got) == ["y", "x", "w", "l"]
    assert [np.array_equal(got[name], wanted) for name, wanted in (("x", x["x"]), ("w", w), ("l", large))] == [True] * 3


def test_an_old_opset(graph, x, foretell):
    found = foretell(graph("g (float[n,8] x) => (float[n,8] y) { y = Mul(x, k) }", opset=8, k=np.float32(1e6)), x)
    assert [one.node for one in found.overflow] == ["y"]
