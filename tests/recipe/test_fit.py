import pytest

from ascendc.model import Image, Part, Tensor
from ascendc.recipe import check_parts, fit, load
from ascendc.target import Batch, PartTarget

PICTURE = Image(8, 8, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
IMAGE = Part("image", (Tensor("pixels", "float32", ("batch", 3, 8, 8), PICTURE),), ())
TEXT = Part("text", (Tensor("ids", "int32", ("batch", 77)),), ())


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def recipe(target, *settings):
        text = f"version: 1\nmodel: {{plugin: clip, source: x}}\ntargets:\n  - soc: Ascend310B4\n    {target}\n"
        (tmp_path / "r.yaml").write_text(text)
        return load((tmp_path / "r.yaml").relative_to(tmp_path), settings)

    return recipe


def test_every_part_of_the_model_is_spelled_out(recipe):
    (target,) = fit(recipe("batch: 4\n    parts: {text: {batch: [1, 2]}}"), [IMAGE, TEXT])
    assert target.parts == (("image", PartTarget(Batch((4,)))), ("text", PartTarget(Batch((1, 2)))))


def test_an_aipp_for_all_parts_is_for_those_with_pictures(recipe):
    (target,) = fit(recipe("aipp: rgb\n    parts: {text: {batch: 2}}"), [IMAGE, TEXT])
    assert target.part("image").aipp == "rgb"
    assert target.part("text") == PartTarget(Batch((2,)), "fp16", "none")


def words(recipe, parts):
    return recipe.document.error(check_parts(recipe.document, parts)).message


def test_an_aipp_asked_of_a_part_without_pictures_is_refused(recipe):
    text = "must not be rgb: part `text` has no image input; allowed: none"
    loaded = recipe("parts:\n      text:\n        aipp: rgb")
    assert words(loaded, [IMAGE, TEXT]) == f"r.yaml:7: targets[0].parts.text.aipp: {text}"


def test_a_part_that_is_not_built_is_refused(recipe):
    text = "there is no such part in this build; allowed: image, text"
    assert words(recipe("parts: {txt: {batch: 2}}"), [IMAGE, TEXT]) == f"r.yaml:5: targets[0].parts.txt: {text}"


def test_a_part_that_the_recipe_leaves_out_is_refused(recipe):
    loaded = recipe("parts: {text: {batch: 2}}", "model.parts=[image]")
    text = "there is no such part in this build; allowed: image"
    assert words(loaded, [IMAGE, TEXT]) == f"r.yaml:5: targets[0].parts.text: {text}"


def test_an_unknown_part_does_not_make_the_others_unknown(recipe):
    loaded = recipe("parts: {text: {batch: 2}}", "model.parts=[imge]")
    text = "unknown part `imge`; allowed: image, text"
    assert words(loaded, [IMAGE, TEXT]) == f"--set model.parts=[imge]: model.parts[0]: {text}"


def test_a_part_from_the_command_line_is_named_by_its_setting(recipe):
    text = "there is no such part in this build; allowed: image"
    loaded = recipe("batch: 1", "targets[0].parts.text.batch=8")
    assert words(loaded, [IMAGE]) == f"--set targets[0].parts.text.batch=8: targets[0].parts.text: {text}"
