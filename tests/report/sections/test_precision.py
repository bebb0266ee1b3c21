from __future__ import annotations

import pytest
from onnx import TensorProto, helper, save_model

from ascendc.account.findings import Findings, ForetoldPart, PlannedPart
from ascendc.precision.damage import Damage
from ascendc.precision.forecast import Culprit, Lost
from ascendc.report.given import Build, Given
from ascendc.report.page import Figure, Origin
from ascendc.report.sections.precision import layer, precision
from ascendc.report.words import say


def blocks(*forecasts, builds=()):
    return precision(Given(forecasts=forecasts, builds=builds)).blocks


def pairs(found):
    [figure] = [block for block in found if isinstance(block, Figure)]
    return [(pair.label, pair.first, pair.second) for pair in figure.chart.data], say(figure.note, "en")


def test_without_a_forecast_there_is_none():
    assert precision(Given()) is None


def test_the_lead_says_verdict_error_limit_and_origin(outlook):
    lead, outputs, *_ = blocks(outlook())
    assert say(lead.text, "en") == (
        "image @ card in force_fp16 passes (estimated): error 0.0021 of the distance between samples, 0.03 allowed."
    )
    assert say(lead.text, "zh") == "image @ card 在 force_fp16 下通过（估算）：误差为样本间距离的 0.0021，允许 0.03。"
    assert outputs.rows == (("y", "0.0021", "0.9990000", "0.002", "0.01"),)
    assert outputs.origin is Origin.ESTIMATED


def test_layers_have_their_worst_node_and_numbers_sort_as_numbers(outlook):
    assert pairs(blocks(outlook())) == (
        [("model.layers.2", 0.001, 0.0016), ("model.layers.10", 0.002, 0.003)],
        "The worst node of each layer. Ordered by name.",
    )


def test_a_bundle_knows_the_order_of_the_graph(outlook, tiny_bundle):
    import dataclasses

    from ascendc.report.given import read

    [build] = read([tiny_bundle()]).builds
    nodes = [helper.make_node("Relu", [f"x{n}"], [f"x{n + 1}"], name) for n, name in enumerate(NAMES)]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x0", "x3")]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:])
    (build.folder / "other.onnx").unlink(missing_ok=True)
    save_model(helper.make_model(graph), build.folder / "other.onnx")
    artefact = dataclasses.replace(build.manifest.artefacts[0], onnx="other.onnx")
    build = Build("tiny", build.folder, dataclasses.replace(build.manifest, artefacts=(artefact,)))
    found, note = pairs(blocks(outlook(), builds=(build,)))
    assert [label for label, _, _ in found] == ["model.layers.10", "model.layers.2"]
    assert note == "The worst node of each layer. In the order of the graph."


NAMES = ("/model/layers.10/attn", "/model/layers.2/attn", "/model/layers.2/mlp")


def test_what_is_lost_is_said_and_has_no_mark(outlook):
    lost = Culprit("/model/square", "Mul", None, None, None, None, 1e6, True, None)
    forecast = outlook(
        ok=False,
        end_to_end={"y": Damage(None, None, None, None)},
        culprits=(lost,),
        overflow=(Lost("/model/square", "t", 1e6),),
    )
    lead, outputs, figure, culprits, overflow = blocks(forecast)
    assert (lead.tone, say(lead.text, "en")) == (
        "warning",
        "image @ card in force_fp16 fails (estimated): numbers are lost.",
    )
    assert say(outputs.rows[0][1], "en") == "NaN or infinity"
    assert (figure.chart.data[0].first, figure.chart.data[0].second) == (None, None)
    assert [say(cell, "en") for cell in culprits.rows[0]] == [
        "/model/square",
        "Mul",
        "lost",
        "lost",
        "lost",
        "lost",
        "1.000×10⁶",
    ]
    assert say(overflow.text, "en") == "Beyond float16, which ends at 65504: /model/square (1e+06)."


@pytest.mark.parametrize(
    ("node", "module", "wanted"),
    [
        ("/v/layers.3/attn/Softmax", "v.layers.3.attn", "v.layers.3"),
        ("/v/layers.3/attn/Softmax", None, "v.layers.3"),
        ("/embed/Add", None, "embed"),
        ("Add_1", None, "Add"),
    ],
)
def test_a_layer_is_the_module_up_to_its_number(node, module, wanted):
    assert layer(Culprit(node, "Add", module, 0.1, 0.1, 0.1, 1.0, False, None)) == wanted


def test_the_gate_of_a_build_and_its_plan(record):
    found = Findings(
        forecasts=(ForetoldPart("image", "force_fp16", "y", None, 0.03, 8, ok=False),),
        plans=(PlannedPart("image @ card", "Ascend310", "force_fp16", ("/a", "/b"), (), None, 0.01),),
    )
    gate, plan = precision(Given(builds=(Build("tiny", record=record(findings=found)),))).blocks
    assert [say(cell, "en") for cell in gate.rows[0]] == ["image", "force_fp16", "y", "8", "lost", "0.03", "fails"]
    assert gate.origin is Origin.ESTIMATED
    assert say(plan.text, "en") == (
        "Plan for image @ card on Ascend310: force_fp16, error lost before, 0.01 after (estimated); float32: /a, /b."
    )
