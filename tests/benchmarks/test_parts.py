from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.lab import Lab, Size
from benchmarks.parts import _compare
from benchmarks.process import CommandError
from benchmarks.tool import OUT, Command

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="only Linux says what memory a process shares"
)
SIZE = Size("small", "owner/small")


def tool(script):
    """A tool whose `script` finds the checkpoint, and the folder of its result, in `sys.argv`."""
    return lambda checkpoint, folder: Command(
        (sys.executable, "-c", f"import sys, pathlib; {script}", str(checkpoint.folder), str(folder / OUT))
    )


HONEST = tool("out = pathlib.Path(sys.argv[2]); out.mkdir(); (out / 'model.onnx').write_bytes(bytes(1000))")
LYING = tool("pathlib.Path(sys.argv[2]).mkdir()")
FAILING = tool("sys.exit('does not fit')")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "checkpoints" / "owner--small"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"vision_config": {"image_size": 64}}))
    (folder / "model.safetensors").write_bytes(bytes(1000))
    return tmp_path


def test_tools_alternate_and_leave_nothing(root):
    runs = list(_compare(Lab(root, {"ascendc": HONEST, "peer": HONEST}), SIZE, 2))
    assert [run.tool for run in runs] == ["ascendc", "peer", "ascendc", "peer"]
    assert {(run.case, run.weights, run.failed) for run in runs} == {("small", 1000, "")}
    assert list((root / "scratch").iterdir()) == []


@pytest.mark.parametrize(
    ("peer", "failed"),
    [(FAILING, "does not fit"), (LYING, "exit code 0, but the weights are not in what it wrote")],
)
def test_a_peer_that_does_not_manage_is_said_and_not_asked_again(root, peer, failed):
    runs = list(_compare(Lab(root, {"ascendc": HONEST, "peer": peer}), SIZE, 2))
    assert [(run.tool, run.failed) for run in runs] == [("ascendc", ""), ("peer", failed), ("ascendc", "")]


def test_ascendc_may_not_fail(root):
    with pytest.raises(CommandError, match="does not fit"):
        list(_compare(Lab(root, {"ascendc": FAILING}), SIZE, 1))
