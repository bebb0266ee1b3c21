import pytest

from ascendc.errors import UsageError
from ascendc.model import Image, Part, Tensor
from ascendc.recipe import fit, load
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


def test_an_aipp_asked_of_a_part_without_pictures_is_refused(recipe):
    with pytest.raises(UsageError) as caught:
        fit(recipe("parts:\n      text:\n        aipp: rgb"), [IMAGE, TEXT])
    words = "must not be rgb: part `text` has no image input; allowed: none"
    assert caught.value.message == f"r.yaml:7: targets[0].parts.text.aipp: {words}"


def test_a_part_that_is_not_built_is_refused(recipe):
    with pytest.raises(UsageError) as caught:
        fit(recipe("parts: {txt: {batch: 2}}"), [IMAGE, TEXT])
    words = "there is no such part in this build; allowed: image, text"
    assert caught.value.message == f"r.yaml:5: targets[0].parts.txt: {words}"


def test_a_part_from_the_command_line_is_named_by_its_setting(recipe):
    with pytest.raises(UsageError) as caught:
        fit(recipe("batch: 1", "targets[0].parts.text.batch=8"), [IMAGE])
    words = "there is no such part in this build; allowed: image"
    assert caught.value.message == f"--set targets[0].parts.text.batch=8: targets[0].parts.text: {words}"
