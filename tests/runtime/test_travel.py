"""What travels to the board works there: beside nothing of ours, and on this interpreter, whichever it is."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ASK = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import ascendc_device, ascendc_runtime
assert ascendc_runtime.__file__.startswith(sys.argv[1]), ascendc_runtime.__file__
with ascendc_runtime.open_session(sys.argv[2]) as session:
    service = ascendc_device.open_service({"model": session}, sys.argv[3])
    print(service.run(arrays=[{"x": np.ones((2, 3), "f"), "k": np.ones(2, "i")}], top_k=1).lines[:3], session.engine)
ours = sorted(name for name in sys.modules if name.split(".")[0] in ("ascendc", "ascendc_plugins"))
assert not ours, ours
heavy = sorted(set(sys.modules) & {"torch", "transformers", "onnx", "pydantic", "PIL", "tokenizers"})
assert not heavy, heavy
"""


@pytest.fixture
def python(tmp_path):
    """The ``python`` folder of a bundle, its path not the simplest."""

    def lay_out(plugin):
        folder = tmp_path / "a bundle+1" / "python"
        for source, name in (
            ("ascendc/runtime", "ascendc_runtime"),
            ("plugins/" + plugin + "/device", "ascendc_device"),
        ):
            shutil.copytree(str(ROOT / source), str(folder / name), ignore=shutil.ignore_patterns("__pycache__"))
        return folder

    return lay_out


def test_runtime_and_device_half_run_by_themselves(python, write_onnx, tmp_path):
    command = [sys.executable, "-I", "-c", ASK, str(python("onnx")), str(write_onnx()), str(tmp_path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=str(tmp_path))
    told = done.stdout.decode()
    assert done.returncode == 0, told
    assert told.startswith("['sample 1', '  y: 3 float32', '               3  0'] onnxruntime ")


@pytest.mark.parametrize("plugin", ["clip", "onnx"])
def test_importing_them_needs_numpy_only(plugin, python, tmp_path):
    code = "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); import numpy; "
    code += "known = set(sys.modules); import ascendc_device; "
    code += "new = {name.split('.')[0] for name in set(sys.modules) - known}; print(*sorted(new - {'ascendc_runtime'}))"
    command = [sys.executable, "-I", "-c", code, str(python(plugin))]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=str(tmp_path))
    new = set(done.stdout.decode().split()) - {"ascendc_device"}
    known = getattr(sys, "stdlib_module_names", new)  # Python 3.10
    assert new <= set(known), new - set(known)
    assert not new & {"onnxruntime", "PIL", "tokenizers", "torch"}


@pytest.mark.parametrize("plugin", ["clip", "onnx"])
def test_they_import_nothing_of_the_host(plugin):
    sources = [*(ROOT / "ascendc" / "runtime").glob("*.py"), *(ROOT / "plugins" / plugin / "device").glob("*.py")]
    for source in sources:
        for line in source.read_text(encoding="utf-8").splitlines():
            assert not line.lstrip().startswith(("import ascendc.", "from ascendc.", "from ascendc ")), (source, line)
