from __future__ import annotations

import json
import os
import subprocess
import sys
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


GUEST = """
from ascendc import hookimpl
from ascendc_plugins.onnx.model import Onnx
from guest_helpers import crop

class Guest(Onnx):
    NAME = "guest"

@hookimpl
def ascendc_register_models():
    return [Guest]
"""


def test_a_helper_in_another_package_of_a_plugin_s_distribution(tmp_path):
    site = tmp_path / "site"
    info = site / "guest-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ascendc]\nguest = guest_model\n")
    (info / "RECORD").write_text("guest_model.py,,\nguest_helpers/__init__.py,,\n")
    (site / "guest_model.py").write_text(GUEST)
    (site / "guest_helpers").mkdir()
    (site / "guest_helpers" / "__init__.py").write_text("")
    (site / "guest_helpers" / "crop.py").write_text("MARGIN = 1\n")
    recipe = tmp_path / "recipe.yaml"
    text = RECIPE.read_text(encoding="utf-8").replace("./colors/", f"{RECIPE.parent}/colors/")
    recipe.write_text(text.replace("plugin: onnx", "plugin: guest"), encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))

    def run(*words):
        command = [sys.executable, "-m", "ascendc", *words]
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
        return set(done.stdout.splitlines())

    run("build", recipe, "-q")
    assert {line.partition(": ")[2] for line in run("why", recipe)} == {"stored"}
    (site / "guest_helpers" / "crop.py").write_text("MARGIN = 2\n")
    assert {line.partition(": ")[2] for line in run("why", recipe)} == {"would run: code of guest_helpers: changed"}
