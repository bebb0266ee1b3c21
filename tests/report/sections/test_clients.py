from __future__ import annotations

from ascendc.bench.clock import Load
from ascendc.bench.distribution import distribution
from ascendc.report.given import Given
from ascendc.report.sections.clients import clients


def test_with_one_caller_there_is_none(results):
    assert clients(Given(benches=(results(),))) is None


def test_each_number_of_clients_has_its_row(results, case):
    load = Load("measured", 4, distribution([(2.0, 2.0, 2.0)], 1), 1.5, 1234.5, 0.9)
    [table] = clients(Given(benches=(results(cases=(case(1.0, loads=(load,)),)),))).blocks
    assert table.rows == (("onnx cpu fp32", "image", "1", "4", "1,234", "2.00", "2.00", "2.00", "0.90"),)
