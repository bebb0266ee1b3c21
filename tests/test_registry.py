from __future__ import annotations

import sys
import types
from importlib.metadata import EntryPoint

import pytest

from ascendc import registry
from ascendc.errors import UsageError
from ascendc.hookspecs import hookimpl
from ascendc.model import Model
from ascendc.passes.base import Pass


class _Distribution:
    def __init__(self, name, version):
        self.name, self.version = name, version


def model_class(name):
    return type(f"Model_{name}", (Model,), {"NAME": name})


@pytest.fixture
def plugin(monkeypatch):
    """Makes an entry point of a module that registers `returned` as models."""

    def make(point, distribution, returned):
        module = types.ModuleType(f"fake_{point}_{distribution.replace('-', '_')}")

        @hookimpl
        def ascendc_register_models():
            if isinstance(returned, Exception):
                raise returned
            return returned

        module.ascendc_register_models = ascendc_register_models
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return EntryPoint(point, module.__name__, registry.GROUP)._for(_Distribution(distribution, "1.2"))

    return make


def test_the_built_ins_come_through_the_same_door():
    loaded = registry.load()
    assert {"clip", "onnx"} <= loaded.models.keys()
    assert {"local", "docker", "none"} <= loaded.toolchains.keys()
    assert issubclass(loaded.pass_("fold-constants"), Pass)
    assert loaded.models["clip"].owner.distribution == "ascendc"
    assert loaded.broken == ()


def test_a_guest_is_registered_and_attributed(plugin):
    loaded = registry.load([plugin("siglip", "ascendc-siglip", [model_class("siglip")])])
    assert loaded.model("siglip").NAME == "siglip"
    assert str(loaded.models["siglip"].owner) == "ascendc-siglip 1.2"


def test_two_claimants_are_named(plugin):
    with pytest.raises(UsageError) as caught:
        registry.load([plugin("a", "dist-a", [model_class("x")]), plugin("b", "dist-b", [model_class("x")])])
    assert caught.value.message == "two plugins claim the name `x`: dist-a 1.2 and dist-b 1.2"
    assert caught.value.hint == "pip uninstall dist-b"


def test_two_distributions_may_use_one_entry_point_name(plugin):
    loaded = registry.load([plugin("p", "dist-a", [model_class("x")]), plugin("p", "dist-b", [model_class("y")])])
    assert {"x", "y"} <= loaded.models.keys()


def test_a_broken_guest_is_named_and_the_rest_go_on(plugin):
    gone = EntryPoint("gone", "no_such_module_at_all", registry.GROUP)._for(_Distribution("ascendc-gone", "0.3"))
    loaded = registry.load([gone, plugin("ok", "dist-ok", [model_class("x")])])
    assert list(loaded.models) == ["x"]
    [broken] = loaded.broken
    assert (broken.entry_point, str(broken.owner)) == ("gone", "ascendc-gone 0.3")
    assert broken.reason == "ModuleNotFoundError: No module named 'no_such_module_at_all'"
    with pytest.raises(UsageError, match=r"gone of ascendc-gone 0\.3 could not be loaded: ModuleNotFoundError"):
        loaded.model("clip")


def test_a_guest_whose_hook_raises_is_named_too(plugin):
    [broken] = registry.load([plugin("p", "dist-p", ValueError("no config"))]).broken
    assert (broken.entry_point, str(broken.owner), broken.reason) == (
        "p",
        "dist-p 1.2",
        "ascendc_register_models: ValueError: no config",
    )


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        (None, "TypeError: must return a list of classes, not None"),
        ((), "TypeError: must return a list of classes, not ()"),
        ([1], "TypeError: must return subclasses of Model, not 1"),
        ([str], "TypeError: must return subclasses of Model, not <class 'str'>"),
        ([type("Nameless", (Model,), {})], "TypeError: Nameless.NAME must be a text, not None"),
    ],
)
def test_a_hook_that_returns_the_wrong_type_blocks_nobody_else(plugin, returned, text):
    loaded = registry.load([plugin("p", "dist-p", returned), plugin("q", "dist-q", [model_class("x")])])
    assert list(loaded.models) == ["x"]
    assert [b.reason for b in loaded.broken] == [f"ascendc_register_models: {text}"]


def test_a_hook_that_does_not_exist_is_named(monkeypatch):
    module = types.ModuleType("fake_typo")

    @hookimpl
    def ascendc_register_model():
        return []

    module.ascendc_register_model = ascendc_register_model
    monkeypatch.setitem(sys.modules, "fake_typo", module)
    points = [*registry.entry_points(group=registry.GROUP), EntryPoint("typo", "fake_typo", registry.GROUP)]
    loaded = registry.load(points)
    [broken] = loaded.broken
    assert broken.entry_point == "typo"
    assert "unknown hook 'ascendc_register_model'" in broken.reason
    assert "clip" in loaded.models


def test_a_guest_that_exits_on_import_ends_nothing(tmp_path, monkeypatch):
    (tmp_path / "guest_that_exits.py").write_text("import sys; sys.exit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    points = [*registry.entry_points(group=registry.GROUP), EntryPoint("bye", "guest_that_exits", registry.GROUP)]
    assert [b.reason for b in registry.load(points).broken] == ["SystemExit: 3"]


def test_an_unknown_name_lists_the_known_and_guesses():
    with pytest.raises(UsageError) as caught:
        registry.load().model("clipp")
    assert caught.value.message == "unknown model plugin `clipp` (did you mean `clip`?); allowed: clip, onnx"
    assert caught.value.hint == "ascendc plugins"


def test_an_empty_registry_says_how_to_fill_it():
    with pytest.raises(UsageError) as caught:
        registry.load([])
    assert caught.value.hint == "pip install -e ."
