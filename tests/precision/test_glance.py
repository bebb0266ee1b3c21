"""One run over a few samples says what the full forecast says."""

import numpy as np
import pytest

from ascendc.precision.forecaster import Forecaster
from ascendc.precision.glance import FEW, Inside, glance
from ascendc.precision.modes import in_half

OFFSET = "g (float[n,8] x) => (float[n,8] y) { a = MatMul(x, w) b = Add(a, k) c = Sub(b, k) y = MatMul(c, w) }"
SQUARE = "g (float[n,8] x) => (float[n,8] y) { a = Mul(x, k) b = Mul(a, a) y = Sqrt(b) }"


def exact(model, samples):
    return Forecaster(model, samples).exact


def all_half(units):
    return in_half(units, "force_fp16")


@pytest.mark.parametrize("mode", ["force_fp16", "allow_mix_precision"])
def test_it_says_what_the_forecast_says(layer_norm, x, mode):
    model = layer_norm(3.0)
    forecaster = Forecaster(model, x)
    half = in_half(forecaster.units, mode)
    found = glance(layer_norm(3.0), x, forecaster.exact, lambda units: in_half(units, mode))
    assert found.error == pytest.approx(forecaster.worst(half), rel=1e-6)
    assert (found.output, found.samples, found.inside) == ("y", 6, ())
    assert (found.half, found.units) == (sum(half), len(half))


def test_a_number_that_is_lost(graph, x):
    model = graph(SQUARE, k=np.float32(1e3))
    found = glance(model, x, exact(graph(SQUARE, k=np.float32(1e3)), x), all_half)
    assert found.error == float("inf")


def test_what_a_fused_kernel_keeps_is_told(layer_norm, x):
    found = glance(layer_norm(300.0), x, exact(layer_norm(300.0), x), all_half)
    assert found.error < 3e-2
    [inside] = found.inside
    assert (inside.node, inside.kind) == ("l", "LayerNorm")
    assert inside.largest > 65504
    assert isinstance(inside, Inside)


def test_what_is_kept_in_float32_does_no_harm(graph, x, w):
    model = graph(OFFSET, k=np.float32(1000), w=w)
    reference = exact(graph(OFFSET, k=np.float32(1000), w=w), x)
    assert glance(model, x, reference, all_half).error > 3e-2
    kept = glance(graph(OFFSET, k=np.float32(1000), w=w), x, reference, lambda us: [u.name not in "bc" for u in us])
    assert kept.error < 3e-3
    assert (kept.half, kept.units) == (2, 4)


def test_of_a_large_model_a_few_samples_are_run(graph, x, w, monkeypatch):
    monkeypatch.setattr("ascendc.precision.glance.LARGE", w.nbytes)
    text = "g (float[n,8] x) => (float[n,8] y) { y = MatMul(x, w) }"
    samples = {"x": x["x"].copy()}
    samples["x"][5] *= 1e9  # would be lost, were it run
    found = glance(graph(text, w=w), samples, {"y": samples["x"] @ w}, all_half)
    assert found.samples == FEW
    assert found.error < 1
