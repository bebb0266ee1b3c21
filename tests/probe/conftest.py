"""A board that is a folder of this machine: its ssh, npu-smi, CANN and Python."""

import os
import shutil
import sys
from pathlib import Path

import pytest


def _oldest_python():
    """The oldest Python from 3.6 on that this machine has."""
    found = sorted(map(str, Path("~/.pyenv/versions").expanduser().glob("3.[6-9].*/bin/python3")))
    found += [path for minor in range(6, 10) if (path := shutil.which(f"python3.{minor}"))]
    # A shim of pyenv is none: it needs pyenv on the PATH.
    return next((path for path in found if "shims" not in path), sys.executable)


class Board:
    """Programs and files of the board, each written by the test that needs it."""

    def __init__(self, folder):
        self.home = folder / "home"
        self.bin = folder / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        (self.bin / "python3").symlink_to(_oldest_python())
        for name in ("bash", "sh"):
            (self.bin / name).symlink_to(shutil.which(name))
        # As ssh does: everything behind the host is one line for the shell there.
        self.program("ssh", 'while [ "$1" != root@board ]; do shift; done; shift; exec sh -c "$*"')

    def program(self, name, text):
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def npu_smi(self, info, page=""):
        """Answer ``npu-smi info`` and ``npu-smi info -t board``."""
        self.program("npu-smi", f'if [ "$2" = -t ]; then echo "{page}"; else echo "{info}"; fi')

    def cann(self, version, kind="ascend-toolkit", latest=True):
        root = self.home / "Ascend" / kind
        folder = root / version / "aarch64-linux"
        folder.mkdir(parents=True)
        text = f"package_name=Ascend-cann\nversion={version}\ninnerversion=V1\n"
        (folder / "ascend_toolkit_install.info").write_text(text)
        if latest:
            (root / "latest").symlink_to(version)
        return root


@pytest.fixture
def board(tmp_path, monkeypatch):
    made = Board(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("HOME", str(made.home))
    for name in [name for name in os.environ if name.startswith("ASCEND")]:
        if name != "ASCENDC_CACHE":
            monkeypatch.delenv(name)
    return made
