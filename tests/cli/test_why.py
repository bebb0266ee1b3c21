from __future__ import annotations

import json
from pathlib import Path

from ascendc.cli.why import line
from ascendc.why import Reason

RECIPE = Path(__file__).parents[2] / "recipes" / "onnx.yaml"


def test_each_fate_in_a_line():
    assert line(Reason("fix", "image", "stored")) == "fix image: stored"
    assert line(Reason("judge", "", "waits", ("golden image", "verify image"))) == (
        "judge: stored, unless another result comes from golden image, verify image"
    )
    assert line(Reason("fix", "image", "would run", ("a", "b"))) == "fix image: would run: a; b"
    assert line(Reason("package", "", "would run", tuple("12345678"))) == (
        "package: would run: 1; 2; 3; 4; 5; 6; and 2 more (--json)"
    )


def test_a_recipe_and_one_of_its_stages(ascendc, tmp_path):
    ascendc("build", RECIPE, "-o", tmp_path / "out")

    ran = ascendc("why", RECIPE)
    assert ran.code == 0
    assert {line.partition(": ")[2] for line in ran.out.splitlines()} == {"stored"}

    ran = ascendc("why", RECIPE, "package", "--set", "bundle.name=other")
    assert ran.out == 'package: would run: spec.name changed from "onnx" to "other"\n'

    ran = ascendc("why", RECIPE, "package", "--set", "bundle.name=other", "--json")
    assert json.loads(ran.out) == {
        "stage": "package",
        "label": "",
        "fate": "would run",
        "because": ['spec.name changed from "onnx" to "other"'],
    }

    ran = ascendc("why", RECIPE, "compile")
    assert ran.code == 2
    assert "ASC1021 this recipe has no step of a stage `compile` here; allowed: " in ran.err
