"""The float16 forecast as a gate of the build: a net whose offset takes the digits, by the plugin for any ONNX file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from ascendc import driver
from ascendc.errors import GateError
from ascendc.events import StepFinished, StepSaid

NET = """
net (float[batch, 8] x) => (float[batch, 8] y) {
  a = MatMul(x, w)
  b = Add(a, k)
  c = Sub(b, k)
  y = MatMul(c, w)
}"""
RECIPE = """
version: 1
model: {plugin: onnx, source: ./net.onnx}
targets:
  - {name: card, soc: Ascend310P3, cann: "8.1.RC1"}
  - {name: kit, soc: Ascend310B4, cann: "8.1.RC1"}
"""
REFUSED = (
    "part `model` @ card, kit: output `y` is 0.071 of the median distance between samples away from itself in float32 "
    "in force_fp16; allowed: 0.03 (estimated on this host); worst nodes: Add /block/Add (block), "
    "Sub /block/Sub (block), MatMul /a"
)


@pytest.fixture
def recipe(tmp_path):
    """A recipe beside a net in which `offset` is added and taken off again."""

    def make(offset=1000.0, text=""):
        model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13]> {NET}')
        names = ("/a", "/block/Add", "/block/Sub", "/y")
        for node, name in zip(model.graph.node, names, strict=True):
            node.name = name
        w = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
        for name, array in {"w": w, "k": np.full(8, offset, np.float32)}.items():
            model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
        onnx.save(model, tmp_path / "net.onnx")
        path = tmp_path / "recipe.yaml"
        path.write_text(RECIPE + text)
        return path

    return make


def test_a_part_that_float16_ruins_ends_the_build(recipe, tmp_path):
    with pytest.raises(GateError) as caught:
        driver.build(recipe(), output=tmp_path / "out")
    assert (caught.value.id, caught.value.exit_code) == ("ASC1650", 4)
    assert caught.value.message == REFUSED
    assert caught.value.hint == (
        "ascendc build RECIPE --set targets[0].parts.model.precision=auto  (keeps in float32 the few nodes that need "
        "it); ascendc forecast RECIPE  shows all of them; forecast: {damage: warn} in the recipe lets it pass"
    )
    assert not (tmp_path / "out").exists()
    record = json.loads(Path(f"{tmp_path / 'out'}.build.json").read_text())
    assert record["status"] == "failed"


def test_a_recipe_may_let_it_pass_and_is_told(recipe, tmp_path):
    heard = []
    path = recipe(text="forecast: {damage: warn}\n")
    outcome = driver.build(path, output=tmp_path / "out", until="forecast", listen=heard.append)
    [said] = [e.line for e in heard if isinstance(e, StepSaid) and e.stage == "forecast"]
    assert said == "warning: " + REFUSED.partition("; worst")[0]
    [done] = [e for e in heard if isinstance(e, StepFinished) and e.stage == "forecast"]
    assert (done.label, done.summary) == ("model", "error 7.1e-02 of the sample distance in force_fp16, estimated")
    assert said.removeprefix("warning: ") in outcome.notes
    again = driver.build(path, output=tmp_path / "out", until="forecast")
    assert said.removeprefix("warning: ") in again.notes
    assert not again.changed


def test_float16_that_does_no_harm_passes(recipe, tmp_path):
    heard = []
    driver.build(recipe(1.0), output=tmp_path / "out", until="forecast", listen=heard.append)
    [done] = [e for e in heard if isinstance(e, StepFinished) and e.stage == "forecast"]
    assert done.summary.endswith("of the sample distance in force_fp16, estimated")


def test_numbers_that_are_lost(recipe, tmp_path):
    with pytest.raises(GateError) as caught:
        driver.build(recipe(1e5), output=tmp_path / "out", overrides=["verify.threshold=0.5"])
    assert caught.value.message.startswith("part `model` @ card, kit: output `y` holds NaN or infinity in force_fp16")


@pytest.mark.parametrize("setting", ["forecast.damage=off", "targets[0].precision=origin"])
def test_nobody_looks(recipe, tmp_path, setting):
    heard = []
    overrides = [setting, "targets[1].precision=origin"]
    driver.build(recipe(), output=tmp_path / "out", until="forecast", overrides=overrides, listen=heard.append)
    assert not [e for e in heard if isinstance(e, StepFinished) and e.stage == "forecast"]
