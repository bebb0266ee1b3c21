"""Layers of two graphs, of a graph and PyTorch modules, of a graph and dumps."""

import struct
from contextlib import ExitStack

import numpy as np
import onnx
import pytest
import torch

from ascendc.errors import UsageError
from ascendc.judge import layers as room
from ascendc.judge.graph_values import GraphValues
from ascendc.judge.module_values import ModuleValues
from ascendc.judge.opened import side
from ascendc.judge.verdict import compare
from ascendc.model import Part, Tensor
from ascendc.protobuf import message, number, varint

CHAIN = "g (float[n,6] x) => (float[n,6] y) { a = MatMul(x, w) b = Relu(a) c = MatMul(b, v) y = Add(c, x) }"


@pytest.fixture
def weights():
    rng = np.random.default_rng(4)
    return {name: rng.standard_normal((6, 6)).astype(np.float32) for name in "wv"}


def judged(one, other, samples, **options):
    with ExitStack() as stack:
        reference = stack.enter_context(side(one, "reference"))
        candidate = stack.enter_context(side(other, "candidate"))
        return compare(reference, candidate, samples, layered=True, **options)


def test_the_first_layer_beyond_is_named_in_the_order_of_the_graph(write, samples, x, weights):
    wrong = {**weights, "v": weights["v"] * 1.01}
    verdict = judged(write("a.onnx", CHAIN, **weights), write("b.onnx", CHAIN, **wrong), samples(x=x))
    [found] = verdict.layers
    assert [layer.tensor for layer in found.layers] == ["a", "b", "c", "y"]
    assert [layer.ok for layer in found.layers] == [True, True, False, False]
    assert (found.first, found.matched, found.total, found.samples, found.limit) == ("c", 4, 4, 8, 2e-4)
    assert (found.layers[2].op, found.layers[2].node, found.layers[2].other) == ("MatMul", "/c", "c")
    assert not found.simulated


def test_layers_that_differ_on_the_way_decide_nothing(write, samples, x, weights):
    """Twice as much, and half of that: the answer is the same."""
    text = "g (float[n,6] x) => (float[n,6] y) { a = Mul(x, up) y = Mul(a, down) }"
    one = write("a.onnx", text, up=np.float32(1), down=np.float32(1))
    verdict = judged(one, write("b.onnx", text, up=np.float32(2), down=np.float32(0.5)), samples(x=x))
    assert verdict.ok
    assert verdict.layers[0].first == "a"


@pytest.mark.parametrize("count", [1, 3])
def test_a_graph_of_batch_one_is_asked_no_more_samples_than_there_are(write, samples, x, weights, count):
    fixed = write("a.onnx", CHAIN.replace("n,", "1,"), **weights)
    [found] = judged(fixed, write("b.onnx", CHAIN, **weights), samples(x=x[:count])).layers
    assert (found.samples, found.matched, found.first) == (count, 4, None)


def test_what_only_one_graph_has_is_told(write, samples, x, weights):
    other = "g (float[n,6] x) => (float[n,6] y) { d = MatMul(x, w) b = Relu(d) e = MatMul(b, v) y = Add(e, x) }"
    [found] = judged(write("a.onnx", CHAIN, **weights), write("b.onnx", other, **weights), samples(x=x)).layers
    assert (found.matched, found.unmatched, found.first) == (2, ("a", "c"), None)


def test_values_are_held_a_few_at_a_time(write, samples, x, weights, monkeypatch):
    monkeypatch.setattr(room, "ROOM", 6 * 8 * 4 * 2)
    asked = []
    fetch = GraphValues.fetch

    def counted(self, tensors):
        asked.append([made.tensor for made in tensors])
        return fetch(self, tensors)

    monkeypatch.setattr(GraphValues, "fetch", counted)
    path = write("a.onnx", CHAIN, **weights)
    [found] = judged(path, path, samples(x=x)).layers
    assert asked == [["a", "b"], ["a", "b"], ["c", "y"], ["c", "y"]]
    assert found.first is None


def test_masks_are_meant_and_nan_is_refused(write, samples, x):
    text = "g (float[n,6] x) => (float[n,6] y) { m = Add(x, mask) s = Sub(m, off) l = Log(s) y = Exp(l) }"
    mask = np.array([0, 0, 0, 0, 0, np.inf], np.float32)
    x = np.full((8, 6), 3, np.float32) + np.arange(8, dtype=np.float32)[:, None]
    one, other = (write(name, text, mask=mask, off=np.float32(off)) for name, off in (("a.onnx", 0), ("b.onnx", 4)))
    assert judged(one, one, samples(x=x)).layers[0].first is None
    layers = {layer.tensor: layer for layer in judged(one, other, samples(x=x)).layers[0].layers}
    assert layers["m"].ok
    assert layers["l"].refused.startswith("the candidate holds 10 of 48 values that are not finite, in 2 of 8 samples")


def test_two_sides_without_a_graph_or_a_tensor_in_common_are_refused(write, samples, x, weights):
    saved = samples("out.npz", y=x)
    with pytest.raises(UsageError) as caught:
        judged(saved, saved, None)
    assert caught.value.id == "ASC2813"
    with pytest.raises(UsageError) as caught:
        judged(write("a.onnx", CHAIN, **weights), saved, samples(x=x))
    assert caught.value.message == f"`{saved}` has no layers: saved outputs are outputs alone"
    other = "g (float[n,6] x) => (float[n,6] z) { z = Relu(x) }"
    with pytest.raises(UsageError) as caught:
        judged(write("a.onnx", CHAIN, **weights), write("b.onnx", other), samples(x=x))
    assert caught.value.message == f"no tensor of `{write('a.onnx', CHAIN, **weights)}` is on the other side"


# -- PyTorch -----------------------------------------------------------------------------------------------------


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(6, 6)

    def forward(self, x):
        return (torch.relu(self.inner(x)) + x,)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.last = torch.nn.Linear(6, 2)

    def forward(self, x):
        return self.last(self.block(x)[0])


def test_modules_are_matched_to_the_last_tensor_that_leaves_them(write, x):
    """A block ends in a sum; its linear layer in a tensor that only the block takes; what has no module is left."""
    net = Net().eval()
    linear = {"w": net.block.inner.weight, "b": net.block.inner.bias, "v": net.last.weight, "c": net.last.bias}
    path = write(
        "net.onnx",
        """g (float[n,6] x) => (float[n,2] y) {
          p = Gemm <transB = 1> (x, w, b) r = Relu(p) s = Add(r, x) e = Identity(s) y = Gemm <transB = 1> (e, v, c)
        }""",
        **{name: tensor.detach().numpy() for name, tensor in linear.items()},
    )
    model = onnx.load(path)
    names = ("/block/inner/Gemm", "/block/Relu", "/block/Add", "e", "/last/Gemm")
    for node, name in zip(model.graph.node, names, strict=True):
        node.name = name
    onnx.save(model, path)
    graph = GraphValues(path, {"x": x})
    part = Part("p", (Tensor("x", "float32", ("batch", 6)),), (Tensor("y", "float32", ("batch", 2)),))
    values = ModuleValues(net, part, graph.feeds)
    assert values.where(graph.tensors) == {"p": "block.inner", "s": "block", "y": "last"}
    matched = [made for made in graph.tensors if made.tensor in ("p", "s", "y")]
    found, wanted = values.fetch(matched), graph.fetch(matched)
    for tensor in ("p", "s", "y"):
        np.testing.assert_allclose(found[tensor], wanted[tensor], rtol=1e-5, atol=1e-5)


class Twice(torch.nn.Module):
    """One module at two places."""

    def __init__(self):
        super().__init__()
        self.act = torch.nn.ReLU()
        self.first, self.second = torch.nn.Linear(6, 6), torch.nn.Linear(6, 2)

    def forward(self, x):
        return self.act(self.second(self.act(self.first(x))))


def test_a_module_that_is_called_twice_is_no_layer(write, x):
    net = Twice().eval()
    weights = {"w": net.first.weight, "b": net.first.bias, "v": net.second.weight, "c": net.second.bias}
    path = write(
        "twice.onnx",
        """g (float[n,6] x) => (float[n,2] y) {
          p = Gemm <transB = 1> (x, w, b) q = Relu(p) r = Gemm <transB = 1> (q, v, c) y = Relu(r)
        }""",
        **{name: tensor.detach().numpy() for name, tensor in weights.items()},
    )
    model = onnx.load(path)
    for node, name in zip(model.graph.node, ("/first/Gemm", "/act/Relu", "/second/Gemm", "/act/Relu_1"), strict=True):
        node.name = name
    onnx.save(model, path)
    graph = GraphValues(path, {"x": x})
    part = Part("p", (Tensor("x", "float32", ("batch", 6)),), (Tensor("y", "float32", ("batch", 2)),))
    values = ModuleValues(net, part, graph.feeds)
    found = values.where(graph.tensors)
    assert set(values.fetch([made for made in graph.tensors if made.tensor in found])) == {"p", "r"}


# -- dumps -------------------------------------------------------------------------------------------------------


@pytest.fixture
def write_dumps(tmp_path):
    """Write runs of dumps, each a mapping of node to array."""

    def write(runs, original=True):
        for index, run in enumerate(runs):
            folder = tmp_path / "dumps" / "20260101" / "0" / "net" / "1" / str(index)
            folder.mkdir(parents=True)
            for task, (node, array) in enumerate(run.items()):
                shape = message(1, b"".join(map(varint, array.shape)))
                origin = message(4, message(1, node.encode())) if original else b""
                output = number(1, 1) + number(2, 2) + message(3, shape) + origin + number(6, array.nbytes)
                head = message(1, b"2.0") + message(3, output + message(7, shape))
                name = f"MatMulV2.{node.replace('/', '_')}.{task}.1.17000000"
                (folder / name).write_bytes(struct.pack("<Q", len(head)) + head + array.tobytes())
        return tmp_path / "dumps"

    return write


def run_of(x, weights, scale=1.0):
    a = x @ weights["w"]
    c = np.maximum(a, 0) @ weights["v"] * np.float32(scale)
    return {"/a": a, "/c": c, "/y": c + x}


@pytest.mark.parametrize("original", [True, False], ids=["by the node in the dump", "by the file's name"])
def test_a_folder_of_dumps_is_a_side(write, write_dumps, samples, x, weights, original):
    """Eight samples in four runs of two; what was fused away is not there."""
    path = write("a.onnx", CHAIN, **weights)
    dumps = write_dumps([run_of(x[i : i + 2], weights) for i in range(0, 8, 2)], original)
    verdict = judged(path, dumps, samples(x=x))
    [found] = verdict.layers
    assert (verdict.ok, verdict.outputs, found.limit) == (True, (), 3e-2)
    assert ([layer.tensor for layer in found.layers], found.unmatched) == (["a", "c", "y"], ("b",))
    assert found.layers[0].other == "MatMulV2._a.0.1.17000000"


def test_dumps_that_go_beyond_decide(write, write_dumps, samples, x, weights):
    verdict = judged(write("a.onnx", CHAIN, **weights), write_dumps([run_of(x, weights, 1.2)]), samples(x=x))
    assert (verdict.ok, verdict.layers[0].first) == (False, "c")


def test_samples_must_be_those_of_the_runs(write, write_dumps, samples, x, weights):
    path, dumps = write("a.onnx", CHAIN, **weights), write_dumps([run_of(x[:3], weights)] * 3)
    with pytest.raises(UsageError) as caught:
        judged(path, dumps, samples(x=x))
    assert caught.value.id == "ASC2812"
    assert caught.value.message.startswith(f"`{dumps}` holds dumps of 3 runs, and there are 8 samples: they must be ")


def test_dumps_have_no_outputs(write, write_dumps, samples, x, weights):
    dumps = write_dumps([run_of(x, weights)])
    path = write("a.onnx", CHAIN, **weights)
    with side(path, "reference") as one, side(dumps, "candidate") as other, pytest.raises(UsageError) as caught:
        compare(one, other, samples(x=x))
    assert (caught.value.id, caught.value.message) == ("ASC2811", f"`{dumps}` holds dumps, and no outputs")
