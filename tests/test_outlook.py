"""What is asked about: a file, or each graph of a recipe."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from ascendc.errors import StageError, UsageError
from ascendc.outlook import look, of_file, of_recipe

COLORS = Path(__file__).parents[1] / "recipes" / "colors" / "colors.onnx"

RECIPE = """
version: 1
model:
  plugin: onnx
  source: {source}
  options:
    inputs: {{pixels: {{image: {{mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], resize: squash}}}}}}
targets:
  - {{name: card, soc: Ascend310P3}}
  - {{name: kit, soc: Ascend310B4}}
  - {{name: exact, soc: Ascend310P3, parts: {{model: {{precision: origin}}}}}}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.format(source=COLORS))
    return path


def test_targets_that_share_a_graph_and_a_precision_share_a_forecast(recipe):
    heard = []
    subjects = list(of_recipe(recipe, listen=heard.append))
    assert [(one.name, one.mode, one.limit) for one in subjects] == [
        ("model @ card, kit", "force_fp16", 3e-2),
        ("model @ exact", "must_keep_origin_dtype", 2e-3),
    ]
    assert heard
    found = look(subjects[0])
    assert (found.ok, found.count, found.samples, found.unfused, found.kept) == (True, 16, "the recipe's", None, None)


def test_mode_and_limit_may_be_told(recipe):
    assert {(one.mode, one.limit) for one in of_recipe(recipe, mode="mixed_float16", limit=0.5)} == {
        ("mixed_float16", 0.5)
    }


def test_a_wrong_recipe_is_refused_as_a_build_refuses_it(recipe):
    with pytest.raises(UsageError):
        list(of_recipe(recipe, ["verify.samples=-1"]))


def test_a_build_that_fails_is_told(recipe, tmp_path):
    (tmp_path / "samples").mkdir()
    np.savez(tmp_path / "samples" / "a.npz", pixels=np.zeros((1, 3, 32, 32), np.float32))
    with pytest.raises((UsageError, StageError)):
        list(of_recipe(recipe, [f"verify.folder={tmp_path / 'samples'}"]))


def test_a_file(tmp_path):
    drawn = of_file(COLORS, None, None, None)
    assert (drawn.name, drawn.mode, drawn.limit) == (str(COLORS), "force_fp16", 3e-2)
    assert drawn.said == "drawn from a normal distribution (seed 0)"
    np.savez(tmp_path / "s.npz", pixels=drawn.samples["pixels"][:3])
    given = of_file(COLORS, tmp_path / "s.npz", "mixed_float16", 0.1)
    assert (given.mode, given.limit, given.said) == ("mixed_float16", 0.1, str(tmp_path / "s.npz"))
    assert look(given).count == 3
    assert look(given, keep=True).kept.keep == ()


def test_a_file_with_functions_of_its_own(tmp_path):
    text = """<ir_version: 8, opset_import: ["": 17, "my": 1]>
      g (float[n,4] x) => (float[n,4] y) { y = my.Square(x) }
      <domain: "my", opset_import: ["": 17]> Square (a) => (b) { b = Mul(a, a) }"""
    onnx.save(onnx.parser.parse_model(text), tmp_path / "f.onnx")
    with pytest.raises(UsageError) as caught:
        of_file(tmp_path / "f.onnx", None, None, None)
    assert (caught.value.id, caught.value.message) == (
        "ASC2719",
        f"`{tmp_path / 'f.onnx'}` defines functions of its own (`my:Square`), which ATC does not take either",
    )
