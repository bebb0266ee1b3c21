"""A tower above 2 GiB, where a protobuf ends: every stage, in the width and depth of ViT-H/14, on smaller pictures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import onnx
import pytest
from ascendc_plugins.clip import known, pixels, tokens

from ascendc import driver


@pytest.fixture
def recipe(tmp_path):
    """The image tower alone: 632 million parameters, at 4 × 4 patches."""
    folder = tmp_path / "h14"
    folder.mkdir()
    config = json.loads(json.dumps(known.CONFIGS[known.hub_id("ViT-H/14")]))
    config["vision_config"]["image_size"] = 56
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps(pixels.defaults(56)))
    tokens.write_stand_in(folder)
    path = tmp_path / "h14.yaml"
    path.write_text(
        f"version: 1\nmodel: {{plugin: clip, source: {folder}, weights: random, parts: [image]}}\n"
        'targets: [{soc: Ascend310P3, cann: "8.1.RC1"}]\nverify: {samples: 4}\n'
    )
    return path


@pytest.fixture(autouse=True)
def _emptied(tmp_path):
    """Gigabytes must not wait for pytest, which keeps the folders of three runs."""
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_a_tower_above_2_gib_passes_every_stage(recipe, tmp_path):
    outcome = driver.build(recipe, output=tmp_path / "out")

    models = tmp_path / "out" / "models"
    assert {path.name for path in models.iterdir()} == {"image.onnx", "image.onnx.data"}
    data = models / "image.onnx.data"
    assert data.stat().st_size > 2 << 30
    assert data.stat().st_nlink == 2  # in the store, and here: written once
    proto = onnx.load(models / "image.onnx", load_external_data=False)
    keys = {entry.key for tensor in proto.graph.initializer for entry in tensor.external_data}
    assert keys == {"location", "offset", "length"}
    assert outcome.rows[0].bytes > 2 << 30
    check = [sys.executable, "-B", tmp_path / "out" / "python", "selftest"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "image: onnxruntime" in done.stdout
    assert not driver.build(recipe, output=tmp_path / "out").changed


@pytest.mark.soak
@pytest.mark.parametrize("name", ["ViT-H/14", "ViT-bigG/14"])
def test_a_billion_and_more_parameters_in_full(name, tmp_path):
    """ViT-bigG/14 has 2.5 billion parameters: 10 GB of weights, of which the image tower has 7.4."""
    path = tmp_path / "large.yaml"
    path.write_text(
        f"version: 1\nmodel: {{plugin: clip, source: {name}, weights: random}}\n"
        'targets: [{soc: Ascend910B4, cann: "8.1.RC1"}]\nverify: {samples: 2}\n'
    )
    outcome = driver.build(path, output=tmp_path / "out")
    assert [row.state for row in outcome.rows] == ["om-deferred"] * 2
    check = [sys.executable, "-B", tmp_path / "out" / "python", "selftest"]
    assert subprocess.run(check, check=False).returncode == 0
    assert not driver.build(path, output=tmp_path / "out").changed
