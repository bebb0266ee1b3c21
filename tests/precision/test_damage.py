"""What a gate asks: the outputs, end to end."""

import numpy as np
import pytest

from ascendc.errors import StageError
from ascendc.precision.damage import Damage, damage, worst
from ascendc.precision.forecaster import Forecaster
from ascendc.precision.modes import in_half

NET = "g (float[n,8] x) => (float[n,8] y) { a = MatMul(x, w) b = Relu(a) y = MatMul(b, w) }"


@pytest.mark.parametrize("bound", ["fused", "unfused"])
@pytest.mark.parametrize("mode", ["force_fp16", "allow_mix_precision", "must_keep_origin_dtype"])
def test_it_is_what_a_forecast_says(layer_norm, x, bound, mode):
    model = layer_norm(30)
    forecaster = Forecaster(model, x, bound)
    assert damage(model, x, mode, bound) == forecaster.damage(in_half(forecaster.units, mode))


def test_outputs_that_are_known_are_not_computed(graph, x, w):
    """A reference that is off by a tenth of every number."""
    model = graph(NET, w=w)
    y = np.maximum(x["x"] @ w, 0) @ w
    assert 0 < worst(damage(model, x, "force_fp16", exact={"y": y}).values()) < 1e-2
    assert worst(damage(model, x, "force_fp16", exact={"y": y * 1.1}).values()) > 3e-2


def test_a_lost_number_is_worst(graph, x):
    text = "g (float[n,8] x) => (float[n,8] y, float[n,8] z) { y = Relu(x) a = Mul(x, big) z = Mul(a, a) }"
    found = damage(graph(text, big=np.float32(1e4)), x, "force_fp16")
    assert found["z"] == Damage(None, None, None, None)
    assert worst([found["y"]]) < 1e-3
    assert worst(found.values()) == np.inf


def test_a_model_that_is_not_finite_by_itself_is_told(graph, x):
    with pytest.raises(StageError) as caught:
        damage(graph("g (float[n,8] x) => (float[n,8] y) { y = Sqrt(x) }"), x, "force_fp16")
    assert (caught.value.id, caught.value.message) == (
        "ASC2704",
        "output `y` holds NaN or infinity in float32 already, on the samples",
    )


def test_batches_are_joined(graph, x, w):
    model = graph(NET.replace("n,", "2,"), w=w)
    assert damage(model, x, "force_fp16") == damage(graph(NET, w=w), x, "force_fp16")
