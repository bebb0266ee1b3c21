"""The numbers of each unit, against those computed by numpy."""

import numpy as np
import pytest

from ascendc.passes import values
from ascendc.precision.survey import survey
from ascendc.precision.units import units


def look(model, feeds, half=True, overflow="inf"):
    values.infer(model)
    found = units(model, "unfused")
    seen = survey(model, found, [half] * len(found), [feeds], overflow)
    return {unit.name: one for unit, one in zip(found, seen, strict=True)}


def relative(got, wanted):
    return np.linalg.norm(got.astype(np.float64) - wanted) / np.linalg.norm(wanted)


def test_own_and_accumulated_errors(graph, x):
    text = "g (float[n,8] x) => (float[n,8] y) { a = Add(x, big) y = Sub(a, big) }"
    seen = look(graph(text, big=np.float32(777)), x)
    big, half = np.float16(777), x["x"].astype(np.float16)
    a, y = x["x"] + np.float32(777), (x["x"] + np.float32(777)) - np.float32(777)
    assert seen["a"].own == seen["a"].accumulated == pytest.approx(relative(half + big, a), rel=1e-4)
    assert seen["y"].own == pytest.approx(relative(a.astype(np.float16) - big, y), rel=1e-4)
    assert seen["y"].accumulated == pytest.approx(relative((half + big) - big, y), rel=1e-4)
    assert seen["y"].largest == pytest.approx(np.abs(y).max())
    assert not seen["y"].overflows


def test_batches_add_up(graph, x):
    model = graph("g (float[n,8] x) => (float[n,8] y) { y = Mul(x, x) }")
    values.infer(model)
    found = units(model, "unfused")
    [whole] = survey(model, found, [True], [x])
    [parts] = survey(model, found, [True], [{"x": x["x"][:2]}, {"x": x["x"][2:]}])
    assert (whole.own, whole.largest) == (pytest.approx(parts.own), parts.largest)


def test_nothing_happens_in_float32(graph, x):
    seen = look(graph("g (float[n,8] x) => (float[n,8] y) { y = Mul(x, x) }"), x, half=False)["y"]
    assert (seen.own, seen.accumulated, seen.overflows) == (0, 0, False)
    assert seen.largest == np.square(x["x"]).max()


def test_integers_count_those_that_differ(graph):
    text = "g (float[n,2] x) => (int64[n] y) { y = ArgMax <axis = 1, keepdims = 0> (x) }"
    seen = look(graph(text), {"x": np.array([[1, 1.0001], [1, 2], [2, 1], [3, 1]], np.float32)})["y"]
    assert (seen.own, seen.accumulated, seen.largest, seen.overflows) == (0.25, 0.25, 1, False)


@pytest.mark.parametrize(("overflow", "own"), [("inf", np.inf), ("saturate", pytest.approx(0.3449, rel=1e-3))])
def test_what_is_lost(graph, overflow, own):
    model = graph("g (float[n,2] x) => (float[n,2] y) { y = Mul(x, k) }", k=np.float32(100))
    seen = look(model, {"x": np.array([[1000, 1]], np.float32)}, overflow=overflow)["y"]
    assert (seen.own, seen.largest, seen.overflows) == (own, 100_000, True)


def test_a_mask_beyond_float16_has_not_changed(graph):
    """-3e38 becomes minus infinity; an error that is of the mask alone is none."""
    mask = np.array([0, -3.4e38], np.float32)
    seen = look(
        graph("g (float[n,2] x) => (float[n,2] y) { y = Add(x, m) }", m=mask), {"x": np.ones((1, 2), np.float32)}
    )
    assert seen["y"].own == 0
    assert seen["y"].largest == pytest.approx(3.4e38)


def test_infinities_of_the_model_itself_are_not_laid_at_float16s_door(graph):
    text = "g (float[n,2] x) => (float[n,2] y) { l = Log(x) y = Exp(l) }"
    seen = look(graph(text), {"x": np.array([[0, 1]], np.float32)})
    assert (seen["l"].overflows, seen["l"].largest) == (False, np.inf)
    assert (seen["y"].own, seen["y"].overflows) == (0, False)


def test_of_several_results_the_worst_counts(graph):
    """The second half is beyond float16; so are all that ReduceMax finds of it, and where it finds them."""
    text = """g (float[n,4] x) => (float[n,2] a, float[n,2] b, float[n,1] v, int64[n,1] i) {
      a, b = Split <axis = 1> (x) v, i = TopK <axis = 1> (x, one)
    }"""
    x = np.array([[1, 2, 3e5, 4e5], [2.001, 2, 1, 2.002]], np.float32)
    found = look(graph(text, opset=11, one=np.array([1])), {"x": x})
    assert (found["a"].own, found["a"].overflows, found["a"].result, found["a"].largest) == (np.inf, True, "b", 4e5)
    assert (found["v"].own, found["v"].overflows, found["v"].result) == (np.inf, True, "v")
    x = np.array([[1, 2, 3, 2.9], [1, 2, 2.0001, 1.9]], np.float32)
    found = look(graph(text, opset=11, one=np.array([1])), {"x": x})
    assert found["v"].own == 0.5, "one of two indices is another: worse than what the values lose"


def test_eps_of_a_fused_norm_stays_in_float32(layer_norm):
    """Where the unit is looked at, too: a row of equal numbers is lost if eps is 0."""
    model, rows = layer_norm(eps=1e-12), {"x": np.zeros((2, 8), np.float32)}
    values.infer(model)
    found = units(model, "fused")
    seen = survey(model, found, [True] * len(found), [rows])
    assert [(unit.kind, one.own, one.overflows) for unit, one in zip(found, seen, strict=True)][2] == (
        "LayerNorm",
        0,
        False,
    )
