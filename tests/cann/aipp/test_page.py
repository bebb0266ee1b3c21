"""docs/aipp.md says what the tables say."""

from __future__ import annotations

from pathlib import Path

from ascendc.cann.aipp import table
from ascendc.cann.aipp.emulate import SHAPES
from ascendc.cann.soc import OWNED

PAGE = (Path(__file__).parents[3] / "docs" / "aipp.md").read_text(encoding="utf-8")


def rows(begin):
    """The rows of the table whose head begins so."""
    lines = PAGE[PAGE.index(f"| {begin} |") :].splitlines()
    body = lines[2 : next((at for at, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]


def limits(field):
    return (
        "" if field.low is None else f"{field.low} and more" if field.high is None else f"{field.low} to {field.high}"
    )


def default(field):
    if field.default is None:
        return ""
    return (
        str(field.default).lower()
        if isinstance(field.default, bool)
        else f"{field.default or 0:g}"
        if field.default != ""
        else ""
    )


def test_the_fields():
    kinds = {"mode": "name", "format": "name"}
    assert rows("field") == [
        [
            f"`{field.name}`",
            kinds.get(field.kind, field.kind),
            limits(field),
            default(field),
            {"both": "", "static": "static", "dynamic": "dynamic"}[field.modes],
            "nothing" if field.ignored else field.effect,
        ]
        for field in table.fields().values()
    ]


def test_the_conversions():
    def of(bias):
        return "" if bias is None else ", ".join(map(str, bias))

    assert rows("conversion") == [
        [
            str(known),
            " / ".join(", ".join(map(str, row)) for row in known.matrix),
            of(known.input_bias),
            of(known.output_bias),
        ]
        for known in table.conversions()
    ]


def test_the_families():
    assert rows("family") == [
        [
            family.short,
            {"fp16": "every step in fp16", "fp32": "in fp32, once to fp16"}[family.arithmetic],
            "yes" if family.odd_crop else "no",
            str(family.most_padded_width or "any"),
            str(family.documented_width or ""),
        ]
        for family in map(table.families().get, OWNED)
    ]


def test_the_formats():
    assert [row[:2] for row in rows("`input_format`")] == [[f"`{name}`", shape] for name, shape in SHAPES.items()]
