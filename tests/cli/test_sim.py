from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_a_shell_that_evaluates_it_sees_a_device(ascendc):
    done = ascendc("sim", "env", "--soc", "310B4", "--devices", "3", "--run-mode", "0", "--fault", "exec@2x1")
    assert (done.code, done.err) == (0, "")
    names = [line.split("=")[0].removeprefix("export ") for line in done.out.splitlines()]
    assert names[:5] == ["ASCEND_TOOLKIT_HOME", "ASCEND_HOME_PATH", "ASCEND_OPP_PATH", "PATH", "PYTHONPATH"]
    assert "export ASCENDC_SIM_FAULT=exec@2x1\n" in done.out
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    seen = subprocess.run(
        ["bash", "-c", f"{done.out}npu-smi info && atc --help && ascendc soc --here"],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Ascend310B4 × 3  (npu-smi says 310B4)" in seen.stdout


def test_an_unknown_fault_lists_those_that_there_are(ascendc):
    done = ascendc("sim", "env", "--fault", "fire")
    assert done.code == 2
    assert done.err == (
        "ascendc: ASC2501 `fire` is no fault; allowed: device-lost, oom, exec, load, slow, timeout, host-oom, "
        "streams, handle; with @3: after three calls, @3x1: once\n"
    )
    done = ascendc("sim", "env", "--atc-fault", "fire")
    assert done.code == 2
    assert done.err == (
        "ascendc: ASC2501 `fire` is no fault of ATC; allowed: hang, killed, crash, loader, op-compile, truncated, "
        "lies, python, write\n"
    )
