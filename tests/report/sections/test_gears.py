from __future__ import annotations

from ascendc.report.given import Given
from ascendc.report.sections.gears import gears
from ascendc.report.words import say


def test_without_several_batches_there_is_none(results):
    assert gears(Given(benches=(results(scaling=()),))) is None


def test_a_curve_with_the_gears_marked(results):
    figure, table = gears(Given(benches=(results(),))).blocks
    assert [(point.x, point.y, point.chosen) for point in figure.chart.data] == [
        (1, 500.0, True),
        (4, 1000.0, True),
        (8, 1000.0, False),
    ]
    assert say(table.caption, "en") == "tiny, image: batches; as gears of a recipe: batch: [1, 4]"
    assert [say(row[-1], "zh") for row in table.rows] == ["是", "是", "否"]


def test_two_benchmarks_have_curves_of_their_own(results):
    blocks = gears(Given(benches=(results(), results(command="later")))).blocks
    assert [len(figure.chart.data) for figure in blocks[::2]] == [3, 3]
