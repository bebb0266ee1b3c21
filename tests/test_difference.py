from __future__ import annotations

import json

import pytest

from ascendc.difference import differences

BASE = {
    "stage": "fix",
    "spec": {"uses": [{"name": "fold", "options": [["limit", 3]]}, {"name": "static", "options": []}]},
    "inputs": [["export", "1"], ["golden", "2"]],
    "reads": [
        ["plugin", "clip"],
        ["code of ascendc", "a"],
        ["code of guest", "a"],
        ["options", json.dumps({"labels": "a.txt", "size": 3})],
        ["file model.safetensors", "a"],
        ["file w.bin", "1"],
        ["file w.bin", "2"],
    ],
    "tools": {"torch": "2.13.0", "transformers": "5.22"},
    "code": ["a", "b"],
}


def changed(path, value):
    """The ingredients with one thing changed; `path` as ``reads.4.1``."""
    new = json.loads(json.dumps(BASE))
    *parents, last = path.split(".")
    place = new
    for step in parents:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return new


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("tools.transformers", "5.23", "transformers 5.22 -> 5.23"),
        ("tools.onnxscript", "0.5", "onnxscript absent -> 0.5"),
        ("code.0", "z", "ascendc's own code changed"),
        ("reads.1.1", "z", "ascendc's own code changed"),
        ("reads.2.1", "z", "code of guest: changed"),
        ("reads.0.1", "onnx", "plugin: changed from clip to onnx"),
        ("reads.4.1", "z", "file model.safetensors: content changed"),
        ("reads.6.1", "z", "file w.bin: content changed"),
        ("reads.3.1", '{"labels": "b.txt", "size": 3}', 'option labels: changed from "a.txt" to "b.txt"'),
        ("reads.3.1", '{"labels": "a.txt"}', "option size: is gone"),
        ("spec.uses.0.options.0.1", 4, "spec.uses[0].options[0][1] changed from 3 to 4"),
        ("spec.uses.1.options", [["batch", 1]], "spec.uses[1].options[0] is new"),
        ("spec.uses.1.name", "x" * 80, "spec.uses[1].name changed"),
        ("spec.threshold", 0.1, "spec.threshold is new"),
        ("inputs.0.1", "z", "export image gave another result"),
        ("stage", "verify", 'stage changed from "fix" to "verify"'),
    ],
)
def test_each_ingredient_in_words(path, value, words):
    assert differences(BASE, changed(path, value), ("export image", "golden image")) == (words,)


def test_the_same_is_no_difference():
    assert differences(BASE, BASE, ("export image", "golden image")) == ()


def test_an_unknown_input_says_nothing():
    assert differences(BASE, changed("inputs.1.1", None), ("export image", None)) == ()


def test_a_file_that_comes_and_one_that_goes():
    new = changed("reads.4", ["file labels.txt", "a"])
    assert differences(BASE, new, ()) == ("file labels.txt: is new", "file model.safetensors: is no longer read")


def test_ascendc_s_code_is_said_once():
    new = changed("code.1", "z")
    new["reads"][1][1] = "z"
    assert differences(BASE, new, ()) == ("ascendc's own code changed",)
