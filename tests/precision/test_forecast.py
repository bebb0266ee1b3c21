"""Faults planted in small nets: float16 ruins each in a way that is known, and the node to blame is named."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from ascendc.errors import StageError
from ascendc.precision.forecast import END
from ascendc.precision.forecaster import Forecaster

IDS = np.array([[49406, 320 + i, 49407, 0, 0, 0, 0, 0] for i in range(6)], np.int64)
"""Start, a word, end, padding: float16 cannot tell start from end."""

POOL = """
g (int64[n,8] ids) => (float[n,8] y) {
  short = Mod(ids, words)
  table = Gather(words_table, short)
  tokens = Add(table, positions)
  where = ArgMax <axis = 1, keepdims = 1> (ids)
  index = Unsqueeze(where, last)
  many = Expand(index, width)
  one = GatherElements <axis = 1> (tokens, many)
  y = Squeeze(one, first)
}"""


def blamed(forecast):
    """The three worst."""
    return [culprit.node for culprit in forecast.culprits[:3]]


@pytest.fixture
def pooling(graph, rng):
    return graph(
        POOL,
        words=np.int64(100),
        words_table=rng.normal(size=(100, 8)).astype(np.float32),
        positions=rng.normal(size=(8, 8)).astype(np.float32),
        last=np.array([2]),
        first=np.array([1]),
        width=np.array([1, 1, 8]),
    )


def test_a_harmless_net_passes(graph, x, w, foretell):
    model = graph("g (float[n,8] x) => (float[n,8] y) { a = MatMul(x, w) b = Relu(a) y = MatMul(b, w) }", w=w)
    found = foretell(model, x)
    assert found.ok
    assert 1e-5 < found.end_to_end["y"].rel_to_sample_distance < 2e-3
    assert found.end_to_end["y"].cosine > 0.999999
    assert 1e-5 < found.end_to_end["y"].rel_l2 < 2e-3
    assert found.overflow == ()
    assert all(0 < culprit.own < 1e-3 for culprit in found.culprits)
    assert not any(culprit.tried for culprit in found.culprits), "nobody asks"
    assert {culprit.node: culprit.max_abs_value for culprit in found.culprits}["a"] == pytest.approx(
        np.abs(x["x"] @ w).max(), rel=1e-6
    )


def test_argmax_of_raw_ids_picks_another_token(pooling, foretell):
    found = foretell(pooling, {"ids": IDS})
    assert not found.ok
    assert blamed(found)[0] == "where"
    assert found.culprits[0].own == 1, "every index differs"
    assert found.overflow == ()


def test_two_masks_of_the_largest_number_make_a_row_of_infinities(graph, x, w, foretell):
    mask = np.full(8, -65504, np.float32)
    text = """g (float[n,8] x) => (float[n,8] y) {
      q = MatMul(x, w) s = Add(q, causal) s2 = Add(s, padding) p = Softmax <axis = -1> (s2) y = MatMul(p, w)
    }"""
    found = foretell(graph(text, w=w, causal=mask, padding=mask), x)
    assert not found.ok
    assert found.end_to_end["y"].rel_to_sample_distance is None
    assert "s2" in blamed(found)
    assert [lost.node for lost in found.overflow][-1] == "s2", "Softmax is only fed what is lost"
    assert found.overflow[-1].value == pytest.approx(131008, rel=1e-3)


SQUARE = """g (float[n,8] x) => (float[n,8] y) {
  a = MatMul(x, w) b = Mul(a, k) c = Mul(b, b) d = ReduceMean <axes = [-1]> (c) e = Sqrt(d) y = Div(b, e)
}"""


@pytest.mark.parametrize("bound", ["fused", "unfused"])
def test_a_square_overflows(graph, x, w, foretell, bound):
    found = foretell(graph(SQUARE, w=w, k=np.float32(300)), x, bound)
    assert not found.ok
    assert blamed(found)[0] == "c"
    assert (found.culprits[0].own, found.culprits[0].tried) == (None, True)
    assert found.culprits[0].effect > 3e-2
    assert found.overflow[0].node == found.overflow[0].tensor == "c"
    assert found.overflow[0].value > 65504


def test_the_same_square_inside_a_layer_norm_is_lost_by_one_bound_only(layer_norm, x, foretell):
    fused, unfused = (foretell(layer_norm(400), x, bound) for bound in ("fused", "unfused"))
    assert (fused.ok, unfused.ok) == (True, False)
    assert fused.overflow == ()
    assert blamed(unfused)[0] == "c2"
    assert unfused.overflow[0].node == "c2"


def test_an_eps_that_vanishes(graph, x, foretell):
    text = """g (float[n,8] x) => (float[n,8] y) {
      z = Mul(x, nothing) m = ReduceMean <axes = [-1]> (z) v = Add(m, eps) t = Add(v, nothing)
      h = Div(v, t) y = Mul(x, h)
    }"""
    found = foretell(graph(text, nothing=np.float32(0), eps=np.float32(1e-12)), x)
    assert not found.ok
    assert set(blamed(found)) == {"v", "t", "h"}
    assert [lost.node for lost in found.overflow] == ["h"], "0 / 0"


def test_cancellation(graph, x, w, foretell):
    text = """g (float[n,8] x) => (float[n,8] y) {
      a = MatMul(x, w) b = Add(a, big) r = Relu(b) c = Sub(r, big) y = MatMul(c, w)
    }"""
    found = foretell(graph(text, w=w, big=np.float32(5000)), x)
    assert not found.ok
    assert set(blamed(found)) == {"b", "r", "c"}
    assert found.culprits[0].node == "c"
    assert found.overflow == ()


RESIDUAL = """g (float[n,8] x) => (float[n,8] y) {
  a = MatMul(x, w) r = Add(x, outlier) s = Add(r, a) t = Mul(s, shrink) y = MatMul(t, w)
}"""


def test_an_outlier_channel_loses_what_is_added_to_it(graph, x, w, foretell):
    outlier, shrink = np.zeros(8, np.float32), np.ones(8, np.float32)
    fine = foretell(graph(RESIDUAL, w=w, outlier=outlier, shrink=shrink), x)
    outlier[3] = 40000
    lossy = foretell(graph(RESIDUAL, w=w, outlier=outlier, shrink=shrink), x)
    assert fine.ok
    assert not lossy.ok
    assert set(blamed(lossy)) <= {"r", "s", "t", "y"}
    assert "s" in blamed(lossy)


def test_own_error_is_of_the_node_alone_and_accumulated_error_of_all_before_it(graph, x, w, foretell):
    text = """g (float[n,8] x) => (float[n,8] y) {
      b = Add(x, big) c = Sub(b, big) y = MatMul(c, w)
    }"""
    found = {c.node: c for c in foretell(graph(text, w=w, big=np.float32(3000)), x).culprits}
    alone, within = found["y"].own, found["y"].accumulated
    assert alone < 1e-3 < 0.1 < within


def test_saturation_cuts_where_infinity_would_be(graph, x, foretell):
    text = "g (float[n,8] x) => (float[n,8] y) { a = Mul(x, much) y = Mul(a, little) }"
    model = graph(text, much=np.float32(3e4), little=np.float32(1e-4))
    infinite, cut = (foretell(model, {"x": x["x"] + 3}, overflow=overflow) for overflow in ("inf", "saturate"))
    assert infinite.end_to_end["y"].max_abs is None
    assert cut.end_to_end["y"].max_abs == pytest.approx((x["x"].max() + 3) * 3 - 6.5504, rel=1e-2)
    assert [one.node for one in infinite.overflow] == [one.node for one in cut.overflow] == ["a"]


def test_several_outputs_are_judged_each_by_itself(graph, x, foretell):
    text = """g (float[n,8] x) => (float[n,8] good, float[n,8] bad, int64[n] top) {
      good = Relu(x) square = Mul(x, much) bad = Mul(square, square) top = ArgMax <axis = 1, keepdims = 0> (x)
    }"""
    found = foretell(graph(text, much=np.float32(1e3)), x)
    assert list(found.end_to_end) == ["good", "bad", "top"]
    assert found.end_to_end["good"].rel_to_sample_distance < 1e-3
    assert found.end_to_end["bad"].rel_to_sample_distance is None
    assert found.end_to_end["top"].max_abs == 0


def test_truth_values_are_compared(graph, x, foretell):
    text = "g (float[n,8] x) => (bool[n,8] y) { a = Add(x, big) b = Sub(a, big) y = Greater(b, none) }"
    found = foretell(graph(text, big=np.float32(9000), none=np.float32(0)), x)
    assert found.end_to_end["y"].max_abs == 1
    assert not found.ok
    assert {c.node: c for c in found.culprits}["b"].effect > 0


def test_an_output_without_samples_is_compared_as_it_is(graph, x, foretell):
    model = graph("g (float[n,8] x) => (float y) { y = ReduceSumSquare <keepdims = 0> (x) }")
    found = foretell(model, x, limit=1e-6)
    assert 0 < found.end_to_end["y"].rel_to_sample_distance < 1e-2
    assert 0 < found.culprits[0].effect < 1e-2


def test_modules_are_named_where_the_exporter_says_so(graph, x, foretell):
    model = graph("g (float[n,8] x) => (float[n,8] y) { y = Relu(x) }")
    model.graph.node(0).name = "/visual/layers.0/Relu"
    [culprit] = foretell(model, x).culprits
    assert (culprit.node, culprit.op, culprit.module) == ("/visual/layers.0/Relu", "Relu", "visual.layers.0")


def test_nothing_is_lost_where_everything_keeps_its_type(pooling, foretell):
    found = foretell(pooling, {"ids": IDS}, mode="must_keep_origin_dtype")
    assert (found.ok, found.culprits, found.end_to_end["y"].max_abs) == (True, (), 0)


def test_mixed_precision_loses_what_white_operators_lose(graph, x, w, foretell):
    text = """g (float[n,8] x) => (float[n,8] y) {
      big = Mul(x, much) square = Mul(big, big) root = Sqrt(square) small = Div(root, much) y = MatMul(small, w)
    }"""
    model = graph(text, much=np.float32(1e3), w=w)
    assert not foretell(model, x).ok
    assert foretell(model, x, mode="allow_mix_precision").ok, "what comes before any white operator stays in float32"


def test_the_samples_that_suffer_are_looked_at(graph, foretell):
    samples = np.ones((9, 4), np.float32) * np.arange(1, 10, dtype=np.float32)[:, None]
    samples[8] = 300
    found = foretell(graph("g (float[n,4] x) => (float[n,4] y) { y = Mul(x, x) }"), {"x": samples})
    assert found.overflow[0].value == 90000


def test_a_model_that_is_not_finite_by_itself_is_told(graph, x):
    with pytest.raises(StageError) as caught:
        Forecaster(graph("g (float[n,8] x) => (float[n,8] y) { y = Sqrt(x) }"), x)
    assert (caught.value.id, caught.value.message) == (
        "ASC2704",
        "output `y` holds NaN or infinity in float32 already, on the samples",
    )


def test_what_an_offset_takes_is_seen_though_the_offset_hides_it(graph, x, w, foretell):
    text = "g (float[n,8] x) => (float[n,8] y) { a = MatMul(x, w) b = Add(a, big) y = Sub(b, big) }"
    found = {c.node: c for c in foretell(graph(text, w=w, big=np.float32(3000)), x).culprits}
    assert found["b"].own < 1e-3 < 0.1 < found["b"].own_to_sample_distance
    assert found["a"].own_to_sample_distance < 2e-3


@pytest.mark.parametrize("overflow", ["inf", "saturate"])
def test_infinity_is_the_largest_number_of_float32(graph, x, w, foretell, overflow):
    """JSON has no other; a mask holds it in float32 already, and it does no harm there."""
    mask = np.array([0] * 7 + [-np.inf], np.float32)
    text = "g (float[n,8] x) => (float[n,8] y) { a = MatMul(x, w) b = Add(a, m) y = Softmax <axis = -1> (b) }"
    found = foretell(graph(text, w=w, m=mask), x, overflow=overflow)
    assert found.ok
    [mask_] = [one for one in found.culprits if one.node == "b"]
    assert mask_.max_abs_value == END
    assert [one.value for one in found.overflow] == ([END] if overflow == "saturate" else [])
    json.dumps(asdict(found), allow_nan=False)
