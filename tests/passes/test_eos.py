from __future__ import annotations

import numpy as np
import pytest

from ascendc.errors import StageError
from ascendc.passes import EosPool, SymbolicBatch

EOS, SOT, LENGTH, WIDTH = 49407, 49406, 9, 4

HEAD = "agraph (int32[5, 9] ids, float[5, 9, 4] hidden) => (float[5, 4] y) {"
COMPARED = """
    eos = Constant<value = int64 {49407}>()
    wide = Cast<to = 7>(ids)
    hit = Equal(wide, eos)
    number = Cast<to = 6>(hit)
    at = ArgMax<axis = -1, keepdims = 0>(number)"""
LEGACY = """
    size = Constant<value = int64[2] {49408, 1}>()
    table = ConstantOfShape(size)
    embedded = Gather(table, ids)
    same = Cast<to = 6>(ids)
    at = ArgMax<axis = -1, keepdims = 0>(same)"""
BY_GATHER = """
    starts = Constant<value = int64[5] {0, 9, 18, 27, 36}>()
    row = Add(at, starts)
    flat = Flatten<axis = 2>(hidden)
    picked = Gather<axis = 0>(flat, row)
    first = Constant<value = int64[2] {-1, 4}>()
    one = Reshape(picked, first)
    second = Constant<value = int64[2] {5, 4}>()
    two = Reshape(one, second)
    y = Abs(two) }"""
BY_GATHER_ND = """
    last = Constant<value = int64[1] {-1}>()
    column = Unsqueeze(at, last)
    rows = Constant<value = int64[5, 1] {0, 1, 2, 3, 4}>()
    index = Concat<axis = -1>(rows, column)
    picked = GatherND(hidden, index)
    y = Abs(picked) }"""


def ids(pad, batch=5):
    """Texts that end at 2, 3, …; what follows is padding."""
    rows = np.full((batch, LENGTH), pad, np.int32)
    for i, row in enumerate(rows):
        end = 2 + i % (LENGTH - 2)
        row[0], row[1:end], row[end] = SOT, 320 + np.arange(end - 1), EOS
    return rows


def ends(batch):
    return [2 + i % (LENGTH - 2) for i in range(batch)]


@pytest.mark.parametrize("pad", [0, EOS])
def test_the_failure_fp16_cannot_tell_start_from_end(pad):
    assert ids(pad).argmax(axis=1).tolist() == ends(5)
    assert ids(pad).astype(np.float16).argmax(axis=1).tolist() == [0] * 5


@pytest.mark.parametrize("pad", [0, EOS])
@pytest.mark.parametrize("pooling", [BY_GATHER, BY_GATHER_ND], ids=["gather", "gathernd"])
@pytest.mark.parametrize(("head", "option"), [(COMPARED, None), (LEGACY, EOS)], ids=["compared", "legacy"])
def test_every_form_picks_the_first_end_at_any_batch(graph, run, apply, ops, rng, head, option, pooling, pad):
    model, before = graph(HEAD + head + pooling), graph(HEAD + head + pooling)
    assert apply(EosPool(option), model) == 1
    assert not {"ArgMax", "Gather", "GatherND"} & set(ops(model))
    hidden = rng.standard_normal((5, LENGTH, WIDTH)).astype(np.float32)
    np.testing.assert_array_equal(
        run(model, ids=ids(pad), hidden=hidden)[0], run(before, ids=ids(pad), hidden=hidden)[0]
    )
    apply(SymbolicBatch(), model)
    for batch in (1, 3, 8):
        hidden = rng.standard_normal((batch, LENGTH, WIDTH)).astype(np.float32)
        wanted = np.abs(hidden[np.arange(batch), ends(batch)])
        np.testing.assert_array_equal(run(model, ids=ids(pad, batch), hidden=hidden)[0], wanted)


@pytest.mark.parametrize("pad", [0, EOS])
def test_the_rewritten_arithmetic_is_exact_in_fp16(graph, apply, rng, pad):
    """The graph's own constants, carried out in fp16 with CLIP's full context."""
    model = graph((HEAD + LEGACY + BY_GATHER_ND).replace("9", "77"))
    apply(EosPool(EOS), model)
    triangle = next(v for n, v in model.graph.initializers.items() if n.endswith("triangle")).const_value.numpy()
    hidden = rng.standard_normal((77, 4)).astype(np.float16)
    for end in range(1, 77):
        row = np.full(77, pad, np.int32)
        row[:end], row[end] = SOT, EOS
        rank = (row == EOS).astype(np.float16) @ triangle.astype(np.float16)
        first = (rank == np.float16(1)).astype(np.float16)
        np.testing.assert_array_equal(first @ hidden, hidden[end])


def test_the_end_of_text_id_must_be_given_where_the_graph_does_not_hold_it(graph):
    model = graph(HEAD + LEGACY + BY_GATHER)
    next(node for node in model.graph if node.op_type == "ArgMax").name = "pool/ArgMax"
    with pytest.raises(StageError) as caught:
        EosPool().rewrite(model)
    assert caught.value.id == "ASC1511"
    assert str(caught.value) == (
        "`pool/ArgMax` takes the ArgMax of the token ids; option `eos` must name the end-of-text id\n"
        "  hint: set the pass's option `eos` (49407 in CLIP's vocabulary)"
    )


def test_an_argmax_of_ids_that_pools_nothing_is_refused(graph):
    model = graph("agraph (int32[5, 9] ids) => (int64[5] at) {" + LEGACY + "}")
    next(node for node in model.graph if node.op_type == "ArgMax").name = "top"
    with pytest.raises(StageError, match=r"^`top` over token ids must index exactly one Gather, not none$"):
        EosPool(EOS).rewrite(model)


def test_classes_are_no_tokens(graph, apply):
    text = "agraph (float[n, 9] scores) => (int64[n] best) { best = ArgMax<axis = -1, keepdims = 0>(scores) }"
    assert apply(EosPool(), graph(text)) == 0


def test_an_integer_input_that_is_no_embedding_index_is_no_text(graph, apply, ops):
    text = HEAD + LEGACY.replace("embedded = Gather(table, ids)", "") + BY_GATHER
    model = graph(text)
    assert apply(EosPool(EOS), model) == 0
    assert "ArgMax" in ops(model)


@pytest.mark.parametrize("attribute", ["axis = -1, select_last_index = 1", "axis = 0"])
def test_another_argmax_over_the_comparison_stays(graph, attribute):
    model = graph((HEAD + COMPARED + BY_GATHER).replace("axis = -1", attribute, 1))
    assert EosPool().rewrite(model) == 0


@pytest.mark.parametrize(
    ("pooling", "message"),
    [
        (BY_GATHER.replace("{0, 9, 18, 27, 36}", "{1, 10, 19, 28, 37}"), r"^`move` \(Add\) moves the index of `top`"),
        (BY_GATHER.replace("starts =", "s =").replace("starts)", "hidden_starts)"), r"in steps of 9, may be there$"),
        (BY_GATHER_ND.replace("{0, 1, 2, 3, 4}", "{4, 3, 2, 1, 0}"), r"^`move` \(Concat\) moves the index of `top`"),
        (BY_GATHER.replace("Add(at", "Mul(at"), r"^`top` over token ids must index exactly one Gather, not none$"),
    ],
    ids=["shifted", "not constant", "swapped", "scaled"],
)
def test_an_index_that_moves_off_the_end_is_refused(graph, pooling, message):
    head = HEAD.replace("hidden)", "hidden, int64[5] hidden_starts)", 1)
    model = graph(head + COMPARED + pooling)
    for node in model.graph:
        node.name = {"ArgMax": "top", "Add": "move", "Concat": "move"}.get(node.op_type)
    with pytest.raises(StageError, match=message) as caught:
        EosPool().rewrite(model)
    assert caught.value.id == "ASC1512"
