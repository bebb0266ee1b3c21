"""Whole builds of the tiny CLIP, where what matters is how its weights flow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from ascendc import driver
from ascendc.store import Store

ROOT = Path(__file__).parents[1]

TARGETS = """
targets:
  - {name: new, soc: Ascend310P3, cann: "8.1.RC1", batch: 2}
  - {name: new-gears, soc: Ascend310B4, cann: "8.1.RC1", parts: {text: {batch: [1, 2, 4]}, image: {aipp: rgb}}}
  - {name: old, soc: Ascend310, cann: "5.1.RC1"}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "two-opsets.yaml"
    text = (ROOT / "recipes" / "tiny-clip.yaml").read_text().replace("./tiny-clip", f"{ROOT}/recipes/tiny-clip")
    path.write_text(text[text.index("version:") : text.index("targets:")] + TARGETS + "verify: {samples: 4}\n")
    return path


@pytest.fixture
def built(recipe, tmp_path):
    return recipe, driver.build(recipe, output=tmp_path / "out").output


def test_each_weight_is_written_once_and_linked_everywhere(built, tmp_path):
    _, folder = built
    weights = (ROOT / "recipes" / "tiny-clip" / "model.safetensors").stat().st_size
    large = sorted(size for path in Store().objects() if (size := path.stat().st_size) > 300_000)
    assert len(large) == 2  # of four graphs
    assert 0 < sum(large) - weights < 200_000
    for name in ("image.onnx", "text.onnx"):
        assert (folder / "models" / name).stat().st_nlink == 2


def test_graphs_at_another_opset_refer_to_the_same_weights(built):
    _, folder = built
    models = folder / "models"
    assert {path.name for path in models.iterdir()} == {"image.onnx", "image-2.onnx", "text.onnx", "text-2.onnx"}
    for part in ("image", "text"):
        first = onnx.load(models / f"{part}.onnx")
        second = onnx.load(models / f"{part}-2.onnx", load_external_data=False)
        assert [m.opset_import[0].version for m in (first, second)] == [13, 11]
        places = [e.value for t in second.graph.initializer for e in t.external_data if e.key == "location"]
        assert set(places) == {f"{part}.onnx"}
        assert (models / f"{part}-2.onnx").stat().st_size < 200_000


def test_both_opsets_pass_the_bundles_own_test(built):
    _, folder = built
    for target in ("new", "old"):
        command = [sys.executable, "-B", folder / "python", "selftest", "--target", target]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout


def test_compile_sh_takes_the_weights_along(built):
    _, folder = built
    script = (folder / "compile.sh").read_text()
    assert "models/image-2.onnx models/image.onnx" in script


@pytest.mark.parametrize("weights", ["pretrained", "random"])
def test_equal_builds_give_equal_bundles_however_many_steps_run_together(recipe, tmp_path, monkeypatch, weights):
    """Random weights are one module, which is run while it is traced."""
    manifests = []
    for jobs in (1, 4):
        monkeypatch.setenv("ASCENDC_CACHE", str(tmp_path / f"store-{jobs}"))
        overrides = [f"model.weights={weights}"]
        folder = driver.build(recipe, output=tmp_path / f"out-{jobs}", overrides=overrides, jobs=jobs).output
        manifests.append(json.loads((folder / "manifest.json").read_text()))
    assert manifests[0] == manifests[1]


def test_memory_that_is_short_makes_it_slow_not_impossible(recipe, tmp_path):
    assert driver.build(recipe, output=tmp_path / "out", jobs=4, memory=1).changed


def test_until_export_leaves_files_that_need_nothing_else(recipe, tmp_path):
    folder = driver.build(recipe, output=tmp_path / "out", until="export").output
    names = {path.name for path in folder.glob("*.onnx*")}
    assert names == {f"{part}-opset{opset}.onnx" for part in ("image", "text") for opset in (11, 13)}
    for name in names:
        onnx.checker.check_model(folder / name, full_check=True)
