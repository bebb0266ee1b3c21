from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ascendc import keys
from ascendc.store import Blob


@dataclass(frozen=True)
class Inner:
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Outer:
    inner: Inner
    blob: Blob
    path: Path = Path("a/b")
    label: str = field(default="not part of it", compare=False)


def test_canonical_is_plain_json_without_what_does_not_compare():
    assert keys.canonical(Outer(Inner((1, 2)), Blob("d", 3))) == {
        "inner": {"sizes": [1, 2]},
        "blob": {"digest": "d", "size": 3},
        "path": "a/b",
    }


def test_what_has_no_canonical_form_is_refused():
    with pytest.raises(TypeError, match="object cannot enter a cache key"):
        keys.canonical((object(),))


def test_digest_does_not_depend_on_order_but_on_content():
    assert keys.digest({"a": 1, "b": 2}) == keys.digest({"b": 2, "a": 1})
    assert keys.digest((1, 2)) != keys.digest((2, 1))


def test_tools_name_the_exporter_without_importing_it():
    assert {"python", "torch", "onnxruntime"} <= dict(keys.tools()).keys()
    assert dict(keys.tools())["torch"].startswith("2.")


@pytest.mark.parametrize("name", ["helper.py", "vocab.txt"])
@pytest.mark.parametrize("regular", [True, False], ids=["package", "namespace package"])
def test_code_changes_with_any_file_of_the_package(tmp_path, monkeypatch, name, regular):
    package = tmp_path / f"guest_{name[0]}{regular}"
    package.mkdir()
    if regular:
        (package / "__init__.py").write_text("")
    (package / name).write_text("A = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = keys.code(package.name)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "helper.pyc").write_bytes(b"compiled")
    keys.code.cache_clear()
    assert keys.code(package.name) == before
    (package / name).write_text("A = 2\n")
    keys.code.cache_clear()
    assert keys.code(package.name) != before


WHEEL = ("top_level.txt", "")
SETUPTOOLS_EDITABLE = ("top_level.txt", "guest_model\nguest_helpers\nguest_module\n")
PTH_EDITABLE = ("RECORD", "_guest.pth,,\n")


@pytest.fixture
def guest(tmp_path, monkeypatch):
    """A plugin's distribution of two packages and a module, installed in one of three ways."""

    def install(name, text):
        source = tmp_path / "project"
        for package in ("guest_model", "guest_helpers"):
            (source / package).mkdir(parents=True)
            (source / package / "__init__.py").write_text("")
        (source / "guest_helpers" / "deep").mkdir()
        for file in ("guest_helpers/deep/crop.py", "guest_module.py"):
            (source / file).write_text("A = 1\n")
        site = tmp_path / "site"
        info = site / "guest-1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[ascendc]\nguest = guest_model.plugin:Model\n")
        files = [str(path.relative_to(source)) for path in source.rglob("*.py")]
        if (name, text) == WHEEL:
            shutil.copytree(source, site, dirs_exist_ok=True)
            (info / "RECORD").write_text("".join(f"{file},,\n" for file in [*files, "../bin/guest"]))
            source = site
        else:
            (info / name).write_text(text)
            (site / "_guest.pth").write_text(f"import sys\n{source}\n")
            monkeypatch.syspath_prepend(source)
        monkeypatch.syspath_prepend(site)
        return source

    for cached in (keys.packages, keys.code):
        cached.cache_clear()
    yield install
    for cached in (keys.packages, keys.code):
        cached.cache_clear()


@pytest.mark.parametrize("way", [WHEEL, SETUPTOOLS_EDITABLE, PTH_EDITABLE], ids=["wheel", "setuptools", "pth"])
@pytest.mark.parametrize("helper", ["guest_helpers/deep/crop.py", "guest_module.py"])
def test_a_changed_helper_anywhere_in_a_distribution_shows(guest, way, helper):
    folder = guest(*way)
    before = keys.code_of("guest", "guest_model.plugin")
    assert [name for name, _ in before] == ["guest_helpers", "guest_model", "guest_module"]
    (folder / helper).write_text("A = 2\n")
    keys.code.cache_clear()
    changed = dict(set(keys.code_of("guest", "guest_model.plugin")) - set(before))
    assert list(changed) == [helper.removesuffix(".py").split("/")[0]]


def test_ascendc_s_own_distribution_is_all_of_it():
    assert keys.packages("ascendc") == ("ascendc", "ascendc_plugins", "ascendc_runtime", "ascendc_templates")


def test_an_egg_info_in_a_checkout_lists_more_than_is_installed(tmp_path, monkeypatch):
    info = tmp_path / "guest.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("guest\n")
    (info / "SOURCES.txt").write_text("guest/__init__.py\ntests/test_guest.py\nsetup.py\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert keys.packages("guest") == ("guest",)


def test_of_what_is_no_distribution_there_is_at_least_the_module():
    assert keys.code_of("unknown", "json.decoder") == (("json", keys.code("json")),)


def test_code_of_what_is_not_there():
    assert keys.code("no_such_package_anywhere") == "absent"


def test_code_of_a_single_module(tmp_path, monkeypatch):
    (tmp_path / "guest_module.py").write_text("A = 1\n")
    (tmp_path / "unrelated.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    before = keys.code("guest_module")
    (tmp_path / "unrelated.py").write_text("B = 1\n")
    keys.code.cache_clear()
    assert keys.code("guest_module") == before
