from __future__ import annotations

from ascendc.report.given import Build, Given
from ascendc.report.sections.environment import environment
from ascendc.report.words import say


def test_without_record_and_results_there_is_none():
    assert environment(Given(builds=(Build("tiny"),))) is None


def test_commands_machines_and_versions(record, results):
    built, measured = environment(Given(builds=(Build("tiny", record=record()),), benches=(results(),))).blocks
    rows = {say(name, "en"): say(value, "en") for name, value in built.rows}
    assert rows["command"] == "ascendc build tiny.yaml"
    assert rows["machine"] == "Linux, 2 CPU, 8.0 GB"
    assert rows["versions"] == "ascendc 0.1.0, python 3.11.7"
    assert rows["set"] == "model.weights=random"
    rows = {say(name, "zh"): say(value, "zh") for name, value in measured.rows}
    assert (rows["CANN"], rows["驱动"], rows["之前负载"]) == ("无", "无", "0.10")
