"""Errors that only a plugin or the registry can find still name file, line and field."""

from pathlib import Path
from typing import Annotated

import pytest

from ascendc.errors import UsageError
from ascendc.model import Options
from ascendc.recipe import draft, load, path_options, plugin_options


class Labels(Options):
    labels: str | None = None
    size: int = 1


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def recipe(model, *settings):
        text = f"version: 1\ntargets: [{{soc: Ascend310}}]\nmodel:\n  source: x\n  {model}\n"
        (tmp_path / "r.yaml").write_text(text)
        return draft((tmp_path / "r.yaml").relative_to(tmp_path), settings)

    return recipe


def test_options_become_the_plugins_own(recipe):
    options = plugin_options(recipe("plugin: clip\n  options: {labels: l.txt}"), Labels)
    assert options == Labels(labels="l.txt", size=1)


def test_no_options_are_the_defaults(recipe):
    assert plugin_options(recipe("plugin: clip"), Labels) == Labels()


def test_an_option_may_come_from_the_command_line(recipe):
    assert plugin_options(recipe("plugin: clip", "model.options.labels=8"), Labels).labels == "8"


def test_a_path_is_relative_to_the_recipe(recipe, tmp_path):
    class Files(Options):
        labels: Path = Path("default.txt")
        other: Path | None = None

    (tmp_path / "a b").mkdir()
    (tmp_path / "a b/l.txt").touch()
    options = plugin_options(recipe("plugin: clip\n  options: {labels: x/../a b/l.txt}"), Files)
    assert options == Files(labels=tmp_path / "a b/l.txt", other=None)


def test_wrong_options_name_their_lines(recipe):
    drafted = recipe("plugin: clip\n  options:\n    lables: x\n    size: many")
    assert plugin_options(drafted, Labels) is None
    assert drafted.error().message == (
        "r.yaml:7: model.options.lables: unknown key (did you mean `labels`?); allowed: labels, size\n"
        "r.yaml:8: model.options.size: must not be the text `many`; allowed: a whole number"
    )


def test_a_path_that_is_not_there_names_its_line_and_comes_with_all_else(recipe, tmp_path):
    class Files(Options):
        labels: Path | None = None

    drafted = recipe("plugin: clip\n  options:\n    labels: x/../none.txt\n    foo: 1")
    assert plugin_options(drafted, Files) is None
    assert drafted.error().message == (
        f"r.yaml:7: model.options.labels: `{tmp_path}/none.txt` does not exist; "
        "allowed: a file or folder, relative to the recipe\n"
        "r.yaml:8: model.options.foo: unknown key; allowed: labels"
    )


def test_options_that_are_paths_are_known_by_their_annotations():
    class Files(Options):
        text: str = ""
        file: Path
        maybe: Path | None = None
        annotated: Annotated[Path, "a note"] | None = None

    assert path_options(Files) == ("file", "maybe", "annotated")


def test_another_rooms_error_gets_its_field(recipe):
    recipe("plugin: clpi")
    loaded = load(Path("r.yaml"))
    with pytest.raises(UsageError) as caught, loaded.at("model.plugin"):
        raise UsageError("ASC1301", "unknown model plugin `clpi`", hint="ascendc plugins")
    assert str(caught.value) == "r.yaml:5: model.plugin: unknown model plugin `clpi`\n  hint: ascendc plugins"
    assert caught.value.id == "ASC1301"
