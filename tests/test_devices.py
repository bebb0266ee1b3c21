import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

from ascendc import devices
from ascendc.errors import EnvironmentLacksError, UsageError
from ascendc.sim.settings import Settings
from ascendc.sim.tree import VERSION, plant

torch = pytest.importorskip("torch")
NO_CUDA = f"torch {torch.__version__} is built without CUDA"


def installed():
    """Whether torch_npu is; conftest hides one that cannot be loaded from `find_spec`."""
    try:
        return bool(version("torch_npu"))
    except PackageNotFoundError:
        return False


def cannot_load_npu():
    """Whether torch_npu is installed and CANN is not."""
    code = "import os; os.environ['TORCH_DEVICE_BACKEND_AUTOLOAD'] = '0'; import torch_npu"
    return (
        installed() and subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode != 0
    )


NPU_LACKS_CANN = cannot_load_npu()
with_torch_npu = pytest.mark.skipif(
    not NPU_LACKS_CANN, reason="needs torch_npu without CANN: python tests/npu_environment.py makes such an environment"
)
without_torch_npu = pytest.mark.skipif(installed(), reason="torch_npu is installed here")
cpu_only = pytest.mark.skipif(torch.version.cuda is not None, reason="this torch has CUDA")

NPU_WITHOUT_CANN = (
    "torch_npu is installed, but CANN is missing or its set_env.sh was not sourced: libhccl.so cannot be found "
    "(source /usr/local/Ascend/ascend-toolkit/set_env.sh)"
)


@cpu_only
@without_torch_npu
def test_auto_says_why_each_better_device_was_passed_over():
    choice = devices.choose()
    assert choice.device == "cpu"
    assert choice.reasons == ("npu: torch_npu is not installed (pip install 'ascendc[npu]')", f"cuda: {NO_CUDA}")


@without_torch_npu
def test_an_npu_that_was_asked_for_must_be_there():
    with pytest.raises(EnvironmentLacksError) as error:
        devices.choose("npu")
    assert error.value.exit_code == 5
    assert error.value.id == "ASC2002"
    assert error.value.message == (
        "device `npu` cannot be used: torch_npu is not installed (pip install 'ascendc[npu]')"
    )
    assert error.value.hint == "ascendc doctor, or --device auto"


@cpu_only
def test_cuda_that_was_asked_for_must_be_there():
    with pytest.raises(EnvironmentLacksError) as error:
        devices.choose("cuda")
    assert error.value.message == f"device `cuda` cannot be used: {NO_CUDA}"


def test_what_was_asked_for_is_chosen_without_reasons():
    assert devices.choose("cpu") == devices.Choice("cpu", ())


def test_an_unknown_device():
    with pytest.raises(UsageError) as error:
        devices.choose("tpu")
    assert error.value.id == "ASC2001"
    assert error.value.message == "`--device` must be one of auto, npu, cuda, cpu, not `tpu`"


def test_autoload_is_forbidden_unless_the_user_wants_it(monkeypatch):
    monkeypatch.delenv("TORCH_DEVICE_BACKEND_AUTOLOAD", raising=False)
    devices.forbid_autoload()
    assert os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] == "0"
    monkeypatch.setenv("TORCH_DEVICE_BACKEND_AUTOLOAD", "1")
    devices.forbid_autoload()
    assert os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] == "1"


def test_importing_devices_imports_no_torch():
    code = "import sys, ascendc.devices; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- chips that torch_npu is not made for, by the simulated npu-smi ----------------------------------------------

USE_THE_OM = (
    "torch_npu is not made for {0}, which runs OMs instead "
    "(ascendc convert ... --soc-version {0}, then ascendc run BUNDLE --device npu)"
)


@pytest.fixture
def npu_smi(tmp_path, monkeypatch):
    """Put first on PATH an npu-smi: the simulated one of a chip, or a shell script."""

    def install(soc=None, script=None):
        plant(tmp_path, Settings())
        folder = tmp_path / VERSION / "bin"
        if script:
            (folder / "npu-smi").write_text(f"#!/bin/sh\n{script}\n")
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        monkeypatch.setenv("ASCENDC_SIM_SOC", soc or "")

    return install


@pytest.mark.parametrize("soc", ["Ascend310", "Ascend310B1", "Ascend310B4"])
def test_a_chip_without_torch_is_told_to_run_the_om(npu_smi, soc):
    npu_smi(soc)
    assert devices.why_not("npu") == USE_THE_OM.format(soc)
    choice = devices.choose()
    assert choice.device != "npu"
    assert choice.reasons[0] == f"npu: {USE_THE_OM.format(soc)}"
    with pytest.raises(EnvironmentLacksError) as error:
        devices.choose("npu")
    assert error.value.message == f"device `npu` cannot be used: {USE_THE_OM.format(soc)}"


@without_torch_npu
@pytest.mark.parametrize("soc", ["Ascend310P3", "Ascend910B4", "Ascend910_9391"])
def test_a_chip_that_torch_npu_is_made_for_wants_torch_npu(npu_smi, soc):
    npu_smi(soc)
    assert devices.unserved() is None
    assert devices.why_not("npu") == "torch_npu is not installed (pip install 'ascendc[npu]')"


@pytest.mark.parametrize(
    "script",
    [
        "echo '| 0  310B4  | OK  | 0.0 |'; echo '| 1  310P3  | OK  | 0.0 |'",
        "echo '| 0  999X9  | OK  | 0.0 |'",
        "echo no device",
        "exit 9",
    ],
    ids=["one of two is served", "newer than our table", "no chip", "no answer"],
)
def test_nothing_is_said_of_chips_that_nothing_is_known_of(npu_smi, script):
    npu_smi(script=script)
    assert devices.unserved() is None


# A stand-in for torch.npu: there is no NPU here, and torch_npu cannot be loaded without CANN.


class Npu:
    """torch.npu where torch_npu works and finds one device."""

    def __init__(self, chip):
        self._chip = chip

    def is_available(self):
        return True

    def get_device_name(self):
        if isinstance(self._chip, Exception):
            raise self._chip
        return self._chip


@pytest.mark.parametrize(
    ("chip", "reason"),
    [
        ("Ascend910B4", None),
        ("Ascend310P3", None),
        ("Ascend999", None),  # newer than our table
        ("Ascend310B4", USE_THE_OM.format("Ascend310B4")),
        (
            RuntimeError("Unsupported soc version: Ascend310\n[ERROR] 2026"),
            "torch_npu finds a device but cannot start it: Unsupported soc version: Ascend310",
        ),
    ],
)
def test_torch_npu_is_asked_which_chip_it_found(monkeypatch, chip, reason):
    monkeypatch.setattr(torch, "npu", Npu(chip), raising=False)
    monkeypatch.setattr(devices, "settle_npu", lambda: None)
    assert devices.why_not("npu") == reason


# -- with torch_npu installed, and no CANN -----------------------------------------------------------------------


def python(code):
    """Run code in a fresh interpreter that has no setting of ours."""
    environment = {name: value for name, value in os.environ.items() if name != "TORCH_DEVICE_BACKEND_AUTOLOAD"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)


@with_torch_npu
def test_a_plain_import_of_torch_fails():
    done = python("import torch")  # why `forbid_autoload` exists; if this passes one day, it can go
    assert done.returncode != 0
    assert "RuntimeError: Failed to load the backend extension: torch_npu" in done.stderr


@with_torch_npu
@cpu_only
def test_auto_works_and_says_why_there_is_no_npu():
    done = python("from ascendc import devices; c = devices.choose(); print(c.device, *c.reasons, sep='\\n')")
    assert done.stdout.splitlines() == ["cpu", f"npu: {NPU_WITHOUT_CANN}", f"cuda: {NO_CUDA}"], done.stderr


@with_torch_npu
def test_choosing_twice_gives_the_same_reasons():
    assert devices.choose() == devices.choose()


@with_torch_npu
def test_an_npu_without_cann_is_refused():
    with pytest.raises(EnvironmentLacksError) as error:
        devices.choose("npu")
    assert error.value.message == f"device `npu` cannot be used: {NPU_WITHOUT_CANN}"


@with_torch_npu
def test_torch_computes_after_the_choice():
    done = python("from ascendc import devices; devices.choose(); import torch; print((torch.ones(2) * 2).tolist())")
    assert done.stdout.strip() == "[2.0, 2.0]", done.stderr


@with_torch_npu
def test_transformers_works_once_the_npu_is_settled():
    load = "import transformers; print(transformers.CLIPModel.__name__)"
    assert "libhccl.so" in python(f"from ascendc import devices; devices.forbid_autoload(); {load}").stderr
    assert python(f"from ascendc import devices; devices.settle_npu(); {load}").stdout == "CLIPModel\n"


@with_torch_npu
@pytest.mark.parametrize("arguments", [["--help"], ["plugins"]])
def test_the_command_line_works(arguments):
    environment = {name: value for name, value in os.environ.items() if name != "TORCH_DEVICE_BACKEND_AUTOLOAD"}
    command = [sys.executable, "-m", "ascendc", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
