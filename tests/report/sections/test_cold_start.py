from __future__ import annotations

from ascendc.bench.work import ColdStart
from ascendc.report.given import Given
from ascendc.report.sections.cold_start import cold_start


def test_without_a_start_there_is_none(results):
    assert cold_start(Given(benches=(results(),))) is None


def test_the_median_of_the_processes_once_for_all_batches(results, case):
    starts = tuple(
        ColdStart("measured", process, 0.25, first) for process, first in ((0.5, 12.0), (0.7, 9.0), (0.6, 30.0))
    )
    rows = tuple(case(1.0, batch=batch, cold_starts=starts) for batch in (1, 4))
    [table] = cold_start(Given(benches=(results(cases=rows),))).blocks
    assert table.rows == (("onnx cpu fp32", "image", "0.60 s", "0.25 s", "12.00"),)


def test_each_benchmark_has_its_table(results, case):
    started = results(cases=(case(1.0, cold_starts=(ColdStart("measured", 0.5, 0.25, 12.0),)),))
    assert [len(table.rows) for table in cold_start(Given(benches=(started, results(), started))).blocks] == [1, 1]
