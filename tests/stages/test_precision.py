"""precision: auto, from a net that float16 ruins to what ATC is told; the ATC is the simulated one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from ascendc import driver, graph, onnx_file
from ascendc.cann import soc
from ascendc.cann.atc.command import AtcOptions, InputShape
from ascendc.cann.version import Cann
from ascendc.errors import GateError, Interrupted, UsageError
from ascendc.events import StepSaid
from ascendc.precision import lock
from ascendc.precision.glance import glance
from ascendc.precision.lock import Chosen
from ascendc.precision.units import units
from ascendc.sim.settings import Settings
from ascendc.sim.toolchain import Simulated
from ascendc.sim.tree import plant
from ascendc.stages.compile import CompileSpec, compile_
from ascendc.stages.precision import PrecisionSpec, fixed_nodes, half, told
from ascendc.store import Store
from ascendc.target import Batch, PartTarget, Target

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
  - {name: card, soc: Ascend310P3, cann: "8.1.RC1", precision: auto, toolchain: sim}
  - {name: kit, soc: Ascend310B4, cann: "8.1.RC1", precision: auto}
"""
KEPT = "/block/Add\n/block/Sub\n"
PLAN = Chosen("main", "Ascend310P3", 0.03, "0" * 64, "force_fp16", ("b", "c"), (), (), 0.07, 6e-4, 4, 4, "0.1.0")


def write(folder, seed=0):
    """The net, in which 1000 is added and taken off again, and a recipe for it."""
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13]> {NET}')
    for node, name in zip(model.graph.node, ("/a", "/block/Add", "/block/Sub", "/y"), strict=True):
        node.name = name
    w = np.random.default_rng(seed).normal(size=(8, 8)).astype(np.float32)
    for name, array in {"w": w, "k": np.full(8, 1000, np.float32)}.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    onnx.save(model, folder / "net.onnx")
    (folder / "recipe.yaml").write_text(RECIPE)


def build(folder, monkeypatch=None, until="forecast", overrides=()):
    """What was said by the stage; with `monkeypatch` in a store of its own."""
    heard = []
    if monkeypatch is not None:
        monkeypatch.setenv("ASCENDC_CACHE", str(folder / "another-store"))
    outcome = driver.build(
        folder / "recipe.yaml", output=folder / "out", until=until, overrides=overrides, listen=heard.append
    )
    return outcome, [event.line for event in heard if isinstance(event, StepSaid) and event.stage == "precision"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A whole build, and its folder."""
    folder = tmp_path_factory.mktemp("auto")
    write(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASCENDC_CACHE", str(folder / "store"))
        outcome, said = build(folder, until="package")
    return folder, outcome, said


@pytest.fixture
def again(built, tmp_path):
    """The recipe and its plans, elsewhere, with an empty store."""
    for name in ("net.onnx", "recipe.yaml", "recipe.precision.json"):
        shutil.copy(built[0] / name, tmp_path)
    return tmp_path


def test_the_plan_is_found_kept_and_said(built):
    folder, outcome, said = built
    path = folder / "recipe.precision.json"
    assert f"precision plans are in {path}" in outcome.notes
    assert [(one.plan.soc, one.plan.mode, one.plan.keep) for one in lock.load(path)] == [
        ("Ascend310B4", "force_fp16", ("/block/Add", "/block/Sub")),
        ("Ascend310P3", "force_fp16", ("/block/Add", "/block/Sub")),
    ]
    assert sum("trial" in line for line in said) >= 2
    assert [row.state for row in outcome.rows] == ["om-accepted on simulator", "om-deferred"]


def test_the_bundle_says_and_holds_what_atc_was_told(built):
    folder = built[0] / "out"
    manifest = json.loads((folder / "manifest.json").read_text())
    artefacts = {one["target"]: one for one in manifest["artefacts"]}
    for target in ("card", "kit"):
        assert artefacts[target]["precision"] == "auto: force_fp16, 2 of 4 nodes in float32"
        file = f"configs/{target}/model.keep_dtype.txt"
        assert (folder / file).read_text() == KEPT
        assert {f"--keep_dtype={file}", "--precision_mode=force_fp16", "--log=warning"} <= {*artefacts[target]["atc"]}
        script = (folder / f"configs/{target}/model.atc.sh").read_text()
        assert "--keep_dtype=keep_dtype.txt" in script
        assert f"{file} keep_dtype.txt" in (folder / "compile.sh").read_text()
    assert "auto: force_fp16, 2 of 4 nodes in float32" in (folder / "README.md").read_text()
    assert {one["onnx"] for one in manifest["artefacts"]} == {"models/model.onnx"}, "equal graphs share a file"


def test_the_bundle_compiles_where_atc_is_and_tells_of_names_that_atc_passed_over(built, tmp_path):
    bundle = tmp_path / "a bundle"
    shutil.copytree(built[0] / "out", bundle)
    script = plant(tmp_path / "cann", Settings("Ascend310B4"))
    for module in ("decorator", "sympy"):  # which a real ATC needs
        (tmp_path / f"{module}.py").touch()
    script.write_text(f"{script.read_text()}export PYTHONPATH='{tmp_path}':$PYTHONPATH\n")
    command = ["bash", str(bundle / "compile.sh"), "kit"]
    environ = {"PATH": "/usr/bin:/bin", "ASCENDC_SET_ENV": str(script), "ASCENDC_PYTHON": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert "compiled model @ kit" in done.stdout
    assert "warning" not in done.stdout
    names = bundle / "configs/kit/model.keep_dtype.txt"
    names.chmod(0o644)
    names.write_text(KEPT + "/block/Gone\n")
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert "ascendc: warning: ATC passed over names of nodes that were to stay in float32" in done.stdout
    assert "op name:[/block/Gone]" in done.stdout


def test_without_a_change_there_is_nothing_to_do(built, monkeypatch):
    """The plans that were written are read once more: then nothing runs."""
    monkeypatch.setenv("ASCENDC_CACHE", str(built[0] / "store"))
    before = (built[0] / "recipe.precision.json").stat().st_mtime_ns
    outcome, said = build(built[0], until="package")
    assert (outcome.changed, len(said)) == (False, 2)
    assert all("it is kept" in line for line in said)
    outcome, said = build(built[0], until="package")
    assert (outcome.changed, said) == (False, [])
    assert (built[0] / "recipe.precision.json").stat().st_mtime_ns == before


def test_each_line_for_atc_is_needed_in_the_graph_that_it_compiles(built):
    """By its names: with any of them dropped, the file in the bundle fails again."""
    bundle = built[0] / "out"
    golden = {file.stem: np.load(file) for file in (bundle / "golden" / "model").glob("*.npy")}
    lines = (bundle / "configs/card/model.keep_dtype.txt").read_text().splitlines()

    def error(kept):
        model = onnx_file.load(bundle / "models" / "model.onnx")
        assert {*kept} <= {node.name for node in model.graph}
        return glance(model, golden, {"y": golden["y"]}, lambda us: half(us, replace(PLAN, keep=tuple(kept)))).error

    assert error(lines) <= PLAN.limit
    assert len(lines) == 2
    assert all(error([one for one in lines if one != gone]) > PLAN.limit for gone in lines)


def test_a_plan_that_is_there_is_not_searched_for(again, monkeypatch):
    outcome, said = build(again, monkeypatch)
    where = again / "recipe.precision.json"
    assert sorted(said) == [
        f"{where}:{line}: plans[{i}]: it is kept: force_fp16, 2 of 4 nodes in float32" for i, line in ((1, 23), (0, 4))
    ]
    assert not [note for note in outcome.notes if "precision" in note]


def test_a_graph_that_has_changed_is_searched_again(again, monkeypatch):
    before = (again / "recipe.precision.json").read_text()
    write(again, seed=1)
    _, said = build(again, monkeypatch)
    assert (
        f"{again / 'recipe.precision.json'}:4: plans[0]: the graph has changed since; it is searched for again" in said
    )
    assert any("trial" in line for line in said)
    assert (again / "recipe.precision.json").read_text() != before


def test_of_the_plans_for_one_chip_that_of_the_graph_is_kept(again, monkeypatch):
    """Targets of one chip may have graphs of their own; plans for graphs that are no more go."""
    path = again / "recipe.precision.json"
    plans = [one.plan for one in lock.load(path)]
    path.write_text(lock.to_json([replace(plans[1], graph="0" * 64), *plans]))
    _, said = build(again, monkeypatch)
    assert len(said) == 2
    assert all("it is kept" in line for line in said)
    assert [one.plan for one in lock.load(path)] == plans


def test_a_plan_that_somebody_changed_holds_and_is_judged(again, monkeypatch):
    path = again / "recipe.precision.json"
    path.write_text(path.read_text().replace('"/block/Add",', '"/a",'))
    with pytest.raises(GateError) as caught:
        build(again, monkeypatch)
    assert caught.value.id == "ASC1650"
    assert caught.value.message.endswith(
        "allowed: 0.03 (estimated on this host) with the plan that keeps force_fp16, 2 of 4 nodes in float32"
    )


def test_the_passes_of_a_plan_run(again, monkeypatch):
    path = again / "recipe.precision.json"
    path.write_text(path.read_text().replace('"uses": []', '"uses": [{"name": "name-nodes"}]'))
    heard = []
    monkeypatch.setenv("ASCENDC_CACHE", str(again / "another-store"))
    driver.build(again / "recipe.yaml", output=again / "out", until="forecast", listen=heard.append)
    said = [event.line for event in heard if isinstance(event, StepSaid) and event.label == "model @ card"]
    assert "name-nodes: 0" in said


def test_a_plan_for_nodes_that_are_not_there(again, monkeypatch):
    path = again / "recipe.precision.json"
    path.write_text(path.read_text().replace('"/block/Add",', '"/block/Ad",', 1))
    with pytest.raises(UsageError) as caught:
        build(again, monkeypatch)
    assert (caught.value.id, caught.value.message) == (
        "ASC1654",
        f"{path}:4: plans[0].keep: `/block/Ad` is no node of part `model`; allowed: names of its ONNX nodes",
    )


def test_what_the_chip_computes_in_float16_alone_is_not_kept(store):
    text = (
        "g (float[batch,3,8,8] x) => (float[batch,4] y)"
        "{ c = Conv(x, w) f = Flatten(c) m = MatMul(f, v) s = Softmax(m) y = Add(m, s) }"
    )
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13]> {text}')
    for node in model.graph.node:
        node.name = node.output[0]
    for name, shape in {"w": (2, 3, 3, 3), "v": (72, 4)}.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(shape, np.float32), name))
    with store.workspace(lambda _: None) as workspace:
        saved = graph.save(ir.from_proto(model), workspace)
        found = {
            chip: fixed_nodes(PrecisionSpec("p", chip, None, 1, 0.03, "", (), ()), saved, None, workspace, {})
            for chip in ("Ascend310", "Ascend910B3")
        }
    assert found == {"Ascend310": {"c"}, "Ascend910B3": set()}


def test_an_interrupt_ends_a_search_between_two_trials(again, monkeypatch):
    """The store is told of it: signals reach the main thread alone."""
    (again / "recipe.precision.json").unlink()
    heard = []
    monkeypatch.setenv("ASCENDC_CACHE", str(again / "another-store"))
    monkeypatch.setattr(Store, "stopped", True)
    with pytest.raises(Interrupted):
        driver.build(again / "recipe.yaml", output=again / "out", until="forecast", jobs=1, listen=heard.append)
    trials = [event for event in heard if isinstance(event, StepSaid) and event.stage == "precision"]
    assert len(trials) == 1
    assert not (again / "recipe.precision.json").exists()


@pytest.fixture
def model():
    found = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13]> {NET}')
    for node in found.graph.node:
        node.name = node.output[0]
    for name, array in {"w": np.eye(8, dtype=np.float32), "k": np.ones(8, np.float32)}.items():
        found.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    return found


def test_what_a_plan_leaves_in_float16(model):
    found = units(ir.from_proto(model), "fused")
    mixed = Chosen(**{**vars(PLAN), "mode": "allow_mix_precision", "keep": ("c",), "types": ("Add", "AddV2")})
    assert half(found, PLAN) == (True, False, False, True)
    assert half(found, mixed) == (True, False, False, True)


def test_types_go_into_a_mixlist():
    options = AtcOptions("Ascend310P3", "ND", (InputShape("x", (1, 8)),), "")
    mixed = Chosen(**{**vars(PLAN), "mode": "allow_mix_precision", "keep": (), "types": ("SoftmaxV2",)})
    known = told(options, mixed)
    [file] = known.files
    assert (file.option, file.name) == ("modify_mixlist", "mixlist.json")
    assert json.loads(file.text) == {"black-list": {"to-add": ["SoftmaxV2"]}}
    assert mixed.kept == "allow_mix_precision, SoftmaxV2 in float32"
    argv = known.argv("m.onnx", "om/m", files="configs/t/p.")
    assert "--precision_mode=allow_mix_precision" in argv
    assert "--modify_mixlist=configs/t/p.mixlist.json" in argv


def test_a_name_that_atc_passes_over_ends_the_build_or_is_told(model, store, monkeypatch):
    target = Target("card", soc.resolve("Ascend310P3").soc, Cann("8.1.RC1"), (("main", PartTarget(Batch((1,)))),))
    options = AtcOptions("Ascend310P3", "ND", (InputShape("x", (1, 8)),), "force_fp16")
    plan = Chosen(**{**vars(PLAN), "keep": ("b", "gone")})
    spec = CompileSpec("main", told(options, plan), None, "sim", "1")
    said = []
    with store.workspace(said.append) as workspace:
        saved = graph.save(ir.from_proto(model), workspace)
        made = compile_(CompileSpec(**{**vars(spec), "ignored": "warn"}), saved, Simulated(target), workspace)
    text = "ATC for main @ card passed over nodes that must stay in float32: `gone`"
    assert made.ignored is not None
    assert said[-1] == f"warning: {text}"
    monkeypatch.setattr(Simulated, "compile", lambda *_: made)  # the same again
    with store.workspace(said.append) as workspace, pytest.raises(GateError) as caught:
        compile_(spec, saved, Simulated(target), workspace)
    assert caught.value.id == "ASC1652"
    assert caught.value.message.startswith(f"{text}; its log: {store.root}")
