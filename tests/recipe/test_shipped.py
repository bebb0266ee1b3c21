"""The recipes of this repository."""

import json
import runpy
import shutil
from pathlib import Path

import jsonschema
import onnx
import pytest
import yaml

from ascendc.recipe import json_schema, load

FOLDER = Path(__file__).parents[2] / "recipes"
RECIPES = sorted(FOLDER.glob("*.yaml"))


def test_there_are_recipes():
    assert len(RECIPES) >= 8


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_loads_carries_the_schema_line_and_obeys_it(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=recipe.schema.json\n")
    jsonschema.validate(yaml.safe_load(text.replace("2e-4", "2.0e-4")), json_schema())  # YAML 1.1's number
    assert load(path).bundle.name


def test_the_shipped_schema_is_the_one_that_is_enforced():
    assert json.loads((FOLDER / "recipe.schema.json").read_text()) == json_schema()


def test_the_schema_offers_the_socs_that_can_be_built_for():
    [target] = [d for d in json_schema()["$defs"].values() if "soc" in d.get("properties", {})]
    [soc] = [option for option in target["properties"]["soc"]["anyOf"] if option["type"] == "string"]
    assert soc["examples"][:3] == ["Ascend310", "Ascend310P1", "Ascend310P3"]
    assert len(soc["examples"]) == 44
    assert "Ascend910B" not in soc["examples"]


def test_every_recipe_with_random_weights_says_what_they_are():
    random = [text for path in RECIPES if "weights: random" in (text := path.read_text(encoding="utf-8"))]
    comment = "weights: random # no download: shows size and speed, not answers. Delete the line for the real ones."
    assert len(random) == 5
    assert all(comment in text for text in random)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"batch": [1, 2]}, True),
        ({"batch": 0}, False),
        ({"batch": [1]}, False),
        ({"batch": [1, 1]}, False),
        ({"soc": 310}, False),
        ({"cann": 8.1}, False),
        ({"sco": "x"}, False),
        ({"name": "a;b"}, False),
        ({"atc": {"log": True, "aicore_num": 8}}, True),
    ],
)
def test_an_editor_sees_what_the_command_line_says(change, good):
    recipe = {"version": 1, "model": {"plugin": "clip", "source": "x"}, "targets": [{"soc": "Ascend310", **change}]}
    assert jsonschema.Draft202012Validator(json_schema()).is_valid(recipe) == good


def test_the_onnx_file_is_the_one_its_script_makes(tmp_path):
    shutil.copy(FOLDER / "colors" / "make.py", tmp_path)
    runpy.run_path(str(tmp_path / "make.py"), run_name="__main__")
    made, shipped = (onnx.load(folder / "colors.onnx") for folder in (tmp_path, FOLDER / "colors"))
    assert made == shipped
    assert (FOLDER / "colors" / "labels.txt").read_text().split() == list(
        runpy.run_path(str(FOLDER / "colors" / "make.py"))["COLORS"]
    )
