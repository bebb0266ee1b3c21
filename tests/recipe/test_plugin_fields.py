"""Errors that only a plugin or the registry can find still name file, line and field."""

from pathlib import Path

import pytest

from ascendc.errors import UsageError
from ascendc.model import Options
from ascendc.recipe import load, plugin_options


class Labels(Options):
    labels: str | None = None
    size: int = 1


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def recipe(model, *settings):
        text = f"version: 1\ntargets: [{{soc: Ascend310}}]\nmodel:\n  source: x\n  {model}\n"
        (tmp_path / "r.yaml").write_text(text)
        return load((tmp_path / "r.yaml").relative_to(tmp_path), settings)

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

    options = plugin_options(recipe("plugin: clip\n  options: {labels: a b/l.txt}"), Files)
    assert options == Files(labels=tmp_path / "a b/l.txt", other=None)


def test_wrong_options_name_their_lines(recipe):
    with pytest.raises(UsageError) as caught:
        plugin_options(recipe("plugin: clip\n  options:\n    lables: x\n    size: many"), Labels)
    assert caught.value.message == (
        "r.yaml:7: model.options.lables: unknown key (did you mean `labels`?); allowed: labels, size\n"
        "r.yaml:8: model.options.size: must not be the text `many`; allowed: a whole number"
    )
    assert caught.value.exit_code == 2


def test_another_rooms_error_gets_its_field(recipe):
    loaded = recipe("plugin: clpi")
    with pytest.raises(UsageError) as caught, loaded.at("model.plugin"):
        raise UsageError("ASC1301", "unknown model plugin `clpi`", hint="ascendc plugins")
    assert str(caught.value) == "r.yaml:5: model.plugin: unknown model plugin `clpi`\n  hint: ascendc plugins"
    assert caught.value.id == "ASC1301"
