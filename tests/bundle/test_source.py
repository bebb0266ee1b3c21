import sys

import pytest

from ascendc.bundle import source
from ascendc.errors import StageError


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "halfway"
    (folder / "inner" / "__pycache__").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('must not be imported')\n")
    (folder / "inner" / "__init__.py").write_text("import os, PIL.Image\nfrom . import x\n")
    (folder / "inner" / "late.py").write_text(
        "def f():\n    from tokenizers import Tokenizer\n    import acl\n    import ascendc_runtime\n"
    )
    (folder / "inner" / "__pycache__" / "late.cpython-311.pyc").write_bytes(b"")
    (folder / "notes.txt").write_text("not code")
    monkeypatch.syspath_prepend(tmp_path)
    return "halfway"


def test_python_files_are_found_without_importing(package):
    assert [name for name, _ in source.python_files(package)] == [
        "__init__.py",
        "inner/__init__.py",
        "inner/late.py",
    ]
    assert package not in sys.modules


def test_third_party_modules_are_read_from_the_imports(package):
    paths = [path for _, path in source.python_files(package)]
    assert source.third_party(paths) == ("PIL", "tokenizers")


@pytest.mark.parametrize("name", ["no_such_package", "no_such.package", "json.decoder"])
def test_what_is_no_package_is_refused(name):
    with pytest.raises(StageError) as caught:
        source.python_files(name)
    assert caught.value.id == "ASC1820"
    assert caught.value.message == (
        f"`{name}` is not a package; a plugin's DEVICE must name the package that is copied to the board"
    )


def test_licences_of_a_wheel_and_of_a_source_tree_are_found():
    assert [name for name, _ in source.licences("click")] == ["LICENSE.txt"]
    assert {"LICENSE", "NOTICE"} <= {name for name, _ in source.licences("ascendc")}
    assert all(path.is_file() for _, path in source.licences("numpy"))
    assert source.licences("no-such-distribution") == ()
