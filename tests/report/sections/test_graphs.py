from __future__ import annotations

import dataclasses

from ascendc.report.given import Build, Given
from ascendc.report.sections.graphs import graphs
from ascendc.report.words import say


def section(record):
    return graphs(Given(builds=(Build("tiny", record=record),)))


def test_without_findings_there_is_none(record):
    assert section(record(findings=dataclasses.replace(record().findings, graphs=()))) is None


def test_a_graph_before_and_after_and_what_each_pass_did(record):
    sizes, figure, receipts = section(record()).blocks
    assert [[say(cell, "en") for cell in row] for row in sizes.rows] == [
        ["before", "12", "2", "13", "2.0 MB"],
        ["after", "4", "2", "13", "1.5 MB"],
    ]
    assert [(pair.label, pair.first, pair.second) for pair in figure.chart.data] == [
        ("Constant", 9, 0),
        ("MatMul", 0, 1),
    ]
    assert say(figure.note, "en") == "The other 1 operators changed less, or not at all."
    assert receipts.rows == (("fold-constants", "9", "ATC folds little."),)
    assert say(receipts.note, "en") == "Found nothing to do: clamp-mask."


def test_of_several_builds_it_is_said_whose_graph_it_is(record):
    builds = tuple(Build(name, record=record()) for name in ("one", "two"))
    captions = [say(block.caption, "en") for block in graphs(Given(builds=builds)).blocks]
    assert captions[::3] == ["Graph one: image", "Graph two: image"]
