from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ascendc import doctor
from ascendc.doctor import Finding
from ascendc.sim.settings import Settings
from ascendc.sim.tree import plant


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Put modules of the given source first on the import path, here and in children."""

    def write(**sources):
        for name, text in sources.items():
            (tmp_path / "packages").mkdir(exist_ok=True)
            (tmp_path / "packages" / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path / "packages"))
        root = Path(doctor.__file__).parents[1]
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}/packages:{root}")

    return write


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Make PATH hold only these programs, bash scripts of the given body."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(name, body):
        (folder / name).write_text(f"#!/bin/bash\n{body}\n")
        (folder / name).chmod(0o755)
        return str(folder / name)

    return write


def test_a_package_that_works(packages):
    packages(torch="import sys\nprint('noise', file=sys.stderr)\n__version__ = '9.8'")
    assert doctor._package("torch") == (Finding("torch", "found", "9.8"),)


def test_torch_is_kept_from_loading_a_backend_that_would_break_it(packages, monkeypatch):
    monkeypatch.delenv("TORCH_DEVICE_BACKEND_AUTOLOAD", raising=False)
    packages(
        torch="import os\nif os.environ.get('TORCH_DEVICE_BACKEND_AUTOLOAD') != '0':\n"
        "    raise RuntimeError('Failed to load the backend extension: torch_npu')\n__version__ = '9.8'"
    )
    assert doctor._package("torch")[0].state == "found"


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("raise ImportError('libx.so: cannot open')", "ImportError: libx.so: cannot open"),
        ("import os; os._exit(3)", "exit status 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "died by signal 11"),
    ],
)
def test_a_package_that_breaks(packages, source, detail):
    packages(torch=source)
    assert doctor._package("torch") == (Finding("torch", "broken", detail, "pip install --force-reinstall torch"),)


def test_a_package_that_hangs(packages, monkeypatch):
    packages(torch="import time; time.sleep(60)")
    monkeypatch.setattr(doctor, "_TIMEOUT", 0.5)
    assert doctor._package("torch")[0].detail == "no answer within 0 s"


def test_a_package_that_is_not_there():
    assert doctor._package("no_such_package") == (
        Finding("no_such_package", "missing", "not installed", "pip install no_such_package"),
    )


NPU = """
class npu:
    is_available = staticmethod(lambda: {})
    get_device_name = staticmethod(lambda: "Ascend910B4")
"""


@pytest.mark.parametrize(
    ("torch", "torch_npu", "finding"),
    [
        (NPU.format(True), "", Finding("torch_npu", "found", "works, and finds a device")),
        (
            NPU.format(False),
            "",
            Finding(
                "torch_npu",
                "broken",
                "torch_npu works but finds no device",
                "see npu-smi info, and whether this user may open /dev/davinci*",
            ),
        ),
        (
            "",
            "raise ImportError('libhccl.so: cannot open shared object file: No such file or directory')",
            Finding(
                "torch_npu",
                "broken",
                "torch_npu is installed, but CANN is missing or its set_env.sh was not sourced: "
                "libhccl.so cannot be found",
                "source /usr/local/Ascend/ascend-toolkit/set_env.sh",
            ),
        ),
        ("", "import os; os._exit(9)", Finding("torch_npu", "broken", "exit status 9")),
    ],
)
def test_torch_npu(packages, torch, torch_npu, finding):
    packages(torch=torch, torch_npu=torch_npu)
    assert doctor._torch_npu() == (finding,)


@pytest.mark.parametrize(("installed", "state"), [(True, "broken"), (False, "missing")])
def test_a_chip_that_torch_npu_is_not_made_for_needs_none(packages, tool, installed, state):
    if installed:
        packages(torch=NPU.format(True), torch_npu="")
    tool("npu-smi", "echo '| 0     310B4               | OK            | 0.0 0 |'")
    assert doctor._torch_npu() == (
        Finding(
            "torch_npu",
            state,
            "torch_npu is not made for Ascend310B4, which runs OMs instead",
            "ascendc convert ... --soc-version Ascend310B4, then ascendc run BUNDLE --device npu",
        ),
    )


def test_cann_as_a_compilation_would_find_it(cann):
    home = cann("").parent / "8.1.RC1"
    version = sys.version.split()[0]
    assert doctor._cann() == (
        Finding("CANN", "found", f"8.1.RC1 ({home})"),
        Finding("ATC", "found", f"{home}/bin/atc"),
        Finding("ATC's Python", "found", f"{sys.executable} {version}"),
    )


def test_a_simulated_cann_says_so(tmp_path, monkeypatch):
    script = plant(tmp_path / "cann", Settings())
    bin_ = tmp_path / "cann/8.1.RC1/bin"
    monkeypatch.setenv("ASCENDC_SET_ENV", str(script))
    monkeypatch.setenv("PATH", str(bin_), prepend=":")
    cann, atc, _ = doctor._cann()
    assert cann == Finding("CANN", "found", f"8.1.RC1 (simulated) ({bin_.parent})")
    assert atc == Finding("ATC", "found", f"{bin_}/atc (simulated)")
    assert doctor._npu_smi() == (Finding("npu-smi", "found", f"{bin_}/npu-smi (simulated)"),)


def test_no_cann(monkeypatch):
    monkeypatch.setenv("ASCENDC_SET_ENV", "/no/set_env.sh")
    assert doctor._cann() == (
        Finding("CANN", "missing", "there is no /no/set_env.sh (ASCENDC_SET_ENV)", "unset ASCENDC_SET_ENV"),
        Finding("ATC", "missing", "no CANN"),
        Finding("ATC's Python", "missing", "no ATC"),
    )


def test_a_runtime_without_atc(cann):
    set_env = cann("")
    (set_env.parent / "8.1.RC1/bin/atc").unlink()
    _, atc, python = doctor._cann()
    assert (atc.state, atc.detail) == ("missing", f"{set_env} puts no atc on PATH")
    assert python.detail == "no ATC"


def test_a_python_that_atc_cannot_use(cann, tmp_path, monkeypatch):
    cann("", modules=())
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexec '{sys.executable}' -S \"$@\"\n")
    python.chmod(0o755)
    monkeypatch.setenv("ASCENDC_PYTHON", str(python))
    finding = doctor._cann()[2]
    assert finding.state == "broken"
    assert finding.detail.endswith("which lacks: numpy decorator sympy")
    assert finding.fix == f"{python} -m pip install numpy decorator sympy"


def test_a_set_env_that_is_broken(cann):
    cann("", settings="exit 4")
    assert [finding.state for finding in doctor._cann()] == ["broken", "missing", "missing"]


def driver(root, *, nodes=(), version=None):
    (root / "dev").mkdir()
    for node in nodes:
        (root / "dev" / node).touch()
    if version:
        info = root / "usr/local/Ascend/driver/version.info"
        info.parent.mkdir(parents=True)
        info.write_text(f"package_version=x\nVersion={version}\n")
    return doctor._driver(root)[0]


def test_a_driver_with_devices(tmp_path):
    found = driver(tmp_path, nodes=("davinci0", "davinci1", "davinci_manager"), version="24.1.rc2")
    assert found == Finding("driver", "found", "24.1.rc2, davinci0, davinci1")


def test_no_driver(tmp_path):
    found = driver(tmp_path)
    assert (found.state, found.detail) == ("missing", "no /dev/davinci*, nothing in /usr/local/Ascend/driver")


def test_a_driver_without_devices(tmp_path):
    found = driver(tmp_path, version="24.1.rc2")
    assert (found.state, found.detail) == ("broken", "24.1.rc2, yet there is no /dev/davinci*")


def test_devices_that_this_user_may_not_open(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # the tests may run as root, who may open anything
    found = driver(tmp_path, nodes=("davinci0",), version="24.1.rc2")
    assert (found.state, found.detail) == ("broken", "24.1.rc2, but this user may not open /dev/davinci0")
    assert found.fix == "sudo usermod -a -G HwHiAiUser $USER; then log in again"


def test_npu_smi(tool):
    assert doctor._npu_smi()[0].state == "missing"
    path = tool("npu-smi", "echo ok")
    assert doctor._npu_smi() == (Finding("npu-smi", "found", path),)
    tool("npu-smi", "echo 'dcmi module initialize failed. ret is -8005'; exit 1")
    assert doctor._npu_smi() == (
        Finding("npu-smi", "broken", "dcmi module initialize failed. ret is -8005", "npu-smi info"),
    )


def test_docker(tool):
    assert doctor._docker()[0].state == "missing"
    path = tool("docker", "echo 28.2.2")
    assert doctor._docker() == (Finding("docker", "found", f"28.2.2 ({path})"),)
    tool("docker", "echo 'Cannot connect to the daemon'; exit 1")
    assert doctor._docker() == (
        Finding("docker", "broken", "Cannot connect to the daemon", "sudo systemctl start docker"),
    )
    tool("docker", "echo 'permission denied while connecting'; exit 1")
    assert doctor._docker()[0].fix == "sudo usermod -a -G docker $USER; then log in again"


def test_disks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store, here = doctor._disks()
    assert (store.name, here.name) == ("disk of the store", "disk of this folder")
    monkeypatch.setattr(doctor, "LOW_DISK", 1 << 60)
    found = doctor._disks()[0]
    assert found.state == "broken"
    assert found.fix == "export ASCENDC_CACHE=/folder/with/room"


def test_a_store_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ASCENDC_CACHE", str(tmp_path / "file" / "store"))
    found = doctor._disks()[0]
    assert (found.state, found.fix) == ("broken", "set ASCENDC_CACHE to a folder that can")
    assert found.detail == f"the store at {tmp_path}/file/store cannot be written: Not a directory"


def test_memory(tmp_path):
    (tmp_path / "proc").mkdir()
    meminfo = tmp_path / "proc/meminfo"
    meminfo.write_text(f"MemTotal: {16 << 20} kB\nMemFree: {8 << 20} kB\n")
    assert doctor._memory(tmp_path) == (Finding("memory", "found", "8.0 GiB available of 16.0 GiB"),)
    meminfo.write_text(f"MemTotal: {16 << 20} kB\nMemFree: {1 << 20} kB\n")
    found = doctor._memory(tmp_path)[0]
    assert (found.state, found.detail) == ("broken", "only 1.0 GiB available of 16.0 GiB; 4.0 GiB should be")
    meminfo.unlink()
    assert doctor._memory(tmp_path) == (Finding("memory", "missing", "this system does not say"),)


def test_a_check_that_fails_does_not_stop_the_rest(tmp_path, monkeypatch, packages, tool):
    packages(
        torch="__version__ = '1'",
        transformers="1/0",
        onnxruntime="__version__ = '2'",
        torch_npu="import os; os._exit(1)",
    )
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("not what it should be\n")
    found = {finding.name: finding for finding in doctor.examine(tmp_path)}
    assert list(found) == [
        *("python", "torch", "transformers", "onnxruntime", "torch_npu"),
        *("CANN", "ATC", "ATC's Python", "driver", "npu-smi", "docker"),
        *("disk of the store", "disk of this folder", "memory"),
    ]
    assert found["transformers"].detail == "ZeroDivisionError: division by zero"
    assert found["memory"] == Finding("memory", "broken", "the check itself failed: KeyError: 'MemTotal'")
    assert found["CANN"].detail == "there is no bash on PATH to source CANN's set_env.sh with"


FINDINGS = (Finding("torch", "found", "2.13"), Finding("ATC's Python", "broken", "3.6 [x]", "pip install y"))


@pytest.fixture
def command(monkeypatch):
    from ascendc.cli.doctor import doctor as command

    monkeypatch.setattr(doctor, "examine", lambda: FINDINGS)
    return command


def test_plain_output(command):
    result = CliRunner().invoke(command)
    assert result.exit_code == 0
    assert result.output == (
        "torch         found    2.13\n"
        "ATC's Python  broken   3.6 [x]\n"
        "              fix:     pip install y\n"
    )  # fmt: skip


def test_json_output(command):
    lines = CliRunner().invoke(command, ["--json"]).output.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"name": "torch", "state": "found", "detail": "2.13", "fix": ""},
        {"name": "ATC's Python", "state": "broken", "detail": "3.6 [x]", "fix": "pip install y"},
    ]


def test_a_table_on_a_terminal(capsys):
    from ascendc.cli.doctor import _table

    _table(FINDINGS)
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["what", "state", "detail", "fix"]
    assert "3.6 [x]" in shown[2]
    assert "pip install y" in shown[2]


def test_the_command_imports_nothing_heavy():
    code = (
        "import sys, ascendc.cli.doctor\n"
        "print([n for n in ('torch', 'rich', 'jinja2', 'pydantic', 'numpy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
