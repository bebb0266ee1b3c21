from __future__ import annotations

import dataclasses

from ascendc.account.record import Failure, StepRecord
from ascendc.report.given import Build, Given
from ascendc.report.page import Figure, Origin, Remark, Table
from ascendc.report.sections.stages import MOST_BARS, stages
from ascendc.report.words import say


def section(record):
    return stages(Given(builds=(Build("tiny", record=record),)))


def test_without_a_record_there_is_none():
    assert stages(Given(builds=(Build("tiny"),))) is None


def test_steps_that_ran_have_bars_and_all_have_rows(record):
    lead, figure, table = section(record()).blocks
    assert say(lead.text, "en") == "2 steps in 12.3 s; 1 of them were in the store; peak memory 500.0 MB."
    assert say(lead.text, "zh") == "2 个步骤，共 12.3 s；其中 1 个取自缓存；峰值内存 500.0 MB。"
    assert isinstance(figure, Figure)
    assert figure.origin is Origin.MEASURED
    assert [(bar.label, bar.value) for bar in figure.chart.data] == [("export image", 8.5)]
    assert [[say(cell, "en") for cell in row] for row in table.rows] == [
        ["export image", "8.5 s", "400.0 MB", "torchscript"],
        ["fix image", "stored", "–", "9 rewrites"],
    ]


def test_a_failure_stands_there_with_its_id(record):
    steps = (dataclasses.replace(record().steps[0], state="failed"),)
    blocks = section(record(status="failed", error=Failure("ASC1606", "wrong", None), steps=steps)).blocks
    assert isinstance(blocks[-1], Remark)
    assert (say(blocks[-1].text, "en"), blocks[-1].tone) == ("The build failed: ASC1606 wrong", "warning")
    assert isinstance(blocks[-2], Table)
    assert say(blocks[-2].rows[0][-1], "en") == "failed"


def test_what_helps_stands_beside_the_failure(record):
    *_, remark = section(record(status="failed", error=Failure("ASC1606", "wrong", "ascendc why"))).blocks
    assert say(remark.text, "zh") == "解决办法：ascendc why"


def test_of_many_steps_the_longest_have_bars(record):
    steps = tuple(StepRecord("fix", str(n), "done", False, float(n), "k", None) for n in range(100))
    _, figure, _ = section(record(steps=steps)).blocks
    assert [bar.value for bar in figure.chart.data] == [float(n) for n in range(100 - MOST_BARS, 100)]
