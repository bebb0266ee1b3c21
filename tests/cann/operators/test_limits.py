import pytest

from ascendc.cann.operators import table
from ascendc.cann.operators.limits import beyond
from ascendc.cann.operators.verdict import Call, Verdict
from ascendc.cann.outline import Port


@pytest.mark.parametrize(
    ("op", "good", "bad", "verdict"),
    [
        (
            "Transpose",
            {"perm": (1, 0)},
            {},
            Verdict("unknown", "ATC's parser wants the attribute perm to be written out"),
        ),
        (
            "ArgMax",
            {"select_last_index": (0,)},
            {"select_last_index": (1,)},
            Verdict("unknown", "ATC's parser refuses select_last_index=1"),
        ),
        (
            "ReduceMean",
            {},
            {"noop_with_empty_axes": (1,)},
            Verdict("unknown", "ATC's parser passes over noop_with_empty_axes=1"),
        ),
        (
            "ScatterND",
            {"reduction": ("add",)},
            {"reduction": ("mul",)},
            Verdict("unknown", "ATC's parser refuses reduction=mul"),
        ),
        ("GatherND", {"batch_dims": (0,)}, {"batch_dims": (1,)}, Verdict("unknown", "batch_dims 1; allowed: up to 0")),
        ("Conv", {"strides": (63, 1)}, {"strides": (1, 64)}, Verdict("unknown", "strides 64; allowed: up to 63")),
        ("OneHot", {"axis": (-1,)}, {"axis": (-2,)}, Verdict("unknown", "axis=-2; allowed: -1 and more")),
        (
            "AveragePool",
            {"kernel_shape": (16, 16)},
            {"kernel_shape": (16, 17)},
            Verdict("aicpu", "kernel_shape of 272 elements; the AI Core takes up to 256"),
        ),
        (
            "MaxPool",
            {"strides": (63, 63)},
            {"strides": (64, 1)},
            Verdict("aicpu", "strides 64; the AI Core takes up to 63"),
        ),
    ],
)
def test_a_limit(op, good, bad, verdict):
    limits = table.onnx()[("", op)].limits
    assert beyond(Call("n", op, "", (), (), good), limits) is None
    assert beyond(Call("n", op, "", (), (), bad), limits) == verdict


def test_a_second_output_that_the_parser_does_not_give():
    limits = table.onnx()[("", "MaxPool")].limits
    one, two, left_out = Port("y", "float32", None), Port("i", "int64", None), Port("", None, None)
    assert beyond(Call("n", "MaxPool", "", (), (one, left_out), {}), limits) is None
    refused = beyond(Call("n", "MaxPool", "", (), (one, two), {}), limits)
    assert refused == Verdict("unknown", "ATC's parser gives 1 of its outputs, not 2")


def test_every_limit_of_the_table_is_one_that_is_understood():
    for (_, op), mapped in table.onnx().items():
        for limit in mapped.limits:
            assert limit.rule in ("required", "refused", "ignored", "most", "least", "product"), op
            assert bool(limit.values) == (limit.rule != "required"), op
