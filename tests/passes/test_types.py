from __future__ import annotations

import numpy as np
import onnx_ir as ir

from ascendc.passes import DropCasts, Int32Ids

IDS = """agraph (int64[n, 4] ids) => (float[n, 4, 2] y, bool[n, 4] hit) {
    all = Constant<value = int64[2] {0, -1}>()
    same = Reshape(ids, all)
    y = Gather<axis = 0>(table, same)
    hit = Equal(same, eos)
}"""


def test_ids_are_int32_all_the_way(graph, run, apply, ops, rng):
    table = rng.standard_normal((9, 2)).astype(np.float32)
    model, before = (graph(IDS, table=table, eos=np.array(7)) for _ in range(2))
    ids = rng.integers(0, 9, (3, 4))
    assert apply(Int32Ids(), model) == 1
    assert model.graph.inputs[0].dtype == ir.DataType.INT32
    assert "Cast" not in ops(model)
    for got, wanted in zip(run(model, ids=ids.astype(np.int32)), run(before, ids=ids), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_an_operator_that_insists_on_int64_gets_it(graph, run, apply, ops):
    text = "agraph (int64[n] a) => (int64[n] y) { two = Constant<value = int64 {2}>() \n y = Mul(a, two) }"
    model = graph(text)
    assert apply(Int32Ids(), model) == 1
    assert ops(model) == ["Constant", "Cast", "Mul"]
    assert run(model, a=np.array([3], np.int32))[0].tolist() == [6]


def test_ids_are_int32_already(graph, apply):
    text = "agraph (int32[n] ids, float[9] table) => (float[n] y) { y = Gather<axis = 0>(table, ids) }"
    assert apply(Int32Ids(), graph(text)) == 0


def test_casts_around_softmax_go(graph, apply, ops):
    text = """agraph (float[n, 4] x) => (float[n, 4] y) {
        a = Cast<to = 1>(x)
        p = Softmax<axis = -1>(a)
        b = Cast<to = 1>(p)
        c = Cast<to = 1>(b)
        y = Abs(c)
    }"""
    model = graph(text)
    assert apply(DropCasts(), model) == 3
    assert ops(model) == ["Softmax", "Abs"]


def test_a_detour_over_a_wider_type_goes(graph, apply, ops):
    text = """agraph (int32[n] x) => (int32[n] y) {
        wide = Cast<to = 7>(x)
        back = Cast<to = 6>(wide)
        y = Abs(back)
    }"""
    model = graph(text)
    assert apply(DropCasts(), model) == 2
    assert ops(model) == ["Abs"]


def test_a_detour_over_a_narrower_type_stays(graph, apply):
    text = """agraph (float[n] x) => (float[n] y) {
        narrow = Cast<to = 10>(x)
        back = Cast<to = 1>(narrow)
        y = Abs(back)
    }"""
    assert apply(DropCasts(), graph(text)) == 0


def test_a_detour_over_a_type_that_rounds_stays(graph, apply):
    text = """agraph (int64[n] x) => (int64[n] y) {
        rounded = Cast<to = 11>(x)
        back = Cast<to = 7>(rounded)
        y = Abs(back)
    }"""
    assert apply(DropCasts(), graph(text)) == 0


def test_a_cast_that_is_all_between_input_and_output_stays(graph, apply):
    assert apply(DropCasts(), graph("agraph (float[n] x) => (float[n] y) { y = Cast<to = 1>(x) }")) == 0
