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
    assert say(table.caption, "en") == "Batches of image; as gears of a recipe: batch: [1, 4]"
    assert [say(row[-1], "zh") for row in table.rows] == ["是", "是", "否"]
