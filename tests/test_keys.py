from __future__ import annotations

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
