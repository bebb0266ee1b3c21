import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascendc.cann.cost import flops as table
from ascendc.cann.cost.flops import Flops, flops
from ascendc.cann.cost.graph import Op, Tensor


def op(kind, inputs, output, **attributes):
    ins = tuple(None if shape is None else Tensor(f"i{n}", "float32", shape) for n, shape in enumerate(inputs))
    return Op("n", kind, ins, (Tensor("o", "float32", output),), attributes)


@pytest.mark.parametrize(
    ("node", "matrix", "other"),
    [
        # 50 × 3072 results, each the sum of 768 products.
        (op("MatMul", [(1, 50, 768), (768, 3072)], (1, 50, 3072)), 2 * 768 * 50 * 3072, 0),
        (op("MatMul", [(8, 12, 50, 64), (8, 12, 64, 50)], (8, 12, 50, 50)), 2 * 64 * 8 * 12 * 50 * 50, 0),
        (op("MatMul", [(768,), (768,)], ()), 2 * 768, 0),
        (op("Gemm", [(4, 10), (10, 3), (3,)], (4, 3)), 2 * 10 * 12, 12),
        (op("Gemm", [(10, 4), (10, 3)], (4, 3), transA=1), 2 * 10 * 12, 0),
        # ViT-B/32's patches: 7 × 7 results of 768 filters with 3 × 32 × 32 weights.
        (op("Conv", [(1, 3, 224, 224), (768, 3, 32, 32)], (1, 768, 7, 7)), 2 * 3 * 32 * 32 * 768 * 49, 0),
        # Depthwise: every filter sees one channel.
        (op("Conv", [(1, 32, 8, 8), (32, 1, 3, 3), (32,)], (1, 32, 8, 8), group=32), 2 * 9 * 2048, 2048),
        (op("ConvTranspose", [(1, 16, 4, 4), (16, 8, 2, 2)], (1, 8, 8, 8)), 2 * 8 * 4 * 256, 0),
        (op("Einsum", [(2, 3, 5), (2, 5, 7)], (2, 3, 7), equation="bij,bjk->bik"), 2 * 2 * 3 * 5 * 7, 0),
        (op("LSTM", [(5, 2, 10), (1, 80, 10), (1, 80, 20)], (5, 1, 2, 20)), 2 * 5 * 2 * 80 * (10 + 20), 5 * 2 * 80 * 4),
        (op("GRU", [(5, 2, 10), (2, 60, 10), (2, 60, 20)], (5, 2, 2, 20)), 2 * 5 * 2 * 2 * 60 * 30, 20 * 60 * 4),
        (op("Add", [(8, 50, 768), (768,)], (8, 50, 768)), 0, 8 * 50 * 768),
        (op("Softmax", [(12, 50, 50)], (12, 50, 50)), 0, 5 * 12 * 50 * 50),
        (op("LayerNormalization", [(50, 768), (768,)], (50, 768)), 0, 8 * 50 * 768),
        (op("ReduceMean", [(50, 768)], (50, 1)), 0, 50 * 768),
        (op("Sum", [(4,), (4,), (4,)], (4,)), 0, 12),
        (op("MaxPool", [(1, 8, 8, 8)], (1, 8, 4, 4), kernel_shape=(2, 2)), 0, 4 * 8 * 16),
        (op("Transpose", [(2, 3)], (3, 2)), 0, 0),
        (op("Gather", [(49408, 512), (1, 77)], (1, 77, 512)), 0, 0),
    ],
    ids=lambda value: value.op if isinstance(value, Op) else "",
)
def test_operations_as_counted_by_hand(node, matrix, other):
    assert flops(node) == Flops(matrix, other)


@pytest.mark.parametrize(
    "node",
    [
        op("Sorcery", [(2,)], (2,)),
        op("com.microsoft::Attention", [(2, 3)], (2, 3)),
        op("MatMul", [None, (3, 3)], (3, 3)),
        op("MatMul", [], (3, 3)),
        op("MatMul", [(), (3,)], (3,)),
        op("Gemm", [(3,), (3,)], (3,)),
        op("Conv", [(1, 3, 8, 8)], (1, 3, 8, 8)),
        op("MaxPool", [(1, 8, 8, 8)], (1, 8, 4, 4)),
        op("MaxPool", [(1, 8, 8, 8)], (1, 8, 4, 4), kernel_shape="2"),
        op("LSTM", [(5, 2, 10), (1, 80, 10), (1, 70, 20)], (5, 1, 2, 20)),
        op("Einsum", [(2, 3), (3, 4)], (2, 4), equation="...ij,...jk"),
        op("Einsum", [(2, 3, 4), (3, 4)], (2, 4), equation="ij,jk"),
        op("Einsum", [(2, 3)], (2,), equation="ij"),
        Op("n", "MatMul", (), ()),
    ],
)
def test_what_is_unknown_or_does_not_fit_is_not_counted(node):
    assert flops(node) is None


SHAPES = st.lists(st.integers(0, 1 << 40), max_size=5).map(tuple)
KINDS = sorted({*table._MATRIX, *table.PER_OUTPUT, *table.PER_INPUT, *table.MOVES, "Sum", "MaxPool", "Loop"})


@settings(deadline=None)
@given(
    st.sampled_from(KINDS),
    st.lists(st.none() | SHAPES, max_size=4),
    SHAPES,
    st.dictionaries(
        st.sampled_from(["kernel_shape", "equation", "transA"]),
        st.text("ijk,->. ", max_size=9) | st.integers() | SHAPES,
    ),
)
def test_any_operator_is_counted_or_not(kind, inputs, output, attributes):
    counted = flops(op(kind, inputs, output, **attributes))
    assert counted is None or (counted.matrix >= 0 and counted.other >= 0)


def test_no_operator_stands_in_two_tables():
    tables = (table._MATRIX, table.PER_OUTPUT, table.PER_INPUT, table.MOVES)
    names = [name for found in tables for name in found]
    assert len(names) == len(set(names))
