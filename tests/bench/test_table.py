from __future__ import annotations

import re
from dataclasses import replace

from ascendc.bench.clock import LoadRun, WarmUp, load_of
from ascendc.bench.distribution import distribution
from ascendc.bench.footprint import Footprint
from ascendc.bench.result import Validation
from ascendc.bench.roofline import Roofline
from ascendc.bench.rows import scalings
from ascendc.bench.table import lines


def test_the_best_is_first_and_the_measure_of_the_others(case, results):
    slow = case([4.0] * 20)
    fast = case(
        [2.0] * 20,
        runtime="torch",
        device="npu",
        precision="fp16",
        compute=distribution([[1.0]], 1),
        whole=distribution([[8.0]], 1),
        memory=Footprint("measured", 450_500_000, 500_000_000, 460_000_000, 10**9, process_peak_of_case=True),
    )
    wrong = case([1.0] * 20, state="refused", reason="its answers are wrong", device="cuda")
    found = list(lines(results(slow, fast, wrong)))
    start = found.index("image, batch 1, measured: 20 runs, on golden inputs")
    heads, *rows = [re.sub("  +", "|", line.strip()) for line in found[start + 1 : start + 5]]
    assert heads == (
        "configuration|mean ms|std|min|P50 (95 % CI)|P95|P99|max|items/s|without copies|with preprocessing|memory|"
        "relative"
    )
    assert rows == [
        "torch npu fp16|2.00|0.000|2.00|2.00 (2.00-2.00)|2.00|2.00|2.00|500.0|1000|125.0|460.0 MB|100.0 %",
        "onnx cpu fp32|4.00|0.000|4.00|4.00 (4.00-4.00)|4.00|4.00|4.00|250.0|–|–|80 MB RSS|50.0 %",
        "onnx cuda fp32|1.00|0.000|1.00|1.00 (1.00-1.00)|1.00|1.00|1.00|1000|–|–|80 MB RSS|WRONG",
    ]
    start = found.index("Memory on the device:")
    assert [re.sub("  +", "|", line.strip()) for line in found[start + 1 : start + 3]] == [
        "configuration|allocated|reserved|peak",
        "torch npu fp16, image, batch 1|450.5 MB|500.0 MB|460.0 MB",
    ]
    assert found[-1] == "onnx cuda fp32: refused (image; batch 1): its answers are wrong"


def test_it_says_where_and_how_quiet_it_was(case, results):
    found = results(case([1.0] * 20))
    assert list(lines(found))[:2] == [
        "a chip, 4 cores, 8.6 GB, Linux x86_64; Python 3.11.7, no CANN",
        "load before 0.1, governor not told",
    ]
    busy = replace(found.setting, load_before=2.5, governor="powersave", cann="8.1.RC1")
    assert list(lines(replace(found, setting=busy)))[:2] == [
        "a chip, 4 cores, 8.6 GB, Linux x86_64; Python 3.11.7, CANN 8.1.RC1",
        "load before 2.5, governor powersave: BUSY, figures are not of a quiet machine",
    ]


def test_batches_have_a_table_and_gears(case, results):
    cases = tuple(case([taken] * 20, batch=batch) for batch, taken in ((1, 1.0), (4, 2.0), (8, 3.9)))
    found = list(lines(results(*cases, scaling=tuple(scalings(cases)))))
    start = found.index("image by batch, onnx cpu fp32:")
    assert found[start + 1 : start + 6] == [
        "  batch  P50 ms  items/s",
        "  1        1.00     1000",
        "  4        2.00     2000",
        "  8        3.90     2051",
        "  gears: batch: [1, 4]",
    ]


def test_clients_cold_starts_answers_and_rooflines(case, results):
    row = case(
        [1.0] * 20,
        loads=(load_of([LoadRun(2, (1.0,) * 20, (12, 8), 0.01)], 1),),
        warm_up=WarmUp("measured", 100, 1.0, steady=False),
        roofline=Roofline("estimated", "Ascend310P3", 0.5, 0.5),
    )
    found = list(lines(results(row)))
    assert "  onnx cpu fp32, image, batch 1        2     2000    1.00  1.00  1.00          0.67" in found
    assert "  onnx cpu fp32, image       0.50    0.25         12.00" in found
    assert "note: never steady while warming up, so believe the spread: onnx cpu fp32, image, batch 1" in found
    assert "answers: 1 of 1 rows agree with the golden outputs, at worst 1.0e-06 of the sample distance" in found
    assert "roofline: onnx cpu fp32, image, batch 1: 50% of the estimated bound of Ascend310P3" in found


def test_rows_that_miss_for_one_reason_are_one_line(case, results):
    missing = [
        case(state="unavailable", reason="no device", runtime="om", device="npu", precision="fp16", batch=batch)
        for batch in (1, 8)
    ]
    simulated = case(state="simulated", reason="not a chip's", validation=Validation(1, 0.0, 0.1, "", ok=True))
    assert list(lines(results(*missing, simulated)))[2:] == [
        "",
        "om npu fp16 @ card: unavailable (image; batch 1, 8): no device",
        "onnx cpu fp32: simulated (image; batch 1): not a chip's",
    ]
