from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ascendc.bench.comparison import compare, lines, slower
from ascendc.bench.distribution import interval, medians
from ascendc.bench.ratio import ratio, student
from ascendc.errors import UsageError


def runs(seed, scale=1.0, rounds=3, drift=0.0):
    """Latencies as they are: skewed, with a tail, and processes that differ."""
    random = np.random.default_rng(seed)
    return [scale * np.exp(random.normal(0, drift)) * random.lognormal(1, 0.1, 34) for _ in range(rounds)]


@pytest.fixture
def verdict(case, results):
    def judge(old, new, **options):
        [found] = compare(results(case(*old)), results(case(*new)), **options).differences
        return found.verdict

    return judge


@pytest.mark.parametrize("drift", [0, 0.02, 0.2], ids=["even rounds", "rounds that differ", "rounds that differ much"])
def test_no_difference_is_found_where_there_is_none(verdict, drift):
    seeds = range(25)
    wrong = [s for s in seeds if verdict(runs(s, drift=drift), runs(1000 + s, drift=drift)) != "no difference"]
    assert len(wrong) <= 2


def test_a_tenth_is_found_either_way(verdict):
    assert [verdict(runs(s), runs(1000 + s, 1.1)) for s in range(15)].count("slower") >= 14
    assert [verdict(runs(s, 1.1), runs(1000 + s)) for s in range(15)].count("faster") >= 14


def test_what_is_sure_and_small_does_not_count_unless_it_shall(verdict):
    old = [np.full(50, 10.0) + np.linspace(0, 0.1, 50)]
    new = [one * 1.03 for one in old]
    assert verdict(old, new) == "no difference"
    assert verdict(old, new, smallest=0.01) == "slower"


def test_what_is_large_and_unsure_does_not_count(verdict):
    """Processes differ by more than old and new do."""
    old = [np.full(34, 10.0), np.full(34, 20.0), np.full(34, 15.0)]
    new = [np.full(34, 17.0), np.full(34, 11.0), np.full(34, 21.0)]
    assert np.median(new) / np.median(old) > 1.1
    assert verdict(old, new) == "no difference"


def test_it_says_what_noise_could_hide(case, results):
    old = [np.full(34, 10.0), np.full(34, 20.0)]
    [found] = compare(results(case(*old)), results(case(*old))).differences
    assert (found.verdict, found.ratio) == ("no difference", 1)
    # Rounds of ln 10 and ln 20, twice: two degrees of freedom, for which Student's t is 4.303.
    high = np.exp(4.303 * np.log(2) / np.sqrt(2))
    assert (found.low, found.high) == (pytest.approx(1 / high), pytest.approx(high))
    assert found.reason == "noise could hide 724%"


def test_of_one_round_only_the_noise_within_it_is_known(case, results):
    old = [np.concatenate([np.full(50, 10.0), np.full(50, 20.0)])]
    [found] = compare(results(case(*old)), results(case(*old))).differences
    assert (found.verdict, found.low, found.high) == ("no difference", 0.5, 2)


def test_the_ratio_knows_that_processes_differ():
    """By a tenth, from one to the next: three rounds drawn anew are too sure of themselves."""
    found = {"wider": 0, "bootstrap": 0}
    for seed in range(50):
        old, new = runs(seed, drift=0.1), runs(5000 + seed, drift=0.1)
        between, (low, high) = ratio(old, new), interval(medians(new, seed=1) / medians(old, seed=2))
        found["wider"] += not between.low <= 1 <= between.high
        found["bootstrap"] += not low <= 1 <= high
    assert found["wider"] <= 3 < found["bootstrap"]


def test_the_quantiles_are_student_s():
    """As tables have them."""
    wanted = {1: 12.706, 4: 2.776, 8: 2.306, 9: 2.262, 10: 2.228, 18: 2.101, 60: 2.000}
    assert {freedom: student(freedom) for freedom in wanted} == pytest.approx(wanted, abs=0.005)


def test_rows_without_figures_are_told_apart(case, results):
    rows = [case(*runs(0)), case(state="unavailable", device="npu"), case([1.0] * 5, batch=4), case(*runs(1), batch=8)]
    new = [case(*runs(2)), case(*runs(3), device="npu"), case([1.0] * 5, batch=4), case(*runs(1), part="text")]
    found = compare(results(*rows), results(*new))
    assert [(d.device, d.part, d.batch, d.verdict, d.reason) for d in found.differences] == [
        ("cpu", "image", 1, "no difference", "noise could hide 6%"),
        ("npu", "image", 1, "not comparable", "unavailable in the old results"),
        ("cpu", "image", 4, "not comparable", "5 runs in the old results; at least 10 are needed"),
        ("cpu", "image", 8, "not comparable", "not in the new results"),
        ("cpu", "text", 1, "not comparable", "not in the old results"),
    ]
    assert not slower(found)


def test_an_onnx_is_the_same_whatever_the_target_is_called(case, results):
    found = compare(results(case(*runs(0))), results(case(*runs(1), target="chip")))
    assert len(found.differences) == 1
    with pytest.raises(UsageError) as error:
        compare(
            results(case(*runs(0), runtime="om", device="npu")),
            results(case(*runs(1), runtime="om", device="npu", target="chip")),
        )
    assert str(error.value) == (
        "the results have no row in common: a row is runtime, device, precision, target, part and batch\n"
        "  hint: measure the same configurations: the command stands in each file"
    )


def test_other_machines_and_models_are_refused_unless_asked_for(case, results):
    old = results(case(*runs(0)))
    machine = replace(old, machine=replace(old.machine, cores=8))
    with pytest.raises(UsageError) as error:
        compare(old, machine)
    assert (error.value.id, error.value.message) == (
        "ASC2620",
        "the results are of different machines (cores 4 and 8): their figures say nothing of the software",
    )
    assert compare(old, machine, across_machines=True).notes == ("different machines: cores 4 and 8",)
    model = replace(old, model=replace(old.model, weights="random"))
    with pytest.raises(UsageError) as error:
        compare(old, model)
    assert (error.value.id, error.value.message) == (
        "ASC2621",
        "the results are of different models (weights pretrained and random)",
    )
    assert compare(old, model, across_models=True).notes == ("different models: weights pretrained and random",)


def test_it_says_what_else_has_changed(case, results):
    old = results(case(*runs(0)))
    setting = replace(old.setting, versions={"numpy": "2.1", "torch": "2.9"}, python="3.12.1", load_before=3.0)
    assert compare(old, replace(old, setting=setting, complete=False)).notes == (
        "numpy 2.0, then 2.1",
        "torch absent, then 2.9",
        "python 3.11.7, then 3.12.1",
        "the machine was busy before the new results: load 3.0",
        "the new results were interrupted",
    )


def test_it_reads_well(case, results):
    old = [np.full(50, 10.0) + np.linspace(0, 0.1, 50)]
    found = compare(
        results(case(*old), case(state="unavailable", batch=8)),
        results(case(*[one * 2 for one in old]), case(state="unavailable", batch=8)),
    )
    assert slower(found)
    head, row, rest, rule = lines(found)
    assert head.split() == [
        "configuration",
        "old",
        "P50",
        "ms",
        "new",
        "P50",
        "ms",
        "new",
        "÷",
        "old",
        "(95",
        "%",
        "CI)",
        "verdict",
    ]
    assert row.startswith("  onnx cpu fp32, image, batch 1      10.050      20.100  2.000 (1.99")
    assert row.endswith(" slower")
    assert rest == "rows without figures in either: 1"
    assert rule.startswith("faster, slower: the interval leaves 1 out, and the medians are 5% apart or more; ")


def test_a_machine_with_a_little_more_memory_is_the_same_one(case, results):
    """As under another kernel; with half of it more it is another."""
    old, new = (results(case(*runs(1))) for _ in range(2))
    more = replace(new, machine=replace(new.machine, memory=new.machine.memory + (1 << 20)))
    assert compare(old, more).notes == ()
    with pytest.raises(UsageError, match="different machines"):
        compare(old, replace(new, machine=replace(new.machine, memory=new.machine.memory * 3 // 2)))


def test_rows_on_other_inputs_are_not_compared(case, results):
    [found] = compare(results(case(*runs(1))), results(case(*runs(1), inputs="given"))).differences
    assert (found.verdict, found.ratio) == ("not comparable", None)
    assert found.reason == "on golden inputs in the old results, on given ones in the new"
