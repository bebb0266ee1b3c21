from __future__ import annotations

import dataclasses

import pytest

from ascendc.judge.result import (
    Answered,
    Figures,
    Layer,
    Layers,
    Output,
    Place,
    Refusal,
    SideInfo,
    Task,
    Verdict,
    to_json,
)
from ascendc.report.given import Given, read
from ascendc.report.page import Figure, Origin
from ascendc.report.sections.comparison import comparison
from ascendc.report.words import say


@pytest.fixture
def verdict():
    """Two sides that agree; keyword arguments change it."""
    figures = Figures(8, 1e-6, 3, 0.9999, 0.99999, 2e-6, 0.001, Place(3, (1,), 1.0, 1.001), 1.0, None, 0.875)
    layers = Layers(
        "image",
        2,
        3,
        ("t2",),
        8,
        2e-4,
        False,
        None,
        (
            Layer("t0", "Add", "/a", "m", True, "", 1e-7, 1.0, 0.0),
            Layer("t1", "Mul", "/b", "m", False, "shape", None, None, None),
        ),
    )
    made = Verdict(
        True,
        SideInfo("onnx", "a.onnx", (Answered("", "onnxruntime", False, 2e-4),)),
        SideInfo("om", "a.om", (Answered("", "acl", False, 0.03),)),
        "the recipe's",
        (Output("", "y", "y", True, 2e-4, None, figures, ""),),
        Task("clip", True, "top-1 agrees 16 of 16", {"top-1": 1.0}),
        (layers,),
        ("a note",),
    )
    return lambda **changes: dataclasses.replace(made, **changes)


def test_without_one_there_is_none():
    assert comparison(Given()) is None


def test_it_is_read_from_what_the_command_writes(tmp_path, verdict):
    (tmp_path / "c.json").write_text(to_json(verdict()))
    assert read([tmp_path / "c.json"]).comparisons == (verdict(),)


def test_outputs_task_and_layers(verdict):
    lead, outputs, task, figures, layers, note = comparison(Given(comparisons=(verdict(),))).blocks
    assert say(lead.text, "en") == "a.om against a.onnx: agrees (measured)."
    cells = [say(cell, "en") for cell in outputs.rows[0]]
    assert cells == ["y", "1.0×10⁻⁶", "2.0×10⁻⁴", "0.9999000", "2.0×10⁻⁶", "0.001", "100%", "88%", "agrees"]
    assert (task.text, task.tone, figures.rows) == ("top-1 agrees 16 of 16", "good", (("top-1", "1"),))
    assert isinstance(layers, Figure)
    assert [(bar.label, bar.value) for bar in layers.chart.data] == [("t0", 1e-7)]
    assert (
        say(layers.note, "en")
        == "2 of 3 tensors are on both sides; the first beyond 2.0×10⁻⁴: none goes beyond the limit."
    )
    assert note.text == "a note"


def test_what_is_refused_or_simulated_is_said(verdict):
    refused = Output("image", "y", "", False, 2e-4, Refusal("missing", "there is no `y`", None, 0), None, "")
    simulated = SideInfo("om", "a.om", (Answered("", "acl", True, 0.03),))
    found = verdict(ok=False, outputs=(refused,), candidate=simulated, task=None, layers=(), notes=())
    lead, outputs = comparison(Given(comparisons=(found,))).blocks
    assert (say(lead.text, "en"), lead.tone) == ("a.om against a.onnx: differs (simulated).", "warning")
    assert [say(cell, "en") for cell in outputs.rows[0]] == ["image: y", "refused: there is no `y`"]
    assert outputs.origin is Origin.SIMULATED


def test_equal_layers_have_no_bars(verdict):
    [layers] = verdict().layers
    equal = dataclasses.replace(layers, layers=(dataclasses.replace(layers.layers[0], error=0.0),))
    *_, remark, _ = comparison(Given(comparisons=(verdict(layers=(equal,)),))).blocks
    assert say(remark.text, "zh") == "两侧共有 3 个张量中的 2 个；首个超出 2.0×10⁻⁴ 的：均未超限。"
