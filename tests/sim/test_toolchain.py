"""A whole build against the simulated ATC."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ascendc import driver
from ascendc.cann.atc.command import AtcOptions, InputShape
from ascendc.cann.soc import resolve
from ascendc.cann.version import Cann
from ascendc.errors import StageError
from ascendc.inspection import inspect
from ascendc.runtime import open_session
from ascendc.runtime.om import OmSession
from ascendc.runtime.om_file import read_facts
from ascendc.sim.settings import Settings
from ascendc.sim.toolchain import Simulated
from ascendc.sim.tree import plant
from ascendc.target import Batch, PartTarget, Target
from ascendc.toolchain import install
from ascendc.toolchain.base import Job
from ascendc.toolchain.local import Local

RECIPES = Path(__file__).parents[2] / "recipes"
NOTE = "OMs are simulated: they show that the steps fit together, and no device can run them"


def test_a_build_says_that_it_was_simulated(built):
    assert NOTE in built.notes
    manifest = json.loads((built.output / "manifest.json").read_text())
    assert NOTE in manifest["model"]["notes"]
    assert {artefact["state"] for artefact in manifest["artefacts"]} == {"om-accepted on simulator"}
    assert {row.state for row in built.rows} == {"om-accepted on simulator"}
    found = inspect(built.output)
    assert found.simulated
    assert {file.kind for file in found.files if file.simulated} == {"om"}


def test_the_om_answers_as_its_onnx_does(simulated, built):
    """Within what rounding weights to float16 does; the text part in gears, the image part behind AIPP."""
    simulated()
    manifest = json.loads((built.output / "manifest.json").read_text())
    for artefact in manifest["artefacts"]:
        golden = built.output / "golden" / artefact["part"]
        assert golden.is_dir()
        with OmSession(str(built.output / artefact["om"])) as om:
            reference = open_session(built.output / artefact["onnx"])
            rng = np.random.default_rng(0)
            if om.inputs[0].dtype == "uint8":
                pixels = rng.integers(0, 256, (3, 64, 64, 3), np.uint8)
                mean, std = (np.array(v, np.float32) for v in _normalisation(built.output))
                floats = ((pixels / np.float32(255) - mean) / std).transpose(0, 3, 1, 2).astype(np.float32)
                fed, given = {om.inputs[0].name: pixels}, {om.inputs[0].name: np.ascontiguousarray(floats)}
            else:
                ids = np.full((3, 77), 1, np.int32)
                ids[:, 0], ids[:, 1:4] = 2, rng.integers(3, 60, (3, 3))
                fed = given = {om.inputs[0].name: ids}
            [mine], [theirs] = om.run_batched(fed).values(), reference.run_batched(given).values()
            assert mine.shape == theirs.shape == (3, 96)
            np.testing.assert_allclose(mine, theirs, atol=1e-2)


def test_a_bundle_runs_its_oms_where_a_device_is(built, tmp_path):
    """And judges them by the limit of their precision; without a device it runs the ONNX, and says why."""
    script = plant(tmp_path / "cann", Settings("Ascend310P3", strict=True))
    deploy = f"'{built.output / 'deploy.sh'}' --python '{sys.executable}'"
    done = subprocess.run(["bash", "-c", f"source '{script}' && {deploy}"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for part in ("image", "text"):
        assert re.search(
            rf"^{part}: pyACL Ascend310P3 SIMULATED: error .* of the sample distance \(limit 3e-02\): ok$",
            done.stdout,
            re.M,
        )
    assert "NOT tested" not in done.stdout
    done = subprocess.run(["bash", "-c", deploy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("note: the OM is not run: an .om needs CANN's Python module acl") == 1
    assert done.stdout.splitlines()[-1] == "OM NOT tested here: what passed above is the ONNX."


def test_an_om_for_another_chip_is_passed_over_in_words(built, tmp_path):
    script = plant(tmp_path / "cann", Settings("Ascend310B4", strict=True))
    command = f"source '{script}' && '{built.output / 'deploy.sh'}' --python '{sys.executable}' selftest image"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "image.om` was compiled for Ascend310P3, and this is Ascend310B4: choose the target for it" in done.stdout
    assert "\nimage: onnxruntime" in done.stdout


def _normalisation(folder):
    [found] = folder.rglob("preprocess.json")
    record = json.loads(found.read_text())
    return record["mean"], record["std"]


def test_a_refusal_of_atc_is_told_and_explained(tmp_path, monkeypatch):
    monkeypatch.setenv("ASCENDC_SIM_ATC_FAULT", "op-compile")
    monkeypatch.setenv("ASCENDC_CACHE", str(tmp_path / "cache"))
    with pytest.raises(StageError) as caught:
        driver.build(RECIPES / "tiny-clip.yaml", output=tmp_path / "b", overrides=("targets[0].toolchain=sim",))
    assert caught.value.id == "ASC1749"
    assert "E20001: Compile operator [MatMulV2] failed." in caught.value.message


@pytest.fixture
def double(workspace):
    """A job that doubles x [1, 3]."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", [x], [y])
    path = workspace.folder / "double.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), path)
    options = AtcOptions("Ascend310P3", "ND", (InputShape("x", (1, 3)),), "force_fp16")
    return Job("double @ edge", "double", options, path, None, 60.0)


def test_only_its_own_toolchain_takes_what_the_simulated_atc_made(double, workspace, tmp_path, monkeypatch):
    target = Target("edge", resolve("Ascend310P3").soc, Cann("8.1.RC1"), (("main", PartTarget(Batch((1,)))),))
    compiled = Simulated(target).compile(double, workspace)
    assert read_facts(str(workspace.path(compiled.om))).simulated
    monkeypatch.setenv("ASCENDC_SET_ENV", str(plant(tmp_path / "cann", Settings("Ascend310P3"))))
    monkeypatch.setenv("ASCENDC_PYTHON", sys.executable)
    monkeypatch.setattr(install, "MODULES", ("numpy",))  # the simulated ATC loads no others
    with pytest.raises(StageError) as caught:
        Local(target).compile(double, workspace)
    assert (caught.value.id, caught.value.message) == (
        "ASC1754",
        "ATC for double @ edge is the simulated one (`ascendc sim env`), and no device can run its OM",
    )
    assert caught.value.hint.startswith("ascendc build RECIPE --set targets[0].toolchain=sim, ")


def test_a_real_device_is_offered_simulated_oms_only_where_that_is_asked_for(built, tmp_path):
    """By each door; the device here passes for a real one since its module hides what it is."""
    script = plant(tmp_path / "cann", Settings("Ascend310P3"))
    (tmp_path / "sitecustomize.py").write_text("import acl\ndel acl.SIMULATED\n")
    source = f"source '{script}' && export PYTHONPATH=\"$PYTHONPATH:{tmp_path}\" &&"
    doors = {
        "deploy": f"'{built.output}/deploy.sh' --python '{sys.executable}' {{}} selftest",
        "ascendc": f"'{sys.executable}' -m ascendc run '{built.output}' {{}} --texts 'a red square' --top-k 0",
    }
    for door, command in doors.items():
        for flag, engine in (("", "onnxruntime"), ("--allow-simulated", "pyACL Ascend310P3")):
            ran = ["bash", "-c", f"{source} {command.format(flag)}"]
            done = subprocess.run(ran, capture_output=True, text=True, check=False)
            assert f"text: {engine}" in done.stdout, (door, flag, done.stdout, done.stderr)
            said = "was made by the simulated ATC: no device can run it" in done.stdout
            assert said is (not flag)
