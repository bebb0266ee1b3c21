from __future__ import annotations

import sys
from xml.etree import ElementTree

import pytest

from ascendc.errors import EnvironmentLacksError
from ascendc.report.charts import Bar, Chart, Pair, Point, Spread, draw
from ascendc.report.words import Text

HOSTILE = "\"]; alert(1) //</text><script>alert('x')</script>\\ \u2028 图"


def texts(svg):
    return [node.text for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_bars_have_their_names_and_the_axis_its_unit():
    drawn = draw(Chart("bars", (Bar("export image", 8.0), Bar("fix image", 1.0)), Text("seconds", "秒")), "zh")
    assert {"export image", "fix image", "秒"} <= set(texts(drawn.wide))
    assert 'width="760"' in drawn.wide
    assert 'width="330"' in drawn.narrow


def test_the_same_data_gives_the_same_text():
    chart = Chart("curves", (Point("onnx", 1, 10, True), Point("onnx", 4, 30, False)), "batch", "items/s")
    assert draw(chart, "en") == draw(chart, "en")


def test_a_hostile_name_is_text():
    drawn = draw(Chart("bars", (Bar(HOSTILE, 1.0), Bar("b", 2.0)), HOSTILE), "en")
    assert texts(drawn.wide).count(HOSTILE) == 1, "the title, whole"
    assert "script" in "".join(texts(drawn.wide)), "the label, its middle left out"
    assert not list(ElementTree.fromstring(drawn.wide).iter("{http://www.w3.org/2000/svg}script"))


def test_a_long_name_keeps_its_ends():
    drawn = draw(Chart("bars", (Bar("vision_model.encoder.layers.11", 1.0),), "x"), "en")
    assert "vision_model.encoder.layers.11" in texts(drawn.wide)
    assert "vision…r.layers.11" in texts(drawn.narrow)


def test_what_has_no_number_keeps_its_row():
    rows = (Pair("a", 1e-4, 1e-3), Pair("lost", None, None), Pair("zero", 0.0, 1e-3))
    drawn = draw(Chart("pairs", rows, "error", names=("own", "accumulated"), log=True), "en")
    assert {"a", "lost", "zero", "own", "accumulated", "10⁻³"} <= set(texts(drawn.wide))


@pytest.mark.parametrize("log", [False, True])
def test_every_run_is_drawn_and_the_median(log):
    drawn = draw(Chart("spreads", (Spread("image × 1", (1.0, 2.0, 50.0), 2.0),), "ms", log=log), "en")
    assert drawn.wide.count('fill="var(--series-1)"') == 3
    assert drawn.wide.count('fill="var(--series-2)"') == 1


def test_series_differ_in_shape_too():
    points = tuple(Point(name, batch, batch, True) for name in ("onnx", "torch") for batch in (1, 4))
    drawn = draw(Chart("curves", points, "batch", "items/s"), "en")
    shapes = {
        node.get("d")
        for node in ElementTree.fromstring(drawn.wide).iter("{http://www.w3.org/2000/svg}path")
        if node.get("fill", "").startswith("var(--series")
    }
    assert len(shapes) >= 2
    assert {"onnx", "torch"} <= set(texts(drawn.wide))


def test_colours_are_those_of_the_page():
    drawn = draw(Chart("bars", (Bar("a", 1.0),), "x"), "en")
    assert 'fill="var(--series-1)"' in drawn.wide
    assert "#" not in drawn.wide.replace("http://", "")


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(EnvironmentLacksError) as caught:
        draw(Chart("bars", (Bar("a", 1.0),), "x"), "en")
    assert str(caught.value) == (
        "charts are drawn by the package vl-convert-python, which is not installed\n"
        "  hint: pip install 'ascendc[report]'"
    )
