import pytest

from ascendc.cann import soc
from ascendc.cann.operators import table
from ascendc.cann.operators.table import Kernel
from ascendc.errors import UsageError

A, B, C = frozenset("a"), frozenset("b"), frozenset("c")


@pytest.mark.parametrize("name", ["operators.json", "operators_onnx.json"])
def test_each_table_says_what_it_is(name):
    document = table.document(name)
    assert list(document)[:3] == ["version", "source", "schema"]
    assert document["source"]


def test_it_names_its_source():
    assert table.bundled("ascend310").source == "bundled: CANN 8.1.RC1 op stores, ONNX mapping of 2026-08"


@pytest.mark.parametrize(
    "name", ["Ascend310", "Ascend310P3", "Ascend310B4", "Ascend910A", "Ascend910B3", "Ascend910_9391"]
)
def test_every_family_has_its_stores(name):
    operators = table.bundled(soc.resolve(name).soc.short_opp)
    assert [engine.name for engine in operators.engines] == ["AI Core", "AI CPU", "AI CPU (TF kernels)"]
    assert all(engine.store for engine in operators.engines)


def test_a_family_that_is_not_in_it():
    with pytest.raises(UsageError) as caught:
        table.bundled("ascend610")
    assert (caught.value.id, caught.value.message) == (
        "ASC2321",
        (
            "no operators of `ascend610` are in ascendc's tables; "
            "there are: ascend310, ascend310b, ascend310p, ascend910, ascend910b, ascend910_93"
        ),
    )


@pytest.mark.parametrize(
    ("op", "opsets"),
    [
        (("", "Add"), [*range(8, 19)]),
        (("", "ReduceL2"), [*range(8, 18)]),
        (("", "LayerNormalization"), [17, 18]),
        (("", "GridSample"), [11, 16, 17, 18]),
        (("", "LSTMP"), [*range(8, 17), 18]),
        (("", "AscendQuant"), [*range(8, 23)]),
        (("npu", "NPUFastGelu"), [1]),
    ],
)
def test_the_opsets_that_an_operator_is_registered_for(op, opsets):
    assert sorted(table.onnx()[op].opsets) == opsets


@pytest.mark.parametrize("op", ["DequantizeLinear", "Loop", "Scan", "GroupNormalization", "Gelu", "RNN"])
def test_operators_that_no_opset_has(op):
    assert ("", op) not in table.onnx()


@pytest.mark.parametrize(
    ("opset", "count"),
    [
        (8, 124),
        (9, 132),
        (10, 136),
        (11, 150),
        (12, 150),
        (13, 150),
        (14, 152),
        (15, 154),
        (16, 155),
        (17, 154),
        (18, 158),
    ],
)
def test_how_many_standard_operators_each_opset_has(opset, count):
    """As counted in the plugins' sources; Constant among them."""
    import onnx

    standard = {schema.name for schema in onnx.defs.get_all_schemas_with_history() if schema.domain == ""}
    assert sum(opset in m.opsets for (domain, op), m in table.onnx().items() if not domain and op in standard) == count


def test_every_ge_type_is_in_a_store_or_known_to_be_in_none():
    """In no store: what fusion passes rewrite, and what is newer than CANN 8.1."""
    engines = [engine for family in FAMILIES for engine in table.bundled(family).engines]
    held = {name for engine in engines for name in engine.store} | table.local()
    missing = {name for mapped in table.onnx().values() for name in (*mapped.ge, *mapped.beside)} - held
    assert {"CommonLSTM", "Dropout", "Einsum", "GlobalAveragePool", "SequenceAt", "Trilu"} <= missing
    assert len(missing) == 31


FAMILIES = ("ascend310", "ascend310b", "ascend310p", "ascend910", "ascend910b", "ascend910_93")


@pytest.mark.parametrize(
    ("variadic", "index", "count", "types"),
    [
        ((), 0, 3, A),
        ((), 2, 3, C),
        ((), 5, 6, C),
        ((0,), 0, 5, A),
        ((0,), 2, 5, A),
        ((0,), 3, 5, B),
        ((0,), 4, 5, C),
        ((0,), 1, 2, B),
        ((1,), 0, 2, A),
        ((1,), 1, 2, B),
        ((2,), 4, 5, C),
        ((0, 1), 0, 4, None),
        ((1, 2), 0, 4, A),
        ((1, 2), 3, 4, None),
    ],
)
def test_where_the_types_of_an_input_are(variadic, index, count, types):
    assert Kernel((A, B, C), (), variadic).takes(index, count) == types


def test_a_kernel_without_lists_takes_and_gives_anything():
    assert Kernel((), ()).takes(0, 1) is None
    assert Kernel((), ()).gives(0) is None
    assert Kernel((A,), (B,)).gives(3) == B
