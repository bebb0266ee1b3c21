from __future__ import annotations

import dataclasses
import json

import onnx
import onnx_ir as ir
import pytest

from ascendc import driver, graph, registry
from ascendc.cann import soc
from ascendc.cann.operators import installed
from ascendc.dag import execute, key_of, order, recall
from ascendc.errors import GateError
from ascendc.events import StepSaid
from ascendc.plan import TargetSteps, make_plan
from ascendc.stages.check import CheckedGraph, CheckSpec, check, files_of
from ascendc.store import Store

FIVE = ("Ascend310", "Ascend310P3", "Ascend310B4", "Ascend910A", "Ascend910B3")
SPEC = CheckSpec("main", "Ascend310", None, "force_fp16", 1, "stop", "")
BUNDLED = "bundled: CANN 8.1.RC1 op stores, ONNX mapping of 2026-08"
NORM = "g (float[batch, 4] x) => (float[batch, 1] y) <int64[1] axes = {1}> { y = ReduceL2(x, axes) }"
GUARD = "g (float[batch, 4] x) => (bool[batch, 4] y) { y = IsNaN(x) }"


@pytest.fixture
def saved(store):
    """A graph in the store from ONNX text."""

    def make(text, opset=13):
        model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": {opset}]> {text}')
        with store.workspace(lambda _: None) as workspace:
            return graph.save(ir.from_proto(model), workspace)

    return make


@pytest.fixture
def run(store):
    """Check a graph; what it gave, and what was said."""

    def made(found, install=None, **changes):
        said = []
        with store.workspace(said.append) as workspace:
            return check(dataclasses.replace(SPEC, **changes), found, install, workspace, {}), said

    return made


def test_a_graph_that_atc_would_refuse_ends_the_build(saved, run):
    with pytest.raises(GateError) as caught:
        run(saved(NORM, 18))
    assert caught.value.id == "ASC2331"
    assert caught.value.exit_code == 4
    assert caught.value.message == (
        "part `main`: ATC for Ascend310 would refuse the graph: opset: ReduceL2 (y): ATC's ONNX parser knows "
        f"`ReduceL2` at opset 8 to 17, not at 18 (E16002, ai.onnx::18::ReduceL2) ({BUNDLED})"
    )
    assert caught.value.hint == (
        "pass `reduce-l2` (passes: {add: [reduce-l2]} in a recipe); or export at opset 17 "
        "(export: {opset: 17} in a recipe); check: {findings: warn} in the recipe lets it pass"
    )


def test_a_recipe_may_let_it_pass(saved, run):
    result, said = run(saved(NORM, 18), findings="warn")
    assert dict(result.counts)["opset"] == 1
    assert said[0].startswith("warning: opset: ReduceL2 (y): ATC's ONNX parser knows")


def test_what_runs_on_the_ai_cpu_is_a_warning(saved, run):
    result, said = run(saved(GUARD))
    assert said == [
        (
            "warning: aicpu: IsNaN (y): Ascend310 has no AI Core kernel for IsNan; AI CPU (TF kernels) has one; fix: "
            "pass `drop-nan-guard` (passes: {add: [drop-nan-guard]} in a recipe); or export eager attention "
            "(export: {attention: eager} in a recipe)"
        )
    ]
    assert result.summary == "0 of 1 nodes on the AI Core"
    assert [finding.op for finding in result.findings] == ["IsNaN"]
    assert result.source == BUNDLED


def test_gears_are_static_graphs(saved, run):
    result, said = run(saved("g (float[batch, 4] x) => (float[batch, 4] y) { y = Relu(x) }"), batch=8)
    assert (result.summary, said) == ("1 of 1 nodes on the AI Core", [])


def test_a_soc_that_no_table_knows_is_not_checked(saved, run):
    result, said = run(saved(NORM, 18), soc="Ascend610")
    assert result == CheckedGraph("main", "Ascend610", "", (), ())
    assert result.summary == "no table knows Ascend610"
    assert said[0].startswith("not checked: no operators of `ascend610` are in ascendc's tables")


# -- with CANN here ------------------------------------------------------------------------------------------------


@pytest.fixture
def cann_files(tmp_path, monkeypatch):
    """An installed CANN whose Ascend310 has one operator."""
    folder = tmp_path / "opp/built-in/op_impl/ai_core/tbe/config/ascend310"
    folder.mkdir(parents=True)
    file = folder / "aic-ascend310-ops-info.json"
    file.write_text(json.dumps({"Relu": {"input0": {"dtype": "float16"}, "output0": {"dtype": "float16"}}}))
    monkeypatch.setenv("ASCEND_OPP_PATH", str(tmp_path / "opp"))
    return file


def test_its_files_decide_and_its_atc_has_the_last_word(saved, run, cann_files):
    install = installed.find({"ASCEND_OPP_PATH": str(cann_files.parents[6])})
    result, said = run(saved(NORM, 18), install)
    assert result.source == f"live: {cann_files.parents[6]}"
    assert dict(result.counts)["opset"] == 1
    assert said[0].startswith("warning: opset: ReduceL2")


def test_a_changed_cann_has_another_digest(cann_files):
    install = installed.find({"ASCEND_OPP_PATH": str(cann_files.parents[6])})
    chip = soc.resolve("Ascend310").soc
    before = files_of(install, chip)
    assert before
    cann_files.write_text("{}")
    assert files_of(install, chip) not in ("", before)
    assert files_of(install, soc.resolve("Ascend310P3").soc) == files_of(None, chip) == ""


# -- in a build ----------------------------------------------------------------------------------------------------


@pytest.fixture
def plan_of(tmp_path):
    def plan(targets, overrides=(), until="check"):
        path = tmp_path / "recipe.yaml"
        source = driver.Path(__file__).parents[2] / "recipes/tiny-clip"
        head = f"version: 1\nmodel: {{plugin: clip, source: {source}}}\nverify: {{samples: 4}}\n"
        path.write_text(f"{head}targets:\n{targets}")
        steps = TargetSteps(driver.prepare(path, overrides, Store(tmp_path / "store"), registry.load()))
        return steps, make_plan(steps, until)

    return plan


def everywhere():
    return "".join(
        f'  - {{soc: {name}, batch: {size}, name: {name}-{n}, cann: "8.1"}}\n' for name in FIVE for n, size in SIZES
    )


SIZES = (("static", "4"), ("gears", "[1, 8]"))


@pytest.mark.parametrize("opset", [13, 17])
def test_after_our_passes_clip_is_on_the_ai_core_of_five_socs(plan_of, opset):
    steps, plan = plan_of(everywhere(), [f"export.opset={opset}"])
    said = []
    done = execute(order(plan.goals), steps.parts.store, said.append)
    results = [done[artefact.checked].result for artefact in steps.artefacts]
    assert len(results) == 2 * len(FIVE) * len(SIZES)
    assert [result.findings for result in results] == [()] * len(results)
    assert {(result.soc, result.part) for result in results} == {(s, p) for s in FIVE for p in ("image", "text")}
    assert not [event for event in said if isinstance(event, StepSaid) and event.stage == "check"]


def test_it_follows_the_fix_and_precedes_the_compilation(plan_of, cann):
    cann("true")
    steps, plan = plan_of("  - soc: Ascend310\n", until="compile")
    for artefact in steps.artefacts:
        assert artefact.checked.inputs == (artefact.fixed,)
        assert artefact.compiled.inputs[:2] == (artefact.fixed, artefact.checked)
    assert {a.checked for a in steps.artefacts} <= set(plan.goals)


def test_the_cann_of_the_atc_that_compiles_is_asked(plan_of, cann, cann_files):
    """Not the one that was sourced: this one has no operators, so the table is."""
    chip = soc.resolve("Ascend310").soc
    steps, _ = plan_of("  - soc: Ascend310\n")
    assert steps.artefacts[0].checked.spec.files == files_of(
        installed.find({"ASCEND_OPP_PATH": str(cann_files.parents[6])}), chip
    )
    home = cann("true").parent / "8.1.RC1"
    steps, _ = plan_of("  - soc: Ascend310\n")
    assert steps.artefacts[0].checked.spec.files == ""
    own = home / "opp/built-in/op_impl/ai_core/tbe/config/ascend310"
    own.mkdir(parents=True)
    (own / "ops.json").write_text("{}")
    steps, _ = plan_of("  - soc: Ascend310\n")
    assert steps.artefacts[0].checked.spec.files


def test_another_cann_here_makes_it_run_again_and_the_same_does_not(plan_of, cann_files):
    def keys():
        steps, plan = plan_of("  - soc: Ascend310\n")
        done = execute(order(plan.goals), steps.parts.store, lambda _: None)
        return [key_of(a.checked, [done[a.fixed].result])[0] for a in steps.artefacts], steps

    before, steps = keys()
    assert all(recall(a.checked, key, steps.parts.store) for a, key in zip(steps.artefacts, before, strict=True))
    assert keys()[0] == before
    cann_files.write_text(cann_files.read_text() + " ")
    assert not set(keys()[0]) & set(before)
