from __future__ import annotations

from benchmarks.bars import BARS
from benchmarks.knowledge import CHECK
from benchmarks.report import render
from benchmarks.results import Part, Run
from benchmarks.setting import Machine, Setting

SETTING = Setting(
    Machine("a cpu", 2, 8_000_000_000, "Linux", "3.11.7"),
    "2026-01-02",
    "abc1234",
    0.04,
    {"ascendc": {"torch": "2.13.0"}},
)
GB = 10**9


def rows(found):
    return [line for line in render(found).splitlines() if line.startswith("| ")]


def test_nothing_measured_claims_nothing():
    found = [bar.row({}) for bar in BARS]
    assert {row[1:] for row in found} == {("not measured", "–")}
    assert "Measured" not in render({})


def test_tools_are_compared_round_by_round():
    runs = [
        Run("ViT-B/32", tool, seconds, 2 * GB, GB)
        for ours, theirs in ((4.0, 8.0), (6.0, 10.0), (5.0, 10.0))
        for tool, seconds in (("ascendc", ours), ("optimum-cli", theirs))
    ]
    found = {"cold": Part(SETTING, (*runs, Run("ViT-B/32", "olive", failed="a | b")))}
    assert "| ViT-B/32 | 1.00 | ascendc | 3 | 5.0 (4.0-6.0) |  | 2.00 (2.00-2.00) | 2.00 |" in rows(found)
    assert (
        "| ViT-B/32 | 1.00 | optimum-cli | 3 | 10.0 (8.0-10.0) | 0.50 (0.50-0.60) | 2.00 (2.00-2.00) | 2.00 |"
    ) in rows(found)
    assert "| ViT-B/32 |  | olive | 0 | fails: a \\| b |  |  |  |" in rows(found)
    assert "| ViT-B/32 cold, time ≤ 1 × optimum-cli | 0.50 (0.50-0.60) × optimum-cli | yes |" in rows(found)
    assert "Measured 2026-01-02, ascendc at abc1234, load average before 0.0." in render(found)


def test_a_bar_that_does_not_hold_is_said():
    runs = (Run("no change", "ascendc", 0.7, 0), Run("SoC changed", "ascendc", 1.0, GB, steps=("package",)))
    found = {"rebuild": Part(SETTING, runs)}
    assert "| ViT-B/32 again, no change ≤ 0.6 s | 0.70 s | **no** |" in rows(found)
    assert "| no change |  | 1 | 0.70 | – | none |" in rows(found)
    assert ("| SoC changed | `--set targets[0].soc=Ascend310B4` | 1 | 1.00 | 1.00 | package |") in rows(found)


def test_targets_are_related_to_one():
    runs = tuple(Run(count, "ascendc", seconds, GB) for count, seconds in (("1", 10.0), ("8", 12.0)))
    found = {"targets": Part(SETTING, runs)}
    assert "| 8 | 1 | 12.0 | 1.20 | 1.00 | 0 |" in rows(found)
    assert "| 8 targets, time ≤ 1.5 × one target | 1.20 × one target | yes |" in rows(found)


def test_answers_are_set_beside_what_a_user_writes_by_hand():
    runs = (Run(CHECK, "ascendc", 1.0, GB, 2 * GB), Run(CHECK, "onnx", 4.0, 3 * GB, 2 * GB), Run("soc", "ascendc", 0.1))
    found = {"answers": Part(SETTING, runs)}
    assert f"| {CHECK} | ascendc | 1 | 1.00 |  | 1.00 |" in rows(found)
    assert f"| {CHECK} | onnx | 1 | 4.00 | 0.25 | 3.00 |" in rows(found)
    assert f"| {CHECK}, peak memory ≤ 1.3 × the file | 0.50 × the file | yes |" in rows(found)
    assert "| soc ≤ 0.3 s | 0.10 s | yes |" in rows(found)
