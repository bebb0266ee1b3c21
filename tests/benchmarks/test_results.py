from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ascendc.events import StepFinished, StepStarted, as_json
from benchmarks.lab import _steps
from benchmarks.results import Part, Results, Run, Series, ratios
from benchmarks.setting import Machine, Setting

MACHINE = Machine("a cpu", 2, 8_000_000_000, "Linux", "3.11.7")
SETTING = Setting(MACHINE, "2026-01-02", "abc1234", 0.04, {"ascendc": {"torch": "2.13.0"}})


@pytest.mark.parametrize(
    ("values", "text"),
    [((2.0,), "2.0"), ((3.0, 1.0, 2.0), "2.0 (1.0-3.0)"), ((), "–"), ((0.0, 0.0), "–")],
)
def test_a_series_is_said_by_median_and_range(values, text):
    assert Series(values).text(1) == text


def test_ratios_are_those_of_the_same_round():
    ours, theirs = [Run("x", "a", 1.0), Run("x", "a", 4.0)], [Run("x", "b", 2.0), Run("x", "b", 2.0)]
    assert ratios(ours, theirs).values == (0.5, 2.0)
    assert ratios(ours, theirs[:1]).values == (0.5,)


def test_a_run_that_failed_has_no_figures():
    part = Part(SETTING, (Run("x", "olive", failed="no"), Run("x", "ascendc", 1.0)))
    assert part.of("x", "olive") == ()
    assert len(part.of("x")) == 1


def test_parts_are_kept_and_merged(tmp_path):
    path = tmp_path / "build" / "results.json"
    first, second = (Part(SETTING, (Run("x", "ascendc", s, 7, 3, ("fix image",)),)) for s in (1.0, 2.0))
    Results(path).keep("cold", first)
    Results(path).keep("sizes", second)
    Results(path).keep("cold", second)
    assert Results(path).parts == {"sizes": second, "cold": second}


def test_parts_of_another_machine_are_forgotten(tmp_path):
    path = tmp_path / "results.json"
    part = Part(SETTING, ())
    Results(path).keep("cold", part)
    other = replace(part, setting=replace(SETTING, machine=replace(MACHINE, cores=64)))
    Results(path).keep("sizes", other)
    assert Results(path).parts == {"sizes": other}


def test_steps_that_ran_are_read_from_events():
    events = [
        StepStarted(stage="fix", label="image", key=""),
        StepFinished(stage="fix", label="image", cached=False, seconds=1.0, key=""),
        StepFinished(stage="fix", label="text", cached=True, seconds=0.0, key=""),
        StepFinished(stage="package", label="", cached=False, seconds=1.0, key=""),
    ]
    output = "\n".join(
        [
            "a peer's line",
            *(json.dumps(as_json(event)) for event in events),
        ]
    )
    assert _steps(output) == ("fix image", "package")
