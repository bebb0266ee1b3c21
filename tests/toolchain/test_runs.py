"""One table of stand-ins for ATC, run through the local toolchain and through a bundle's compile.sh alike."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ascendc.errors import EnvironmentLacksError, StageError
from ascendc.store import Store
from ascendc.toolchain.base import Absent, Ready
from ascendc.toolchain.local import Local
from ascendc.toolchain.script import BundleItem, Run, atc_script, compile_script

START = "echo 'ATC start working now, please wait for a moment.'\n"
SAY = "echo 'ATC run success, welcome to the next use.'\n"
FAIL = "echo 'ATC run failed, Please check the detail log'\n"
WRITE = 'echo IMOD >"$output.om"\n'
NO_PYTHON = """
unset ASCENDC_PYTHON
mkdir tools
for tool in basename dirname readlink sed uname; do ln -s "$(type -P $tool)" tools; done
PATH=$ASCEND_HOME_PATH/bin:$PWD/tools
"""


@dataclass
class Case:
    atc: str
    id: str
    sentence: str
    """A regular expression."""
    kind: type[Exception] = StageError
    install: dict | None = None
    python: str | None = None
    """Body of a stand-in for the Python that ATC would load."""
    time_limit: float = 30.0


FAILURES = {
    "hangs": Case(
        START + "sleep 60 & echo $! >child; wait",
        "ASC1740",
        r"ATC for image @ edge ran past its time limit of 3 s and was stopped; "
        r"it last said: ATC start working now, please wait for a moment\.",
        time_limit=3.0,
    ),
    "hangs in silence": Case(
        "sleep 60",
        "ASC1740",
        "ATC for image @ edge ran past its time limit of 1 s and was stopped; it said nothing",
        time_limit=1.0,
    ),
    "says nothing of success": Case(
        START + WRITE,
        "ASC1741",
        "ATC for image @ edge exited with status 0 without saying that it succeeded; it last said: ATC start .*",
    ),
    "writes no OM": Case(
        START + SAY, "ASC1742", r"ATC for image @ edge said that it succeeded, yet wrote no image\.om"
    ),
    "writes an empty OM": Case(
        START + ': >"$output.om"\n' + SAY,
        "ASC1742",
        r"ATC for image @ edge said that it succeeded, yet wrote no image\.om",
    ),
    "writes another OM": Case(
        START + 'echo IMOD >"$output-2.om"\n' + SAY,
        "ASC1742",
        r"ATC for image @ edge said that it succeeded, yet wrote no image\.om",
    ),
    "fails after success": Case(
        START + WRITE + SAY + "exit 1",
        "ASC1743",
        "ATC for image @ edge said that it succeeded, yet exited with status 1",
    ),
    "refuses an option": Case(
        START + FAIL + "echo 'E10001: Value [x] for parameter [y] is invalid.'\n"
        "echo '        Solution: Try again.'\necho 'W11001: slow'\nexit 255",
        "ASC1749",
        r"ATC for image @ edge failed with exit status 255: E10001: Value \[x\] for parameter \[y\] is invalid\.",
    ),
    "refuses an operator": Case(
        FAIL + "echo 'E10001: first'\necho '[PID: 12] 2026-01-01-10:00:00.000.001 EZ9010: No parser for Op'\nexit 255",
        "ASC1749",
        r"ATC for image @ edge failed with exit status 255: \[PID: 12\] 2026-01-01-10:00:00\.000\.001 "
        "EZ9010: No parser for Op",
    ),
    "does not know a flag": Case(
        "echo \"ERROR: unknown command line flag 'x'\" >&2\nexit 255",
        "ASC1749",
        "ATC for image @ edge failed with exit status 255; it last said: ERROR: unknown command line flag 'x'",
    ),
    "runs out of memory": Case(
        START + "kill -KILL $$",
        "ASC1746",
        "ATC for image @ edge was killed by signal 9, most often for lack of memory; it last said: ATC start .*",
    ),
    "runs out of memory behind a wrapper": Case(
        START + "exit 137",
        "ASC1746",
        "ATC for image @ edge was killed by signal 9, most often for lack of memory; it last said: ATC start .*",
    ),
    "crashes": Case(
        START + "ulimit -c 0; kill -SEGV $$",
        "ASC1747",
        "ATC for image @ edge died by signal 11; it last said: ATC start .*",
    ),
    "cannot be loaded": Case(
        "echo 'atc.bin: error while loading shared libraries: libascend_hal.so' >&2; exit 127",
        "ASC1748",
        r"ATC for image @ edge could not be started \(exit status 127\); it last said: atc\.bin: error while loading "
        r"shared libraries: libascend_hal\.so",
    ),
    "loads an old Python": Case(
        FAIL + "echo 'E40002: Python 3.6 is not supported'\necho 'E19999: inner error'\nexit 255",
        "ASC1745",
        rf"ATC for image @ edge cannot use the Python it loaded, {re.escape(sys.executable)} 3\.[0-9.]+: "
        r"E40002: Python 3\.6 is not supported",
    ),
    "lacks a Python module": Case(
        FAIL + "echo 'E40020: Failed to import module te_fusion'\nexit 255",
        "ASC1745",
        r"ATC for image @ edge cannot use the Python it loaded, .*: E40020: Failed to import module te_fusion",
    ),
    "lacks a Python module, as newer releases say it": Case(
        FAIL + "echo '[PID: 7] 2026-01-02-03:04:05.678.910 EC0010: no module attrs'\nexit 255",
        "ASC1745",
        r"ATC for image @ edge cannot use the Python it loaded, .*: \[PID: 7\] 2026-.* EC0010: no module attrs",
    ),
    "lacks a Python module, with a title": Case(
        FAIL + "echo '[PID: 7] 2026-01-02-03:04:05.678.910 No_Import(E40000): no module te'\nexit 255",
        "ASC1745",
        r"ATC for image @ edge cannot use the Python it loaded, .*: \[PID: 7\] .* No_Import\(E40000\): no module te",
    ),
    "would load an old Python": Case(
        SAY,
        "ASC1744",
        r"image @ edge cannot be compiled here: ATC would load .*/stub python, Python 3\.6\.9; it needs 3\.7 or newer",
        kind=EnvironmentLacksError,
        python="echo 3.6.9",
    ),
    "would load a Python without modules": Case(
        SAY,
        "ASC1744",
        r"image @ edge cannot be compiled here: ATC would load .*, Python 3\.[0-9.]+, which lacks: decorator sympy",
        kind=EnvironmentLacksError,
        install={"modules": ("numpy",)},
        python=f"exec '{sys.executable}' -S \"$@\"",
    ),
    "would load a broken Python": Case(
        SAY,
        "ASC1744",
        r"image @ edge cannot be compiled here: ATC would load .*/stub python, which does not start",
        kind=EnvironmentLacksError,
        python="exit 1",
    ),
    "finds no Python": Case(
        SAY,
        "ASC1744",
        "image @ edge cannot be compiled here: there is no python3 for ATC to load",
        kind=EnvironmentLacksError,
        install={"settings": NO_PYTHON},
    ),
    "is too new for the board": Case(
        SAY,
        "ASC1744",
        r"image @ edge cannot be compiled here: CANN 8\.2\.RC1 \(.*8\.2\.RC1\) is newer than the board's 8\.1, "
        "which could not load its OM",
        kind=EnvironmentLacksError,
        install={"version": "8.2.RC1"},
    ),
}


@pytest.fixture(params=FAILURES.values(), ids=FAILURES)
def case(request, cann, tmp_path, monkeypatch):
    case = request.param
    cann(case.atc, **case.install or {})
    if case.python:
        python = tmp_path / "stub python"
        python.write_text(f"#!/usr/bin/env bash\n{case.python}\n")
        python.chmod(0o755)
        monkeypatch.setenv("ASCENDC_PYTHON", str(python))
    return case


def test_local_refuses_an_atc_that(case, job, target, workspace):
    with pytest.raises(case.kind) as caught:
        Local(target).compile(job(case.time_limit), workspace)
    assert caught.value.id == case.id
    message, _, log = caught.value.message.partition("; its log: ")
    assert re.fullmatch(case.sentence, message), message
    assert (log != "") == (case.kind is StageError)
    if log:
        assert "ascendc: atc=" in Path(log).read_text()


def test_compile_sh_refuses_an_atc_that(case, bundle, target, job):
    folder = bundle("a bundle + more", job(case.time_limit), target)
    om = folder / "models/edge/image.om"
    om.parent.mkdir()
    om.write_text("stale")
    done = compile_sh(folder)
    last, summary = done.stdout.splitlines()[-2:]
    if case.kind is StageError:
        assert (done.returncode, summary) == (3, "ascendc: 0 compiled, 1 failed, 0 not possible here")
    else:
        assert (done.returncode, summary) == (5, "ascendc: 0 compiled, 0 failed, 1 not possible here")
        last, what_to_do = done.stdout.splitlines()[-3:-1]
        assert what_to_do.startswith("ascendc: what to do: ")
        assert "lacks=" not in done.stdout
        assert "hint=" not in done.stdout
    message, _, log = last.removeprefix("ascendc: ").partition("; its log: ")
    assert re.fullmatch(case.sentence, message), message
    if case.kind is StageError:
        assert log == "models/edge/image.log"
        assert "ascendc: atc=" in (folder / log).read_text()
    assert om.read_text() == "stale"
    assert done.stderr == ""


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """Lay out the part of a bundle that compile.sh reads; temporary files get a folder of their own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def make(name, job, target, heartbeat=30.0, parts=("image",)):
        folder = tmp_path / name
        (folder / "models").mkdir(parents=True)
        (folder / "configs/edge").mkdir(parents=True)
        (folder / "models/image.onnx").write_bytes(b"graph")
        aipp = "configs/edge/image.aipp.cfg" if job.aipp else None
        if aipp:
            (folder / aipp).write_text(job.aipp)
        run = Run(job.label, job.name, "image.onnx", job.options, aipp is not None)
        (folder / "configs/edge/image.atc.sh").write_text(atc_script(run, target))
        items = tuple(
            BundleItem(
                "edge",
                part,
                "image",
                "models/image.onnx",
                (),
                "configs/edge/image.atc.sh",
                aipp,
                f"models/edge/{part}.om",
                job.time_limit,
            )
            for part in parts
        )
        (folder / "compile.sh").write_text(compile_script(name, items, heartbeat))
        return folder

    return make


def compile_sh(folder, *arguments):
    return subprocess.run(
        ["bash", str(folder / "compile.sh"), *arguments],
        cwd="/",
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


HONEST = START + '[[ -s image.onnx ]] && echo IMOD >"$output.om"\n' + SAY


def test_local_keeps_the_om_its_log_and_its_command(cann, job, target, workspace):
    cann(HONEST)
    compiled = Local(target).compile(job(), workspace)
    assert workspace.path(compiled.om).read_text() == "IMOD\n"
    assert compiled.file_name == "image.om"
    assert "ATC run success" in workspace.path(compiled.log).read_text()
    assert compiled.command[0] == "atc"
    assert "--model=image.onnx" in compiled.command
    assert "--output=om/image" in compiled.command


def test_local_passes_on_what_atc_says(cann, job, target, store):
    cann(HONEST)
    lines = []
    with store.workspace(lines.append) as workspace:
        (workspace.folder / "image.onnx").write_bytes(b"graph")
        Local(target).compile(job_in(workspace, job), workspace)
    assert "ATC start working now, please wait for a moment." in lines


def job_in(workspace, job):
    return replace(job(), onnx=workspace.folder / "image.onnx")


def test_local_takes_an_om_with_a_platform_suffix(cann, job, target, workspace):
    cann('echo IMOD >"${output}_linux_aarch64.om"\n' + SAY)
    assert Local(target).compile(job(), workspace).file_name == "image_linux_aarch64.om"


def test_local_never_takes_the_om_of_an_earlier_run(cann, job, target, workspace):
    cann(HONEST)
    Local(target).compile(job(), workspace)
    cann(START + SAY)
    with pytest.raises(StageError, match=r"yet wrote no image\.om"):
        Local(target).compile(job(), workspace)


def test_local_keeps_what_atc_wrote_in_its_own_logs(cann, job, target, workspace):
    cann(
        'mkdir -p "$ASCEND_PROCESS_LOG_PATH/debug"; echo reason >"$ASCEND_PROCESS_LOG_PATH/debug/plog-1.log"; exit 255'
    )
    with pytest.raises(StageError) as caught:
        Local(target).compile(job(), workspace)
    log = Path(caught.value.message.rpartition("its log: ")[2])
    assert log.read_text().endswith("\nascendc: the end of plog-1.log\nreason\n")


def test_local_ends_the_children_of_an_atc_that_hangs(cann, job, target, workspace, tmp_path, gone):
    cann(f"sleep 60 & echo $! >'{tmp_path}/child'; wait")
    with pytest.raises(StageError, match="time limit"):
        Local(target).compile(job(1.0), workspace)
    assert gone(tmp_path / "child")


ENVIRONMENT = 'env; printf "model %s\\n" "$(readlink -f image.onnx)"\n' + HONEST


def test_local_gives_atc_a_clean_environment(cann, job, target, workspace, tmp_path, monkeypatch):
    set_env = cann(ENVIRONMENT)
    home = set_env.parent / "8.1.RC1"
    venv, conda = tmp_path / "a venv", tmp_path / "conda"
    for folder in (venv / "bin", conda / "bin", conda / "conda-meta", tmp_path / "tools"):
        folder.mkdir(parents=True)
    (venv / "pyvenv.cfg").touch()
    monkeypatch.setenv("PATH", f"{venv}/bin:{conda}/bin:{tmp_path}/tools:relative:{os.environ['PATH']}")
    for name in (
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "PYTHONHOME",
        "PYTHONPATH",
        "LD_PRELOAD_X",
        "LD_LIBRARY_PATH",
        "SECRET",
    ):
        monkeypatch.setenv(name, "/leaks")
    monkeypatch.setenv("TE_PARALLEL_COMPILER", "2")
    monkeypatch.setenv("ASCEND_DRIVER_PATH", str(tmp_path / "no driver"))
    compiled = Local(target).compile(job(), workspace)
    log = workspace.path(compiled.log).read_text()
    assert "leaks" not in log
    environment = dict(re.findall(r"^(\w+)=(.*)$", log, re.MULTILINE))
    path = environment["PATH"].split(":")
    assert path[0].endswith("/.python")
    assert path[1:3] == [f"{home}/bin", f"{tmp_path}/tools"]
    assert "relative" not in path
    assert environment["PYTHONPATH"] == f"{home}/python/site-packages:"
    assert environment["LD_LIBRARY_PATH"].startswith(f"{home}/lib64:")
    assert f":{home}/{os.uname().machine}-linux/devlib" in environment["LD_LIBRARY_PATH"]
    assert environment["TE_PARALLEL_COMPILER"] == "2"
    assert environment["HOME"] == os.environ["HOME"]
    assert environment["ASCEND_PROCESS_LOG_PATH"].endswith("/plog")


def test_local_uses_the_drivers_libraries_where_there_is_a_driver(cann, job, target, workspace, tmp_path, monkeypatch):
    cann(ENVIRONMENT)
    (tmp_path / "driver/lib64/driver").mkdir(parents=True)
    monkeypatch.setenv("ASCEND_DRIVER_PATH", str(tmp_path / "driver"))
    log = workspace.path(Local(target).compile(job(), workspace).log).read_text()
    libraries = re.search(r"^LD_LIBRARY_PATH=(.*)$", log, re.MULTILINE)[1]
    assert f":{tmp_path}/driver/lib64:{tmp_path}/driver/lib64/driver" in libraries
    assert "devlib" not in libraries


def test_local_works_where_the_store_has_a_path_that_atc_refuses(cann, target, job, tmp_path):
    cann(ENVIRONMENT)
    with Store(tmp_path / "a store + more").workspace(lambda _: None) as workspace:
        (workspace.folder / "image.onnx").write_bytes(b"graph")
        compiled = Local(target).compile(job_in(workspace, job), workspace)
        model = re.search(r"^model (.*)$", workspace.path(compiled.log).read_text(), re.MULTILINE)[1]
    assert re.fullmatch(r"[A-Za-z0-9./_-]+/image\.onnx", model)
    assert not any(word.startswith("--op_compiler_cache_dir") for word in compiled.command)


def test_local_names_the_python_of_the_target(cann, job, target, workspace, tmp_path, monkeypatch):
    cann('python3 -c "import sys; print(sys.argv)"\n' + HONEST)
    monkeypatch.delenv("ASCENDC_PYTHON")
    python = tmp_path / "my python"
    python.symlink_to(sys.executable)
    compiled = Local(replace(target, python=str(python))).compile(job(), workspace)
    assert f"ascendc: python={python} 3." in workspace.path(compiled.log).read_text()


def test_local_misses_a_python_that_the_target_names_in_vain(cann, job, target, workspace, monkeypatch):
    cann(HONEST)
    monkeypatch.delenv("ASCENDC_PYTHON")
    with pytest.raises(EnvironmentLacksError, match="the Python that ATC should load, /no/python, is no program"):
        Local(replace(target, python="/no/python")).compile(job(), workspace)


def test_compile_sh_passes_over_a_python_that_is_not_on_its_machine(cann, bundle, job, target):
    cann(HONEST)
    assert compile_sh(bundle("bundle", job(), replace(target, python="/no/python"))).returncode == 0


def test_local_lays_the_aipp_configuration_and_external_data_beside_the_model(cann, job, target, workspace):
    cann('[[ -s aipp.cfg && -s image.onnx.data && " $* " == *" --insert_op_conf=aipp.cfg "* ]] || exit 1\n' + HONEST)
    task = job(aipp="aipp_op {}\n")
    task.onnx.with_name("image.onnx.data").write_bytes(b"weights")
    assert Local(target).compile(task, workspace).file_name == "image.om"


def test_local_probe_says_which_atc(cann, target):
    home = cann(HONEST).parent / "8.1.RC1"
    ready = Local(target).probe()
    assert isinstance(ready, Ready)
    assert (ready.where, ready.cann) == (f"{home}/bin/atc", "8.1.RC1")
    assert ready.build_id.startswith("local 8.1.RC1 ")
    assert Local(target).probe() == ready


def test_another_atc_or_another_setting_has_another_build_id(cann, target, monkeypatch):
    cann(HONEST)
    first = Local(target).probe().build_id
    monkeypatch.setenv("ASCEND_CUSTOM_OPP_PATH", "/opt/ops")
    second = Local(target).probe().build_id
    cann(HONEST + "# rebuilt\n")
    assert len({first, second, Local(target).probe().build_id}) == 3


def test_local_probe_says_what_is_missing(target, monkeypatch, tmp_path):
    monkeypatch.setenv("ASCENDC_SET_ENV", str(tmp_path / "none.sh"))
    assert Local(target).probe() == Absent(f"there is no {tmp_path}/none.sh (ASCENDC_SET_ENV)", "unset ASCENDC_SET_ENV")


# -- compile.sh ---------------------------------------------------------------------------------------------------


def test_compile_sh_puts_the_om_where_the_manifest_says(cann, bundle, job, target):
    cann(HONEST)
    folder = bundle("a bundle + more", job(), target)
    before = sorted(p for p in folder.rglob("*") if p.is_file())
    done = compile_sh(folder, "edge")
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-2:] == [
        "ascendc: compiled image @ edge: models/edge/image.om",
        "ascendc: 1 compiled, 0 failed, 0 not possible here",
    ]
    om = folder / "models/edge/image.om"
    assert om.read_text() == "IMOD\n"
    assert sorted(p for p in folder.rglob("*") if p.is_file()) == sorted([*before, om])
    assert not list(folder.parent.glob("atc-*"))


def test_compile_sh_follows_links_to_itself(cann, bundle, job, target, tmp_path):
    cann(HONEST)
    folder = bundle("bundle", job(), target)
    links = tmp_path / "my links"
    links.mkdir()
    (links / "other.sh").symlink_to("../bundle/compile.sh")
    (links / "compile.sh").symlink_to(links / "other.sh")
    done = compile_sh(links)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "models/edge/image.om").read_text() == "IMOD\n"


@pytest.mark.parametrize("obstacle", ["a file", "a folder that takes no file"])
def test_compile_sh_looks_for_room_before_it_runs_atc(cann, bundle, job, target, tmp_path, obstacle):
    cann(f"touch '{tmp_path}/ran'\n" + HONEST)
    folder = bundle("bundle", job(), target)
    place = folder / "models/edge"
    if obstacle == "a file":
        place.touch()
    else:
        place.symlink_to("/proc")  # takes none from root either
    done = compile_sh(folder)
    assert (done.returncode, done.stderr) == (5, "")
    assert done.stdout == (
        f"ascendc: cannot write into {place}, the place of models/edge/image.om: "
        "copy the bundle to where you may write\n"
    )
    assert not (tmp_path / "ran").exists()


def test_compile_sh_says_once_what_is_missing(bundle, job, target, monkeypatch, tmp_path):
    monkeypatch.setenv("ASCENDC_SET_ENV", str(tmp_path / "none.sh"))
    done = compile_sh(bundle("bundle", job(), target, parts=("image", "text")))
    assert done.returncode == 5
    assert done.stdout.splitlines() == [
        "ascendc: compiling image @ edge",
        f"ascendc: image @ edge cannot be compiled here: there is no {tmp_path}/none.sh (ASCENDC_SET_ENV)",
        "ascendc: what to do: unset ASCENDC_SET_ENV",
        "ascendc: compiling text @ edge",
        "ascendc: text @ edge cannot be compiled here either, for the same reason",
        "ascendc: 0 compiled, 0 failed, 2 not possible here",
    ]


def test_compile_sh_takes_back_the_log_of_a_failure_that_was_mended(cann, bundle, job, target):
    cann("exit 255")
    folder = bundle("bundle", job(), target)
    assert compile_sh(folder).returncode == 3
    assert (folder / "models/edge/image.log").is_file()
    cann(HONEST)
    assert compile_sh(folder).returncode == 0
    assert [path.name for path in (folder / "models/edge").iterdir()] == ["image.om"]


def test_compile_sh_notes_a_platform_suffix(cann, bundle, job, target):
    cann('echo IMOD >"${output}_linux_aarch64.om"\n' + SAY)
    folder = bundle("bundle", job(), target)
    done = compile_sh(folder)
    assert "ascendc: note: image_linux_aarch64.om holds code for one platform only, the one in its name" in done.stdout
    assert (folder / "models/edge/image.om").read_text() == "IMOD\n"


def test_compile_sh_refuses_a_target_that_the_bundle_lacks(bundle, job, target):
    done = compile_sh(bundle("bundle", job(), target), "other")
    assert (done.returncode, done.stdout) == (2, "ascendc: there is no target other; allowed: edge\n")


def test_compile_sh_refuses_a_time_limit_that_is_no_number(bundle, job, target, monkeypatch):
    monkeypatch.setenv("ASCENDC_TIME_LIMIT", "1h")
    done = compile_sh(bundle("bundle", job(), target))
    assert done.returncode == 2
    assert done.stdout == "ascendc: ASCENDC_TIME_LIMIT must be a number of seconds above 0, not 1h\n"


def test_compile_sh_takes_its_time_limit_from_the_environment(cann, bundle, job, target, monkeypatch):
    cann("sleep 60")
    monkeypatch.setenv("ASCENDC_TIME_LIMIT", "1")
    assert "ran past its time limit of 1 s" in compile_sh(bundle("bundle", job(), target)).stdout


def test_compile_sh_breaks_silence(cann, bundle, job, target):
    cann("sleep 2\n" + HONEST)
    done = compile_sh(bundle("bundle", job(), target, heartbeat=1.0))
    assert re.search(r"^ascendc: running for \d s, silent for \d s$", done.stdout, re.MULTILINE)
    assert done.returncode == 0


def test_compile_sh_leaves_nothing_behind_when_it_is_stopped(cann, bundle, job, target, tmp_path, gone):
    cann(f"sleep 60 & echo $! >'{tmp_path}/child'; echo up; wait")
    folder = bundle("bundle", job(), target)
    with subprocess.Popen(["bash", str(folder / "compile.sh")], stdout=subprocess.PIPE, text=True) as script:
        for line in script.stdout:
            if line == "up\n":
                break
        script.terminate()
        assert script.wait(20) == 143
    assert gone(tmp_path / "child")
    assert not list(tmp_path.glob("atc-*"))
