from __future__ import annotations

import dataclasses

from ascendc.bench.result import Validation
from ascendc.bench.roofline import Roofline
from ascendc.report.given import Given
from ascendc.report.page import Figure, Origin, Remark, Table
from ascendc.report.sections.benchmark import TICKS, benchmark
from ascendc.report.words import say


def blocks(results):
    return benchmark(Given(benches=(results,))).blocks


def heads(table):
    return [say(column.head, "en") for column in table.columns]


def test_without_results_there_is_none():
    assert benchmark(Given()) is None


def test_rows_are_best_first_and_relative_to_the_best(results):
    table = blocks(results())[0]
    assert say(table.caption, "en") == "tiny, image: 4 runs of each row, best first"
    assert heads(table)[:3] == ["batch", "configuration", "mean ms"]
    assert "with preprocessing" not in heads(table), "nothing is known of it"
    found = [(row[1], row[2], say(row[-1], "en")) for row in table.rows]
    assert found == [("torch cpu fp32", "1.05", "100.0 %"), ("onnx cpu fp32", "2.12", "49.4 %")]
    assert table.origin is Origin.MEASURED


def test_what_answers_wrong_is_last_and_the_measure_of_nothing(results, case):
    wrong = case(0.1, 0.1, state="refused", reason="error 3", validation=Validation(16, 3.0, 2e-4, "", ok=False))
    found = blocks(results(cases=(wrong, case(2.0, 2.0, runtime="torch"))))
    assert [(row[1], say(row[-1], "en")) for row in found[0].rows] == [
        ("torch cpu fp32", "100.0 %"),
        ("onnx cpu fp32", "wrong"),
    ]
    [answers] = [block for block in found if isinstance(block, Remark)]
    assert answers.tone == "warning"
    assert say(answers.text, "en").startswith("1 of 2 rows agree with the golden outputs (measured in the same run")
    missing = found[-1]
    assert [say(cell, "en") for cell in missing.rows[0]][2:] == ["refused: answers are wrong", "error 3"]


def test_what_is_not_there_has_its_reason(results):
    missing = blocks(results())[-1]
    assert isinstance(missing, Table)
    assert [say(cell, "en") for cell in missing.rows[0]] == [
        "om npu fp16 @ card",
        "image",
        "unavailable",
        "the bundle holds no OM",
    ]
    assert missing.origin is Origin.RECORDED


def test_every_run_is_in_the_picture_of_many_the_quantiles(results, case):
    taken = tuple(float(n) for n in range(1000))
    [figure] = [block for block in blocks(results(cases=(case(*taken),))) if isinstance(block, Figure)]
    [row] = figure.chart.data
    assert (row.label, row.middle) == ("image × 1", 499.5)
    assert (len(row.values), row.values[0], row.values[-1]) == (TICKS, 0.0, 999.0)


def test_a_busy_machine_and_an_interrupt_are_said(results):
    setting = dataclasses.replace(results().setting, load_before=3.5)
    first, second, *_ = blocks(results(complete=False, setting=setting))
    assert say(first.text, "en") == "The benchmark was interrupted."
    assert say(second.text, "en") == "The machine was busy (load 3.5): figures are not of a quiet one."


def test_nothing_measured_is_a_table_of_reasons(results, case):
    rows = (case(runtime="om", device="npu", state="simulated", reason="the simulated device says nothing of speed"),)
    [simulated] = blocks(results(cases=rows))
    assert say(simulated.rows[0][2], "en") == "simulated: no figures"
    assert simulated.origin is Origin.SIMULATED


def test_a_row_on_a_known_chip_has_its_share_of_the_bound(results, case):
    row = case(1.0, roofline=Roofline("estimated", "Ascend310P3", 0.4, 0.4), runtime="om", device="npu")
    table = blocks(results(cases=(row,)))[0]
    assert heads(table)[-2] == "of the estimated bound"
    assert table.rows[0][-2] == "40%"
