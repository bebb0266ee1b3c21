"""Disks that fill up or cannot be written: tmpfs, where this test may mount one."""

from __future__ import annotations

import subprocess

import pytest


@pytest.fixture
def small_disk(tmp_path):
    """The folder of a disk of half a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder]
    if (done := subprocess.run(mount, capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def remount(small_disk):
    """Mount it again: `ro`, `size=16m`."""
    return lambda mode: subprocess.run(["mount", "-o", f"remount,{mode}", small_disk], check=True)
