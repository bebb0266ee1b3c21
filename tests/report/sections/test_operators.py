from __future__ import annotations

from ascendc.check import Finding, Report
from ascendc.report.given import Build, Given
from ascendc.report.page import Origin
from ascendc.report.sections.operators import operators
from ascendc.report.words import say


def rows(table):
    return [[say(cell, "en") for cell in row] for row in table.rows]


def test_without_a_check_there_is_none():
    assert operators(Given()) is None


def test_what_the_build_and_what_the_command_found_stand_in_one_table(record):
    finding = Finding("/n", "NonZero", "unmapped", None, None, "no parser", None, None, None)
    report = Report(False, "Ascend910B", 13, "live: /cann", {"aicore": 5, "unmapped": 1}, 0, (finding,))
    counts, groups = operators(Given(builds=(Build("tiny", record=record()),), checks=(report,))).blocks
    assert [say(column.head, "en") for column in counts.columns] == [
        "graph",
        "chip",
        "AI Core",
        "AI CPU",
        "unknown to ATC",
    ]
    assert rows(counts) == [["image", "Ascend310", "7", "3", "0"], ["–", "Ascend910B", "5", "0", "1"]]
    assert say(counts.note, "en") == "bundled: tables; live: /cann"
    assert counts.origin is Origin.ESTIMATED
    assert rows(groups) == [
        ["image", "Ascend310", "AI CPU", "ArgMax × 2, TopK", "no kernel for int64 (text.pool)", "int32-ids"],
        ["–", "Ascend910B", "unknown to ATC", "NonZero", "no parser (/n)", "–"],
    ]


def test_where_all_is_well_it_is_said():
    _, remark = operators(Given(checks=(Report(True, "Ascend310", 13, "t", {"aicore": 5}, 0, ()),))).blocks
    assert (say(remark.text, "en"), remark.tone) == ("Every node has a kernel on the AI Core.", "good")


def test_a_chip_that_no_table_knows_is_not_called_well():
    [table] = operators(Given(checks=(Report(True, "Ascend999", None, "", {}, 0, ()),))).blocks
    assert rows(table) == [["Ascend999"]]


def test_of_several_builds_it_is_said_whose_graph_it_is(record):
    builds = tuple(Build(name, record=record()) for name in ("one", "two"))
    counts, groups = operators(Given(builds=builds)).blocks
    assert [row[0] for row in rows(counts)] == ["one: image", "two: image"]
    assert [row[0] for row in rows(groups)] == ["one: image", "two: image"]
