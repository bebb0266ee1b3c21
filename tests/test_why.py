from __future__ import annotations

from pathlib import Path

import pytest

from ascendc import driver, keys
from ascendc.errors import UsageError
from ascendc.why import Reason, why

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "recipes" / "onnx.yaml"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A store in which the recipe was built."""
    folder = tmp_path_factory.mktemp("why")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASCENDC_CACHE", str(folder / "cache"))
        driver.build(RECIPE, output=folder / "out")
    return folder / "cache"


@pytest.fixture
def built(shared, monkeypatch):
    monkeypatch.setenv("ASCENDC_CACHE", str(shared))


def fresh(reasons):
    return {f"{r.stage} {r.label}".strip(): r.because for r in reasons if r.fate == "would run"}


def test_nothing_like_it_was_ever_run():
    reasons = why(RECIPE)
    assert [r.stage for r in reasons] == [
        "export",
        "fix",
        "golden",
        "assets",
        "verify",
        "check",
        "forecast",
        "judge",
        "package",
    ]
    assert {r.because for r in reasons} == {("no entry of this stage is like it",)}
    assert {r.fate for r in reasons} == {"would run"}


@pytest.mark.usefixtures("built")
def test_after_a_build_all_is_stored():
    assert {(r.fate, r.because) for r in why(RECIPE)} == {("stored", ())}


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("change", "steps", "first"),
    [
        ("targets[0].parts.model.aipp=rgb", ["package"], 'spec.artefacts[0].aipp changed from "none" to "rgb"'),
        (
            "targets[0].soc=Ascend310P1",
            ["check model @ ascend310p1", "package"],
            'spec.artefacts[0].options.soc_version changed from "Ascend310P3" to "Ascend310P1"',
        ),
    ],
)
def test_after_a_change_of_the_target_only_what_reads_it_would_run(change, steps, first):
    reasons = why(RECIPE, overrides=[change])
    assert list(fresh(reasons)) == steps
    assert fresh(reasons)["package"][0] == first
    assert {r.fate for r in reasons} == {"stored", "would run"}


@pytest.mark.usefixtures("built")
def test_what_follows_waits_for_what_would_run():
    reasons = {r.stage: r for r in why(RECIPE, overrides=["verify.samples=9"])}
    assert reasons["golden"].because == ("spec.samples changed from 16 to 9",)
    assert reasons["verify"].because == ("spec.samples changed from 16 to 9",)
    assert reasons["judge"] == Reason("judge", "", "waits", ("golden model", "verify model"))
    assert reasons["export"].fate == "stored"


@pytest.mark.usefixtures("built")
def test_a_newer_tool(monkeypatch):
    tools = tuple((name, "9.9" if name == "onnxscript" else version) for name, version in keys.tools())
    old = dict(keys.tools())["onnxscript"]
    monkeypatch.setattr(keys, "tools", lambda: tools)
    assert set(fresh(why(RECIPE)).values()) == {(f"onnxscript {old} -> 9.9",)}


@pytest.mark.usefixtures("built")
def test_other_code_of_ascendc(monkeypatch):
    real = keys.code
    monkeypatch.setattr(keys, "code", lambda name: "edited" if name == "ascendc" else real(name))
    (because,) = {reasons for stage, reasons in fresh(why(RECIPE)).items() if stage != "fix model"}
    assert because == ("ascendc's own code changed",)


@pytest.mark.usefixtures("built")
def test_another_file(tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text((ROOT / "recipes" / "shapes.txt").read_text())
    (reason,) = why(RECIPE, "assets", overrides=[f"model.options.labels={labels}"])
    old = ROOT / "recipes" / "colors" / "labels.txt"
    assert reason.because[-1] == "file labels.txt: content changed"
    assert reason.because[0].startswith("option labels: changed")
    assert old.exists()


def test_an_object_that_was_damaged(tmp_path):
    driver.build(RECIPE, output=tmp_path / "out")
    graph = max((tmp_path / "cache/objects").glob("*/*"), key=lambda p: p.stat().st_size)
    graph.unlink()
    because = fresh(why(RECIPE))
    assert (f"object {graph.name[:12]}… is gone",) in because.values()


@pytest.mark.usefixtures("built")
def test_a_stage_that_is_not_there():
    with pytest.raises(UsageError) as caught:
        why(RECIPE, "fx")
    assert caught.value.id == "ASC1021"
    assert caught.value.message == (
        "this recipe has no step of a stage `fx` here; "
        "allowed: assets, check, export, fix, forecast, golden, judge, package, verify"
    )


def test_it_runs_nothing_and_uses_nothing(tmp_path):
    why(RECIPE)
    assert list((tmp_path / "cache/entries").rglob("*.json")) == []
