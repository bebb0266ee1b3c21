from __future__ import annotations

import subprocess
import sys

import pytest

from ascendc.toolchain import install
from ascendc.toolchain.install import Installation


def tree(root, name, version, layout="old"):
    """A CANN below `root`: its set_env.sh, an atc, and its version where this layout keeps it."""
    home = root / name / version if layout == "old" else root / name
    (home / "bin").mkdir(parents=True)
    (home / "bin/atc").write_text("#!/bin/sh\n")
    (home / "bin/atc").chmod(0o755)
    for module in install.MODULES:
        (home / f"{module}.py").touch()
    set_env = (root / name if layout == "old" else home) / "set_env.sh"
    set_env.write_text(
        f'export ASCEND_HOME_PATH="{home}" PATH="{home}/bin:$PATH" PYTHONPATH="{home}:$PYTHONPATH"\nfalse\n'
    )
    return home


@pytest.fixture(autouse=True)
def _no_cann(monkeypatch, tmp_path):
    monkeypatch.setenv("ASCENDC_PYTHON", sys.executable)
    monkeypatch.setenv("HOME", str(tmp_path / "a home"))
    for name in ("ASCENDC_SET_ENV", "ASCEND_HOME_PATH"):
        monkeypatch.delenv(name, raising=False)


def test_the_home_folder_is_searched(tmp_path):
    home = tree(tmp_path / "a home/Ascend", "ascend-toolkit", "8.1.RC1")
    found = install.find()
    assert found == Installation(
        f"{home.parent}/set_env.sh",
        str(home),
        "8.1.RC1",
        f"{home}/bin/atc",
        f"{sys.executable} {sys.version.split()[0]}",
    )
    assert found.build_id.startswith("local 8.1.RC1 ")


@pytest.mark.parametrize("name", ["cann", "latest", "cann-9.0.0"])
def test_other_places_of_the_home_folder(tmp_path, name):
    home = tree(tmp_path / "a home/Ascend", name, "", "new")
    assert install.find().home == str(home)


def test_ascend_home_path_goes_first(tmp_path, monkeypatch):
    tree(tmp_path / "a home/Ascend", "ascend-toolkit", "8.1.RC1")
    home = tree(tmp_path / "opt", "ascend-toolkit", "7.0.1")
    monkeypatch.setenv("ASCEND_HOME_PATH", str(home))
    found = install.find()
    assert (found.home, found.cann) == (str(home), "7.0.1")


def test_an_atc_on_path_leads_to_its_toolkit(tmp_path, monkeypatch):
    home = tree(tmp_path / "opt", "ascend-toolkit", "8.1.RC1")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/atc").symlink_to(home / "bin/atc")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    assert install.find().home == str(home)


@pytest.mark.parametrize(
    ("file", "text", "version"),
    [
        ("aarch64-linux/ascend_toolkit_install.info", "package_name=x\nversion=6.0.1\ninnerversion=V1\n", "6.0.1"),
        ("compiler/version.info", "Version=7.7.0.1.238\nversion_dir=8.1.RC1\n", "8.1.RC1"),
    ],
)
def test_the_version_is_read_from_the_toolkits_files(tmp_path, file, text, version):
    home = tree(tmp_path / "a home/Ascend", "latest", "", "new")
    assert install.find().cann == ""
    (home / file).parent.mkdir()
    (home / file).write_text(text)
    assert install.find().cann == version


def test_the_version_is_read_from_the_folders_name(tmp_path):
    home = tree(tmp_path / "opt", "cann-8.5.0", "", "new")
    (tmp_path / "a home/Ascend").mkdir(parents=True)
    (tmp_path / "a home/Ascend/cann").symlink_to(home)
    assert install.find().cann == "8.5.0"


def test_a_runtime_without_atc(tmp_path):
    home = tree(tmp_path / "a home/Ascend", "ascend-toolkit", "8.1.RC1")
    (home / "bin/atc").unlink()
    found = install.find()
    assert found.home == str(home)
    assert found.lacks == f"{home.parent}/set_env.sh puts no atc on PATH"
    assert found.hint == "install the CANN toolkit: the runtime alone (nnrt) has no atc"


def test_a_set_env_that_ends_the_shell(tmp_path):
    home = tree(tmp_path / "a home/Ascend", "ascend-toolkit", "8.1.RC1")
    (home.parent / "set_env.sh").write_text("echo broken >&2\nexit 3\n")
    assert install.find().lacks == "the search for CANN ended with status 3: broken"


def test_a_search_that_hangs(tmp_path, monkeypatch):
    home = tree(tmp_path / "a home/Ascend", "ascend-toolkit", "8.1.RC1")
    (home.parent / "set_env.sh").write_text("exec sleep 30\n")
    monkeypatch.setattr(install, "TIMEOUT", 0.5)
    assert install.find().lacks == "the search for CANN did not end within 0 s"


def test_no_bash(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert install.find().lacks == "there is no bash on PATH to source CANN's set_env.sh with"


def test_the_search_works_from_any_folder(tmp_path):
    """It makes no file where the user stands."""
    folder = tmp_path / "here"
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", "from ascendc.toolchain import install; install.find()"], cwd=folder, check=True
    )
    assert list(folder.iterdir()) == []
