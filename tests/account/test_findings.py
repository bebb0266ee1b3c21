from __future__ import annotations

import dataclasses
import json

import jsonschema
from onnx import TensorProto, helper

from ascendc import registry
from ascendc.account.findings import CheckedGroup, Findings, ForetoldPart, PlannedPart, findings, grouped
from ascendc.check import Finding
from ascendc.contract import schema_of
from ascendc.dag import Done, Step
from ascendc.graph import Graph, save
from ascendc.model import Use
from ascendc.precision.lock import Chosen
from ascendc.stages.check import CheckedGraph
from ascendc.stages.fix import Fixed, FixSpec, fix
from ascendc.stages.forecast import Foretold


def finding(op, reason, node):
    return Finding(node, op, "aicpu", None, None, reason, None, None, None)


CHECKED = CheckedGraph(
    "image",
    "Ascend310",
    "bundled: tables",
    (("aicore", 3), ("aicpu", 3)),
    (finding("ArgMax", "slow", "/a"), finding("TopK", "slow", "/t"), finding("ArgMax", "slow", "/b")),
)


def graph(workspace):
    """y = x + (1 + 1)."""
    import onnx_ir as ir

    value = helper.make_tensor_value_info
    nodes = [helper.make_node("Add", ["one", "one"], ["two"]), helper.make_node("Add", ["x", "two"], ["y"])]
    made = helper.make_graph(
        nodes,
        "sum",
        [value("x", TensorProto.FLOAT, ["batch", 2])],
        [value("y", TensorProto.FLOAT, ["batch", 2])],
        [helper.make_tensor("one", TensorProto.FLOAT, [], [1.0])],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    return save(ir.from_proto(model), workspace)


def step(stage, label, *inputs, result=Graph):
    return Step(stage, label, inputs, (), label, result, lambda *_: None)


def test_a_graph_is_counted_before_and_after_its_passes_each_with_its_receipt(workspace, store):
    plugins = registry.load()
    exported = graph(workspace)
    fixed = fix(FixSpec((Use("fold-constants"), Use("clamp-mask"))), exported, plugins, workspace)
    first = step("export", "image")
    done = {first: Done(exported, True, 0.1), step("fix", "image", first, result=Fixed): Done(fixed, False, 1.0)}
    [change] = findings(done, store, plugins).graphs
    assert (change.label, change.before.opset) == ("image", 13)
    assert (change.before.nodes, change.after.nodes) == ({"Add": 2}, {"Add": 1})
    assert change.after.bytes == fixed.graph.size
    assert [(one.name, one.changes) for one in change.passes] == [("fold-constants", 1), ("clamp-mask", 0)]
    assert change.passes[0].why == plugins.passes["fold-constants"].cls.WHY


def test_nodes_of_one_reason_are_one_group():
    assert list(grouped(CHECKED)) == [CheckedGroup("aicpu", {"ArgMax": 2, "TopK": 1}, "slow", None, "/a", None)]


def test_checks_are_written_as_their_schema_says(store):
    done = {step("check", "image @ card", result=CheckedGraph): Done(CHECKED, True, 0.0)}
    written = json.loads(json.dumps(dataclasses.asdict(findings(done, store, registry.load()))))
    jsonschema.validate(written, schema_of(Findings))
    [checked] = written["checks"]
    assert (checked["label"], checked["soc"], checked["counts"]) == (
        "image @ card",
        "Ascend310",
        {"aicore": 3, "aicpu": 3},
    )
    assert checked["groups"][0]["ops"] == {"ArgMax": 2, "TopK": 1}


def test_forecasts_and_plans_are_kept(store):
    foretold = Foretold("image", "force_fp16", "y", 0.04, 0.03, 8, "warned")
    chosen = Chosen("image", "Ascend310P3", 0.03, "ab" * 32, "force_fp16", ("/a",), (), (), None, 0.01, 9, 3, "0.1.0")
    done = {
        step("forecast", "image @ card", result=Foretold): Done(foretold, True, 0.0),
        step("precision", "image @ card", result=Chosen): Done(chosen, True, 0.0),
    }
    found = findings(done, store, registry.load())
    assert found.forecasts == (ForetoldPart("image @ card", "force_fp16", "y", 0.04, 0.03, 8, ok=False),)
    assert found.plans == (PlannedPart("image @ card", "Ascend310P3", "force_fp16", ("/a",), (), None, 0.01),)
    jsonschema.validate(json.loads(json.dumps(dataclasses.asdict(found))), schema_of(Findings))
