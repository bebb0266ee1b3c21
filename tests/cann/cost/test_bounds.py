import pytest

from ascendc.cann import soc
from ascendc.cann.cost.bounds import bound, machine
from ascendc.cann.cost.graph import Graph, Op, Tensor
from ascendc.cann.soc import Figure
from ascendc.errors import UsageError

P3, B4 = soc.table()["Ascend310P3"], soc.table()["Ascend310B4"]


def chain(n, rows, width=1000):
    """`n` products with a square weight, and one addition."""
    values = [Tensor(f"x{at}", "float32", (rows, width)) for at in range(n + 2)]
    ops = [
        Op(f"m{at}", "MatMul", (values[at], Tensor(f"w{at}", "float32", (width, width), True)), (values[at + 1],))
        for at in range(n)
    ]
    ops.append(Op("a", "Add", (values[n], values[n]), (values[n + 1],)))
    return Graph((values[0],), (values[n + 1],), tuple(ops))


def test_of_few_rows_the_weights_are_the_bound():
    found = bound(chain(3, 4), 4, machine(P3, "fp16"))
    crossing = 2 * (3 * 1000 * 1000 + 2 * 4 * 1000)
    assert (found.matrix_flops, found.other_flops, found.bytes) == (3 * 2 * 4 * 1000 * 1000, 4000, crossing)
    assert found.milliseconds == pytest.approx(crossing / 204e9 * 1e3)
    assert found.per_second == pytest.approx(4 / (crossing / 204e9))
    assert (found.limit, found.weights) == ("memory", 6_000_000)


def test_of_many_rows_the_peak_is_the_bound():
    found = bound(chain(3, 4000), 4000, machine(B4, "fp16"))
    assert found.milliseconds == pytest.approx(3 * 2 * 4000 * 1e6 / 4.1e12 * 1e3)
    assert found.limit == "compute"


def test_operators_alike_are_one_line_and_the_dearest_comes_first():
    found = bound(chain(3, 4), 4, machine(P3, "fp16"), most=1)
    [node] = found.nodes
    each = 2 * (4000 + 1_000_000 + 4000) / 204e9 * 1e3
    assert (node.op, node.count, node.example, node.shapes) == ("MatMul", 3, "m0", ("4×1000", "1000×1000"))
    assert (node.milliseconds, node.limit) == (pytest.approx(3 * each), "memory")
    assert [(kind.op, kind.count) for kind in found.types] == [("MatMul", 3), ("Add", 1)]
    assert sum(kind.share for kind in found.types) == pytest.approx(1)
    assert found.unfused_milliseconds == pytest.approx(3 * each + 2 * 3 * 4000 / 204e9 * 1e3)


def test_fp32_doubles_the_bytes_and_has_no_more_peak():
    chip = machine(P3, "fp32")
    assert chip.peak == Figure(
        69.47, "derived", "8 × 4096 multiply-accumulates × 2 × 1060 MHz, in fp16: fp32 has no more"
    )
    assert bound(chain(3, 4), 4, chip).bytes == 2 * bound(chain(3, 4), 4, machine(P3, "fp16")).bytes


def test_a_graph_that_does_nothing_is_bound_by_nothing():
    found = bound(Graph((), (), ()), 1, machine(P3, "fp16"))
    assert (found.milliseconds, found.per_second, found.limit, found.nodes) == (0, 0, "neither", ())


@pytest.mark.parametrize(
    ("name", "precision", "id", "message"),
    [
        ("Ascend310P3", "bf16", "ASC2351", "precision must not be bf16: Ascend310P3 has none; allowed: fp16, fp32"),
        (
            "Ascend035",
            "fp16",
            "ASC2352",
            "no memory bandwidth is known of Ascend035, so nothing can be estimated on it",
        ),
    ],
)
def test_chips_that_cannot_be_estimated_on(name, precision, id, message):
    with pytest.raises(UsageError) as caught:
        machine(soc.table()[name], precision)
    assert (caught.value.id, caught.value.message) == (id, message)


def test_bf16_where_there_is_one():
    assert machine(B4, "bf16").float_size == 2


def test_a_higher_peak_in_circulation_is_named():
    note = machine(soc.table()["Ascend910B4"], "fp16").peak.note
    assert note == "20 × 4096 multiply-accumulates × 2 × 1500 MHz; 280 is in circulation"
