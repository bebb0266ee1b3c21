import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascendc.cann.cost import memory
from ascendc.cann.cost.graph import Graph, Op, Tensor


def value(name, *shape, dtype="float32", constant=False):
    return Tensor(name, dtype, shape, constant)


def op(kind, inputs, *outputs):
    return Op(kind, kind, tuple(inputs), outputs)


X, W = value("x", 10, 4), value("w", 4, 6, constant=True)


@pytest.mark.parametrize(
    ("node", "fp16", "fp32"),
    [
        (op("MatMul", [X, W], value("y", 10, 6)), 2 * (40 + 24 + 60), 4 * (40 + 24 + 60)),
        (op("Reshape", [X, value("s", 2, dtype="int64", constant=True)], value("y", 40)), 0, 0),
        (op("Shape", [X], value("y", 2, dtype="int64")), 0, 0),
        # Of the table only the rows that are picked; ids stay 8 bytes.
        (
            op("Gather", [value("t", 1000, 4, constant=True), value("i", 3, dtype="int64")], value("y", 3, 4)),
            2 * (12 + 12) + 24,
            4 * (12 + 12) + 24,
        ),
        (op("Clip", [X, None, value("m", constant=True)], value("y", 10, 4)), 2 * (40 + 1 + 40), 4 * (40 + 1 + 40)),
        (op("Odd", [value("a", 5, dtype="int4")], value("b", 5, dtype="bool")), 20 + 5, 20 + 5),
    ],
    ids=lambda node: node.op if isinstance(node, Op) else "",
)
def test_bytes_that_an_operator_moves(node, fp16, fp32):
    assert (memory.moved(node, 2), memory.moved(node, 4)) == (fp16, fp32)


def graph():
    """x → a → reshape → b → y, and a once more into y; w is read twice."""
    a, flat, b, y = value("a", 10, 4), value("flat", 40), value("b", 40), value("y", 10, 4)
    ops = (
        op("Add", [X, value("w", 4, constant=True)], a),
        op("Reshape", [a], flat),
        op("Mul", [flat, value("w", 4, constant=True)], b),
        op("Sub", [b, a], y),
    )
    return Graph((X,), (y,), ops)


def test_a_weight_counts_once_however_many_read_it():
    assert memory.weights(graph(), 2) == 8
    assert memory.through(graph(), 2) == 2 * (4 + 40 + 40)


def test_of_a_table_that_is_picked_from_twice_no_more_crosses_than_it_has():
    table = value("t", 4, 4, constant=True)
    picks = tuple(op("Gather", [table, value("i", 3)], value(f"y{n}", 3, 4)) for n in range(2))
    assert memory.through(Graph((), (), picks), 2) == 2 * 16
    assert memory.through(Graph((), (), picks[:1]), 2) == 2 * 12


def test_activations_die_after_their_last_reader_and_views_are_no_copy():
    # At the last operator x, b, a and y are alive; flat is a's memory.
    assert memory.peak(graph(), 2) == 2 * 160


def test_an_output_that_nobody_reads_lives_while_it_is_made():
    ops = (op("Split", [X], value("a", 5, 4), value("b", 5, 4)), op("Neg", [value("a", 5, 4)], value("y", 5, 4)))
    assert memory.peak(Graph((X,), (value("y", 5, 4),), ops), 2) == 2 * (40 + 20 + 20)


def test_a_graph_without_operators_holds_its_inputs():
    assert memory.peak(Graph((X,), (X,), ()), 2) == 80


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["Add", "Reshape", "Split"]), st.integers(0, 9), st.integers(1, 64)), max_size=30
    )
)
def test_no_more_is_alive_than_there_is_and_no_less_than_one_operator_needs(steps):
    values = [X]
    ops = []
    for n, (kind, source, size) in enumerate(steps):
        read = values[source % len(values)]
        made = value(f"v{n}", *(read.shape if kind == "Reshape" else (size,)))
        ops.append(op(kind, [read], made))
        values.append(made)
    found = memory.peak(Graph((X,), (values[-1],), tuple(ops)), 2)
    assert X.bytes(2) <= found <= sum(each.bytes(2) for each in values)
