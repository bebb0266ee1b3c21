from __future__ import annotations

import time
from pathlib import Path

import pytest


@pytest.fixture
def gone():
    """Tell whether the process whose id a file holds is gone, or goes soon; a zombie counts as gone."""

    def running(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    def wait(path):
        pid = int(path.read_text())
        deadline = time.monotonic() + 5
        while running(pid):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    return wait


@pytest.fixture
def target():
    from ascendc.cann.soc import resolve
    from ascendc.cann.version import Cann
    from ascendc.target import Batch, PartTarget, Target

    return Target("edge", resolve("Ascend310P3").soc, Cann("8.1.RC1"), (("image", PartTarget(Batch((1,)))),))


@pytest.fixture
def job(workspace):
    """Make a job whose model file only a stand-in for ATC can take."""
    from ascendc.cann.atc.command import AtcOptions, InputShape
    from ascendc.toolchain.base import Job

    def make(time_limit=30.0, aipp=None):
        onnx = workspace.folder / "image.onnx"
        onnx.write_bytes(b"graph")
        options = AtcOptions("Ascend310P3", "NCHW", (InputShape("x", (1, 3, 4, 4)),), "force_fp16")
        return Job("image @ edge", "image", options, onnx, aipp, time_limit)

    return make
