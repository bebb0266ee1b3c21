"""What is on the disk is what is installed, from a wheel as from an editable checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HOMES = {"ascendc": "ascendc", "plugins": "ascendc_plugins", "templates": "ascendc_templates"}


def packages_on_disk():
    for folder, package in HOMES.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT / folder).parts
            yield ".".join((package, *parts))


def test_every_package_is_listed():
    assert PROJECT["tool"]["setuptools"]["packages"] == sorted(packages_on_disk())


def test_every_folder_with_python_is_a_package():
    for folder in HOMES:
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path


def test_every_plugin_has_its_entry_point():
    points = PROJECT["project"]["entry-points"]["ascendc"]
    folders = {path.name for path in (ROOT / "plugins").iterdir() if (path / "__init__.py").exists()}
    assert {target.rpartition(".")[2] for target in points.values() if target.startswith("ascendc_plugins.")} == folders


def test_the_version_is_said_once():
    from ascendc import __version__

    assert PROJECT["project"]["version"] == __version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from an sdist, as a user's pip may do."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from setuptools import build_meta as b; print(getattr(b, sys.argv[1])(sys.argv[2]))"

    def run(what, where):
        done = subprocess.run(
            [sys.executable, "-c", build, what, str(folder)], cwd=where, capture_output=True, text=True, check=True
        )
        return folder / done.stdout.splitlines()[-1]

    sources = folder / "sources"
    skip = shutil.ignore_patterns(".*", "build", "__pycache__", "*.egg-info", "tests")
    shutil.copytree(ROOT, sources, ignore=skip)
    sdist = run("build_sdist", sources)
    subprocess.run(["tar", "xzf", str(sdist)], cwd=folder, check=True)
    return run("build_wheel", folder / sdist.name.removesuffix(".tar.gz"))


def test_a_wheel_from_the_sdist_holds_it_all(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    wanted = [
        f"{package}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, package in HOMES.items()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".j2", ".json"} or path.name == "py.typed"
    ]
    assert len(wanted) > 100
    assert sorted(set(wanted) - set(names)) == []
    assert "ascendc_runtime.py" in names


def test_an_installed_wheel_finds_its_plugins_and_templates(wheel, tmp_path):
    import os

    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(tmp_path / "site"),
        str(wheel),
    ]
    subprocess.run(install, check=True)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import ascendc, ascendc.template, ascendc_plugins, ascendc_templates\n"
        "assert all(m.__file__.startswith(sys.argv[1]) for m in (ascendc, ascendc_plugins, ascendc_templates))\n"
        "print(ascendc.template.render('aipp.cfg.j2', configs=())[:1])\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, "-c", program, str(tmp_path / "site")]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment)
