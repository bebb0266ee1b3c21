"""The words of errors are one row each, as long as they are."""
# ruff: noqa: E501

from pathlib import Path

import pytest

from ascendc.recipe import load
from ascendc.target import Batch

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def built(monkeypatch):
    """What ``ascendc build`` is asked for; it is not run, since the recipe is what is tested here."""
    from ascendc.cli import build

    asked = []
    monkeypatch.setattr(build, "execute", lambda recipes, **options: asked.append((list(recipes), options)) or 0)
    return asked


def test_the_recipe_says_what_the_options_said(ascendc, folder, built):
    (folder / "my model").mkdir()
    arguments = "--soc-version 910 --cann 8.10 --batch-size 2 --precision mixed --aipp rgb --opset 13 --weights random"
    ran = ascendc(
        *("convert", "clip", "--model", "my model", "--output-dir", "out+1", *arguments.split()),
        *("--part", "image", "--revision", "1e5", "--option", "template=a {}", "--option", "normalize=inside"),
    )
    assert ran.code == 0, ran.err
    recipe = load(folder / "out+1" / "recipe.yaml")
    assert (recipe.model.plugin, recipe.model.parts) == ("clip", ("image",))
    assert (recipe.model.source.id, recipe.model.source.revision) == (str(folder / "my model"), "1e5")
    assert recipe.model.weights.kind == "random"
    assert recipe.model.options == {"template": "a {}", "normalize": "inside"}
    assert recipe.export.opset == 13
    (target,) = recipe.targets
    assert (target.soc.name, str(target.cann)) == ("Ascend910A", "8.10")
    part = target.part("image")
    assert (part.batch, part.precision, part.aipp) == (Batch((2,)), "mixed", "rgb")


def test_the_recipe_can_be_read_by_people(ascendc, folder, built):
    ascendc("convert", "clip", "ViT-B/32", "--soc-version", "Ascend310", "--output-dir", "out", "--dynamic-batch")
    assert (folder / "out" / "recipe.yaml").read_text() == (
        "# yaml-language-server: $schema=recipe.schema.json\n"
        "# Written by `ascendc convert clip`, and overwritten by the next one into this folder: copy it to change it.\n"
        "\n"
        "version: 1\n"
        "\n"
        "model:\n"
        '  plugin: "clip"\n'
        '  source: "ViT-B/32"\n'
        "\n"
        "targets:\n"
        '  - soc: "Ascend310"\n'
        '    cann: "unknown"\n'
        "    batch: [1, 2, 4, 8]\n"
        "\n"
        "bundle:\n"
        '  name: "clip"\n'
    )
    assert (folder / "out" / "recipe.schema.json").exists()


def test_the_build_gets_the_recipe_and_a_folder_beside_it(ascendc, folder, built):
    ascendc("convert", "clip", "ViT-B/32", "--soc-version", "Ascend310", "--require-om", "--json")
    ((recipes, options),) = built
    assert [str(path) for path in recipes] == ["build/clip/recipe.yaml"]
    assert options == {
        "output": recipes[0].parent / "bundle",
        "require_om": True,
        "as_json": True,
        "verbosity": 0,
    }


def test_another_batch_size_joins_the_gears(ascendc, folder, built):
    ascendc("convert", "clip", "x", "--soc-version", "310", "--dynamic-batch", "--batch-size", "6")
    assert load(folder / "build/clip/recipe.yaml").targets[0].part("image").batch == Batch((1, 2, 4, 6, 8))


def test_a_second_convert_overwrites_its_recipe_and_nobody_elses(ascendc, folder, built):
    assert ascendc("convert", "clip", "x", "--soc-version", "310", "--output-dir", "out").code == 0
    assert ascendc("convert", "clip", "y", "--soc-version", "310", "--output-dir", "out").code == 0
    assert load(folder / "out/recipe.yaml").model.source.id == "y"
    (folder / "out/recipe.yaml").write_text("mine")
    ran = ascendc("convert", "clip", "x", "--soc-version", "310", "--output-dir", "out")
    assert ran.code == 2
    assert ran.err == (
        "ascendc: ASC1054 out/recipe.yaml exists, and `ascendc convert` has not written it\n"
        "  hint: ascendc build out/recipe.yaml  (or name another folder by --output-dir)\n"
    )
    assert (folder / "out/recipe.yaml").read_text() == "mine"


def test_a_plugin_of_somebody_elses_converts_too(ascendc, folder, built, toy_plugin):
    assert "  toy   Convert a model of the plugin `toy`.\n" in ascendc("convert", "--help").out
    assert ascendc("convert", "toy", "x", "--soc-version", "310", "--option", "size=4").code == 0
    assert load(folder / "build/toy/recipe.yaml").model.options == {"size": 4}


def test_paths_among_the_options_are_relative_to_the_current_folder(ascendc, folder, built):
    (folder / "out").symlink_to(folder / "far/away", target_is_directory=True)
    (folder / "far/away").mkdir(parents=True)
    source = ("ViT-B/32", "--soc-version", "310", "--output-dir", "out/put")
    assert ascendc("convert", "clip", *source, "--option", "labels=a b.txt", "--option", "template=a {}").code == 0
    recipe = load(folder / "out/put/recipe.yaml")
    assert recipe.model.options == {"labels": "../../../a b.txt", "template": "a {}"}


def test_labels_that_are_not_there_name_their_line(ascendc, folder):
    source = str(RECIPES / "colors" / "colors.onnx")
    options = ("--soc-version", "310", "--output-dir", "else/where", "--option", "labels=none.txt")
    ran = ascendc("convert", "onnx", source, *options)
    assert (ran.code, ran.err) == (
        2,
        (
            f"ascendc: ASC1119 else/where/recipe.yaml:9: model.options.labels: `{folder}/none.txt` does not exist; "
            "allowed: a file or folder, relative to the recipe\n"
        ),
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("clpi", "x", "--soc-version", "310"), "ascendc: ASC1301 unknown model plugin `clpi` (did you mean `clip`?); allowed: "),
        (("clip", "--soc-version", "310"), "ascendc: ASC1056 one model must be given: as MODEL or by --model\n  hint: ascendc plugins\n"),
        (("clip", "x", "--model", "y", "--soc-version", "310"), "ascendc: ASC1056 one model must be given: as MODEL or by --model\n"),
        (("clip", "x", "--soc-version", "310", "--option", "a"), "ascendc: ASC1057 --option a: must be NAME=VALUE\n"),
        (("clip", "x", "--soc-version", "310", "--output-dir", "/dev/null/x"), "ascendc: ASC1055 /dev/null/x/recipe.yaml cannot be written: Not a directory\n"),
    ],
)  # fmt: skip
def test_bad_options(ascendc, built, arguments, words):
    ran = ascendc("convert", *arguments)
    assert (ran.code, built) == (2, [])
    assert ran.err.startswith(words)


def test_a_soc_that_is_none_names_the_recipes_line(ascendc):
    ran = ascendc("convert", "clip", "ViT-B/32", "--soc-version", "Ascend910B", "--output-dir", "out")
    assert ran.code == 2
    assert ran.err.startswith(
        "ascendc: ASC1108 out/recipe.yaml:11: targets[0].soc: `Ascend910B` is the name of a first-"
    )


def test_an_onnx_file_becomes_a_bundle(ascendc, folder):
    source = folder / "my model.onnx"
    source.write_bytes((RECIPES / "colors" / "colors.onnx").read_bytes())
    (folder / "my labels.txt").write_bytes((RECIPES / "colors" / "labels.txt").read_bytes())
    command = ("convert", "onnx", "my model.onnx", "--soc-version", "310P", "--output-dir", "a b+c", "--dynamic-batch")
    command += ("--option", "labels=my labels.txt")
    ran = ascendc(*command)
    assert ran.code == 0, ran.err
    note = "a b+c/recipe.yaml:12: `310P` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo"
    assert note in ran.out
    assert (folder / "a b+c" / "bundle" / "manifest.json").exists()
    assert "a b+c/bundle: nothing to do" in ascendc(*command).out
