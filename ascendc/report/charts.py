"""Charts as static SVG, drawn by Vega-Lite: no script, no request, text that stays text, colours of the page.

Each is drawn twice, for a desk and for a phone; the page shows the one that fits. Series differ in shape as well as in
colour (Okabe and Ito's, which people with any colour vision tell apart), and every figure has its numbers in words or
in a table beside it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ascendc.errors import EnvironmentLacksError
from ascendc.report.numbers import power
from ascendc.report.words import Language, Said, say

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDE, NARROW = 760, 330
"""Pixels."""

ROW = 20
"""Pixels of a row of bars or dots."""

LONGEST = {WIDE: 40, NARROW: 18}
"""Letters of a row's label, by width of the chart; of a longer one the middle is left out."""

POWERS = range(-12, 13)
"""Of ten, on a log scale."""

SERIES = tuple(f"var(--series-{n})" for n in range(1, 7))
"""Of the page's style sheet, by which they follow light and dark."""

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")

Spec = dict[str, Any]
"""A Vega-Lite document, or a part of one (version 6.4)."""

VEGA_LITE = "6.4"

_CONFIG: Spec = {
    "aria": False,  # the figure is labelled as a whole
    "background": "transparent",
    "font": "inherit",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--soft)",
        "titleColor": "var(--soft)",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "gridColor": "var(--rule)",
        "domain": False,
        "ticks": False,
        "labelPadding": 10,
        "tickCount": 5,
    },
    "axisY": {"labelColor": "var(--ink)"},
    "legend": {
        "orient": "top",
        "direction": "horizontal",
        "labelColor": "var(--ink)",
        "labelFontSize": 11,
        "title": None,
        "symbolSize": 70,
        "symbolStrokeWidth": 2,
        "labelLimit": 260,
        "columnPadding": 16,
    },
}


@dataclass(frozen=True)
class Bar:
    """A row."""

    label: str
    value: float


@dataclass(frozen=True)
class Pair:
    """A row with two values; None where there is no number."""

    label: str
    first: float | None
    second: float | None


@dataclass(frozen=True)
class Spread:
    """A row of many values."""

    label: str
    values: tuple[float, ...]
    middle: float


@dataclass(frozen=True)
class Point:
    """Of a curve."""

    series: str
    x: float
    y: float
    chosen: bool


@dataclass(frozen=True)
class Chart:
    """Data, and how it is drawn."""

    kind: Literal["bars", "pairs", "spreads", "curves"]
    data: tuple[Bar, ...] | tuple[Pair, ...] | tuple[Spread, ...] | tuple[Point, ...]
    x: Said
    """Title of the axis, with its unit."""
    y: Said = ""
    """Likewise, of curves."""
    names: tuple[Said, ...] = ()
    """Of the two values of pairs."""
    log: bool = False


@dataclass(frozen=True)
class Drawn:
    """A chart as SVG."""

    wide: str
    narrow: str


def draw(chart: Chart, language: Language) -> Drawn:
    """Draw a chart; the same data gives the same text.

    Raises:
        EnvironmentLacksError: the library is not installed (ASC2903).
    """
    return Drawn(_svg(_spec(chart, language, WIDE), WIDE), _svg(_spec(chart, language, NARROW), NARROW))


def require() -> None:
    """See that charts can be drawn.

    Raises:
        EnvironmentLacksError: the library is not installed (ASC2903).
    """
    try:
        import vl_convert  # noqa: F401 - whether it is there is all that is asked
    except ImportError as error:
        raise EnvironmentLacksError(
            "ASC2903",
            "charts are drawn by the package vl-convert-python, which is not installed",
            hint="pip install 'ascendc[report]'",
        ) from error


def _svg(spec: Spec, width: int) -> str:
    require()
    import vl_convert

    whole = {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}, "config": _CONFIG, **spec}
    made: str = vl_convert.vegalite_to_svg(whole, vl_version=VEGA_LITE, allowed_base_urls=[])
    return made


def _spec(chart: Chart, language: Language, width: int) -> Spec:
    x, y = say(chart.x, language), say(chart.y, language)
    if chart.kind == "bars":
        return _bars([one for one in chart.data if isinstance(one, Bar)], x, width)
    if chart.kind == "pairs":
        names = [say(name, language) for name in chart.names]
        return _pairs([one for one in chart.data if isinstance(one, Pair)], names, x, width, log=chart.log)
    if chart.kind == "spreads":
        return _spreads([one for one in chart.data if isinstance(one, Spread)], x, width, log=chart.log)
    return _curves([one for one in chart.data if isinstance(one, Point)], x, y)


def _rows(labels: Sequence[str], width: int) -> Spec:
    """The axis of rows, in the order given; rows of one name stay apart. Vega's strings are JSON's."""
    return {
        "field": "row",
        "type": "ordinal",
        "sort": None,
        "title": None,
        "axis": {
            "labelExpr": f"{json.dumps([_cut(label, LONGEST[width]) for label in labels])}[datum.value]",
            "labelLimit": 0,
            "grid": False,
        },
    }


def _cut(label: str, most: int) -> str:
    """Module paths differ at their ends."""
    head = most // 3
    return label if len(label) <= most else f"{label[:head]}…{label[head + 1 - most :]}"


def _quantity(field: str, title: str, *, log: bool = False) -> Spec:
    axis: Spec = {"title": title}
    scale: Spec = {}
    if log:  # only powers of ten have a line and a number
        scale = {"type": "log", "nice": True}
        labels = json.dumps([power(n) for n in POWERS])
        axis |= {
            "labelExpr": f"{labels}[round(log(datum.value) / LN10) - {POWERS[0]}]",
            "values": [10.0**n for n in POWERS],
        }
    return {"field": field, "type": "quantitative", "axis": axis, "scale": scale}


def _bars(rows: Sequence[Bar], x: str, width: int) -> Spec:
    values = [{"row": n, "value": bar.value} for n, bar in enumerate(rows)]
    return {
        "height": {"step": ROW},
        "data": {"values": values},
        "mark": {"type": "bar", "color": SERIES[0], "height": 11},
        "encoding": {"y": _rows([bar.label for bar in rows], width), "x": _quantity("value", x)},
    }


def _pairs(rows: Sequence[Pair], names: Sequence[str], x: str, width: int, *, log: bool) -> Spec:
    """Two marks a row, hollow and full, and a line between them."""

    def seen(value: float | None) -> bool:
        return value is not None and (value > 0 or not log)

    both = [{"row": n, "from": r.first, "to": r.second} for n, r in enumerate(rows) if seen(r.first) and seen(r.second)]
    marks = [
        {"row": n, "value": value, "name": name}
        for n, row in enumerate(rows)
        for value, name in zip((row.first, row.second), names, strict=True)
        if seen(value)
    ]
    y = _rows([row.label for row in rows], width)
    scale = {"domain": list(range(len(rows)))}
    line = {
        "data": {"values": both},
        "mark": {"type": "rule", "color": "var(--rule-strong)", "strokeWidth": 1.5},
        "encoding": {"y": {**y, "scale": scale}, "x": _quantity("from", x, log=log), "x2": {"field": "to"}},
    }
    by_name = {"field": "name", "type": "nominal", "sort": None}
    point = {
        "data": {"values": marks},
        "mark": {"type": "point", "size": 52, "opacity": 1, "strokeWidth": 1.8},
        "encoding": {
            "y": {**y, "scale": scale},
            "x": _quantity("value", x, log=log),
            "shape": {**by_name, "scale": {"domain": names, "range": ["circle", "square"]}},
            "stroke": {**by_name, "scale": {"domain": names, "range": [SERIES[1], SERIES[0]]}},
            "fill": {**by_name, "scale": {"domain": names, "range": ["var(--paper)", SERIES[0]]}},
        },
    }
    return {"height": {"step": ROW}, "layer": [line, point]}


def _spreads(rows: Sequence[Spread], x: str, width: int, *, log: bool) -> Spec:
    """A thin tick for every value, a thick one for the median."""
    y = _rows([row.label for row in rows], width)
    ticks = [{"row": n, "value": value} for n, row in enumerate(rows) for value in row.values]
    middles = [{"row": n, "value": row.middle} for n, row in enumerate(rows)]
    axis = {"y": y, "x": _quantity("value", x)}
    if log:
        axis["x"]["scale"] = {"type": "log", "nice": False}
        axis["x"]["axis"] |= {"format": "~g", "tickCount": 6}
    else:
        axis["x"]["scale"] = {"zero": True}
    return {
        "height": {"step": ROW + 4},
        "layer": [
            {
                "data": {"values": ticks},
                "mark": {"type": "tick", "color": SERIES[0], "opacity": 0.35, "thickness": 1, "size": 13},
                "encoding": axis,
            },
            {
                "data": {"values": middles},
                "mark": {"type": "tick", "color": SERIES[1], "opacity": 1, "thickness": 2.5, "size": 19},
                "encoding": axis,
            },
        ],
    }


def _curves(points: Sequence[Point], x: str, y: str) -> Spec:
    """Lines over a scale of powers of two; what is chosen is full, the rest hollow."""
    names = list(dict.fromkeys(point.series for point in points))
    values = [{"series": p.series, "x": p.x, "y": p.y, "chosen": p.chosen} for p in points]
    xs = sorted({point.x for point in points})
    colour: Spec = {
        "field": "series",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": names, "range": [SERIES[n % len(SERIES)] for n in range(len(names))]},
        "legend": {"columns": 1} if len(names) > 1 else None,
    }
    shape = {**colour, "scale": {"domain": names, "range": [SHAPES[n % len(SHAPES)] for n in range(len(names))]}}
    axis: Spec = {
        "x": {
            "field": "x",
            "type": "quantitative",
            "scale": {"type": "log", "base": 2, "nice": False, "padding": 14},
            "axis": {"title": x, "values": xs, "format": "d", "grid": False},
        },
        "y": {"field": "y", "type": "quantitative", "axis": {"title": y}, "scale": {"zero": True}},
    }
    full: Spec = {"condition": {"test": "datum.chosen", **{k: v for k, v in colour.items() if k != "legend"}}}
    return {
        "height": 210,
        "data": {"values": values},
        "encoding": axis,
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 1.8}, "encoding": {"stroke": colour}},
            {
                "mark": {"type": "point", "size": 80, "opacity": 1, "strokeWidth": 1.8},
                "encoding": {"stroke": colour, "shape": shape, "fill": {**full, "value": "var(--paper)"}},
            },
        ],
    }
