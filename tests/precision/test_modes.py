"""Which nodes a precision mode computes in float16."""

import pytest

from ascendc.passes import values
from ascendc.precision.modes import in_half
from ascendc.precision.units import units

TEXT = """g (float[n,8] x) => (float[n,8] y, float[n,1] m, float[n,8] l) {
  first = Relu(x) a = MatMul(first, w) b = Relu(a) m = ReduceMean <axes = [-1]> (b) y = Sub(b, m) l = Log(y)
}"""


@pytest.fixture
def found(graph, w):
    model = graph(TEXT, w=w)
    values.infer(model)
    return units(model, "unfused")


def half(units, mode):
    return [unit.name for unit, chosen in zip(units, in_half(units, mode), strict=True) if chosen]


@pytest.mark.parametrize("mode", ["force_fp16", "allow_fp32_to_fp16", "fp16"])
def test_everything(found, mode):
    assert half(found, mode) == ["first", "a", "b", "m", "y", "l"]


@pytest.mark.parametrize("mode", ["must_keep_origin_dtype", "force_fp32", "origin"])
def test_nothing(found, mode):
    assert half(found, mode) == []


@pytest.mark.parametrize("mode", ["allow_mix_precision", "allow_mix_precision_fp16", "mixed_float16"])
def test_mixed(found, mode):
    """White ones, and what follows them; black ones not."""
    assert half(found, mode) == ["a", "b", "y"]


def test_norms_stay_in_float32_in_mixed_precision(layer_norm):
    model = layer_norm()
    values.infer(model)
    assert half(units(model, "fused"), "allow_mix_precision") == ["a", "b", "y"]
