import pytest

from ascendc.bench.gears import gears, points


@pytest.mark.parametrize(
    ("medians", "kept"),
    [
        ({1: 2.0, 2: 2.2, 4: 3.0, 8: 5.0}, (1, 2, 4, 8)),
        ({1: 2.0, 4: 3.0, 8: 5.9}, (1, 4)),  # 1333 and then 1356 items a second
        ({1: 1.0, 2: 2.0, 4: 3.2}, (1, 4)),  # 1000, 1000, 1250: what is left out may lie between
        ({1: 1.0, 8: 8.5}, (1,)),
        ({4: 3.0}, (4,)),
    ],
)
def test_a_gear_must_be_worth_its_latency(medians, kept):
    assert gears(points(medians)) == kept


def test_points_are_in_order_and_count_items():
    [one, eight] = points({8: 4.0, 1: 1.0})
    assert (one.batch, one.per_second) == (1, 1000)
    assert (eight.batch, eight.p50_ms, eight.per_second) == (8, 4, 2000)
