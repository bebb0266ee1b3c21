"""What rounds together, and what does not."""

import numpy as np
import pytest

from ascendc.passes import values
from ascendc.precision.units import units

GELU = """g (float[n,8] x) => (float[n,8] y) {
  d = Div(x, root) e = Erf(d) p = Add(e, one) m = Mul(x, p) y = Mul(m, half)
}"""
OTHER_GELU = """g (float[n,8] x) => (float[n,8] y) {
  m = Mul(x, half) d = Mul(x, root) e = Erf(d) p = Add(e, one) y = Mul(m, p)
}"""
THIRD_GELU = """g (float[n,8] x) => (float[n,8] y) {
  d = Div(x, root) e = Erf(d) p = Add(one, e) m = Mul(p, half) y = Mul(x, m)
}"""
QUICK = "g (float[n,8] x) => (float[n,8] y) { s = Mul(x, k) t = Sigmoid(s) y = Mul(x, t) }"


def kinds(model, bound="fused"):
    values.infer(model)
    return [unit.kind for unit in units(model, bound)]


def test_a_layer_norm_with_scale_and_shift(layer_norm):
    assert kinds(layer_norm()) == ["MatMul", "Mul", "LayerNorm", "MatMul"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hg = Mul(h, gamma)\n  l = Add(hg, beta)\n  y = MatMul(l, w)", "y = MatMul(h, w)"),
        ("l = Add(hg, beta)\n  y = MatMul(l, w)", "y = MatMul(hg, w)"),
        ("c2 = Pow(c, two)", "c2 = Mul(c, c)"),
    ],
    ids=["bare", "scale alone", "square by product"],
)
def test_other_layer_norms(layer_norm, old, new):
    assert kinds(layer_norm(text=layer_norm.text.replace(old, new))) == ["MatMul", "Mul", "LayerNorm", "MatMul"]


def test_nodes_are_units_of_their_own_unfused(layer_norm):
    found = kinds(layer_norm(), "unfused")
    assert len(found) == 12
    assert "LayerNorm" not in found


@pytest.mark.parametrize("text", [GELU, OTHER_GELU, THIRD_GELU], ids=["x first", "half first", "sum first"])
def test_gelu(graph, text):
    scalars = {"root": np.float32(1.41421356), "one": np.float32(1), "half": np.float32(0.5)}
    assert kinds(graph(text, **scalars)) == ["Gelu"]
    scaled = text.replace("(float[n,8] y)", "(float[n,8] z)").replace("}", "z = Mul(y, x) }")
    assert kinds(graph(scaled, **scalars)) == ["Gelu", "Mul"], "what comes after it is not part of it"
    other = text.replace("Erf(d)", "Tanh(d)")
    assert "Gelu" not in kinds(graph(other, **scalars)), "no cube"
    other = text.replace("Div(x, root)", "Pow(x, root)").replace("Mul(x, root)", "Pow(x, root)")
    assert "Gelu" not in kinds(graph(other, **scalars)), "no scale"


TANH = """g (float[n,8] x) => (float[n,8] y) {
  c = Pow(x, three) k = Mul(c, small) s = Add(x, k) d = Mul(s, root) t = Tanh(d) p = Add(t, one) m = Mul(x, half)
  y = Mul(m, p)
}"""
FAST = """g (float[n,8] x) => (float[n,8] y) {
  m = Mul(x, half) r = Mul(x, root) a = Mul(x, small) b = Mul(a, x) s = Add(b, one) d = Mul(r, s) t = Tanh(d)
  p = Add(one, t) y = Mul(m, p)
}"""


@pytest.mark.parametrize("text", [TANH, FAST], ids=["by power", "factored"])
def test_gelu_by_tanh(graph, text):
    """As transformers and PyTorch write it."""
    numbers = {"root": 0.7978845608, "small": 0.044715, "three": 3, "one": 1, "half": 0.5}
    scalars = {name: np.float32(number) for name, number in numbers.items() if name in text}
    assert kinds(graph(text, **scalars)) == ["Gelu"]
    assert len(kinds(graph(text, **scalars), "unfused")) == text.count(" = ")
    mixed = text.replace("(float[n,8] x)", "(float[n,8] x, float[n,8] z)").replace("Mul(c, small)", "Mul(c, z)")
    mixed = mixed.replace("Mul(a, x)", "Mul(a, z)")
    assert "Gelu" not in kinds(graph(mixed, **{k: v for k, v in scalars.items() if k in mixed})), "of two things"


def test_quick_gelu(graph):
    assert kinds(graph(QUICK, k=np.float32(1.702))) == ["QuickGelu"]


def test_a_pattern_whose_inside_is_used_elsewhere_is_not_fused(graph, layer_norm):
    assert kinds(graph(QUICK.replace("(float[n,8] y)", "(float[n,8] y, float[n,8] t)"), k=np.float32(1.702))) == [
        "Mul",
        "Sigmoid",
        "Mul",
    ]
    text = layer_norm.text.replace("y = MatMul(l, w)", "z = MatMul(l, w)\n  y = Add(z, c)")
    assert "LayerNorm" not in kinds(layer_norm(text=text))


def test_sums_beside_a_norm_are_not_part_of_it(graph, layer_norm):
    """A residual sum after a LayerNorm with scale and shift."""
    text = layer_norm.text.replace("y = MatMul(l, w)", "y = Add(l, a)")
    assert kinds(layer_norm(text=text)) == ["MatMul", "Mul", "LayerNorm", "Add"]


def test_shapes_do_not_round(graph):
    model = graph("g (float[n,8] x) => (float[n,8] y) { s = Shape(x) y = Reshape(x, s) }")
    values.infer(model)
    assert [unit.rounds for unit in units(model, "fused")] == [False, True]


def test_what_graphs_inside_of_a_node_use_is_its_input(graph):
    text = """g (float[n,8] x, bool c) => (float[n,8] y) {
      a = Relu(x)
      y = If(c) <
        then_branch = t () => (float[n,8] p) { p = Add(a, x) },
        else_branch = e () => (float[n,8] q) { q = Identity(a) }
      >
    }"""
    model = graph(text)
    values.infer(model)
    [_, branching] = units(model, "fused")
    assert [value.name for value in branching.inputs] == ["c", "a", "x"]
