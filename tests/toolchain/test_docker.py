from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ascendc.cann.soc import resolve
from ascendc.cann.version import Cann
from ascendc.errors import EnvironmentLacksError, StageError
from ascendc.toolchain import docker
from ascendc.toolchain.base import Absent, Ready
from ascendc.toolchain.docker import Docker, container

IMAGE = "ascendai/cann:8.1.rc1-310p-ubuntu22.04-py3.10"

START = "echo 'ATC start working now'\n"
HONEST = START + '[[ -s image.onnx ]] && echo IMOD >"$output.om"; echo ATC run success\n'

STUB = """#!{python}
import csv, json, os, subprocess, sys
arguments = sys.argv[1:]
with open({record!r}, "a") as file:
    file.write(json.dumps(arguments) + chr(10))
if arguments[:2] == ["image", "ls"]:
    print({images!r}, end="")
    sys.exit({status})
if arguments[0] == "kill":
    with open({pidfile!r}) as file:
        os.killpg(int(file.read()), 9)
    sys.exit(0)
mounts = {{}}
for i, word in enumerate(arguments):
    if word == "--mount":
        fields = dict(f.split("=", 1) for f in next(csv.reader([arguments[i + 1]])))
        mounts[fields["target"]] = fields["source"]
folder = mounts[arguments[arguments.index("--workdir") + 1]]
image = next(i for i, word in enumerate(arguments) if "cann:" in word)
# Like the real client, which leaves the container running when it is killed.
child = subprocess.Popen(["bash", *arguments[image + 1 :]], cwd=folder, start_new_session=True)
with open({pidfile!r}, "w") as file:
    file.write(str(child.pid))
status = child.wait()
sys.exit(status if status >= 0 else 128 - status)
"""


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Put a stand-in for docker on PATH; returns a function that reads the calls it got."""
    folder = tmp_path / "engine"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def install(images=(IMAGE,), status=0, error=""):
        listing = "".join(f"sha256:{i:064} {name}\n" for i, name in enumerate(images))
        record = folder / "calls"
        record.touch()
        text = STUB.format(
            python=sys.executable,
            record=str(record),
            pidfile=str(folder / "pid"),
            images=listing,
            status=f"{error!r} or {status}" if error else status,
        )
        (folder / "docker").write_text(text)
        (folder / "docker").chmod(0o755)
        return lambda: [json.loads(line) for line in record.read_text().splitlines()]

    return install


def test_probe_takes_the_fitting_image_that_is_here(engine, target):
    engine(images=("ubuntu:22.04", "quay.example/ascend/cann:8.5.0-310p-ubuntu22.04-py3.11", IMAGE, "<none>:<none>"))
    assert Docker(target).probe() == Ready(IMAGE, "8.1.rc1", f"docker sha256:{2:064}")


def test_probe_says_what_to_pull(engine, target):
    engine(images=())
    assert Docker(target).probe() == Absent(f"the image {IMAGE} is not on this machine", f"docker pull {IMAGE}")


def test_probe_says_that_no_image_is_old_enough(engine, target):
    engine(images=(IMAGE,))
    old = replace(target, cann=Cann("7.0.0"))
    assert Docker(old).probe() == Absent(
        "no published CANN image compiles for Ascend310P3 and is not newer than CANN 7.0.0", ""
    )


def test_probe_says_that_no_image_has_the_chip(engine, target):
    engine(images=())
    other = replace(target, soc=resolve("Ascend310B4").soc, cann=None)
    assert Docker(other).probe().command == f"docker pull {IMAGE}"


def test_probe_without_an_engine(target, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Docker(target).probe() == Absent("there is no docker on PATH", "ascendc doctor")


def test_probe_of_an_engine_that_does_not_work(engine, target):
    engine(error="warning: x\npermission denied")
    assert Docker(target).probe() == Absent("docker does not work: permission denied", "docker info")


def test_probe_of_an_engine_that_hangs(tmp_path, target, monkeypatch):
    (tmp_path / "docker").write_text("#!/bin/sh\nexec sleep 30\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(docker, "_TIMEOUT", 0.3)
    assert Docker(target).probe() == Absent("docker did not answer within 0 s", "docker info")


def test_compile_runs_a_container_without_network_as_the_caller(engine, cann, job, target, workspace):
    calls = engine()
    cann(HONEST)
    compiled = Docker(target).compile(job(), workspace)
    assert workspace.path(compiled.om).read_text() == "IMOD\n"
    line = calls()[-1]
    assert line[:6] == ["run", "--rm", "--init", "--network", "none", "--name"]
    assert line[line.index("--user") + 1] == f"{os.getuid()}:{os.getgid()}"
    assert line[line.index("--env") + 1] == "HOME=/tmp"
    assert line[-6:] == ["--entrypoint", "bash", IMAGE, "--noprofile", "--norc", "atc.sh"]
    assert "--op_compiler_cache_dir=/ascendc-cache" in compiled.command


def test_a_python_of_the_host_does_not_bind_the_container(engine, cann, job, target, workspace):
    engine()
    cann(HONEST)
    compiled = Docker(replace(target, python="/only/on/the/host")).compile(job(), workspace)
    assert compiled.file_name == "image.om"


def test_compile_ends_the_container_of_an_atc_that_hangs(engine, cann, job, target, workspace, tmp_path, gone):
    calls = engine()
    cann(f"echo $$ >'{tmp_path}/child'; sleep 60")
    with pytest.raises(StageError, match="ran past its time limit of 2 s"):
        Docker(target).compile(job(2.0), workspace)
    name = next(line for line in calls() if line[0] == "run")[6]
    assert ["kill", name] in calls()
    assert gone(tmp_path / "child")


@pytest.mark.parametrize("then", ["", "printf '#!/bin/sh\\nexec sleep 60\\n' >{0} && chmod +x {0}; "])
def test_an_engine_that_fails_to_kill_loses_no_time_limit(
    engine, cann, job, target, workspace, tmp_path, monkeypatch, then
):
    """The engine is gone by then, or hangs."""
    engine()
    cann(f"rm '{tmp_path}/engine/docker'; {then.format(tmp_path / 'engine/docker')}sleep 60")
    monkeypatch.setattr(docker, "_TIMEOUT", 4.0)
    try:
        with pytest.raises(StageError, match="ran past its time limit of 2 s"):
            Docker(target).compile(job(2.0), workspace)
    finally:
        os.killpg(int((tmp_path / "engine/pid").read_text()), signal.SIGKILL)


def test_compile_reads_the_signal_behind_the_engines_status(engine, cann, job, target, workspace):
    engine()
    cann("kill -KILL $$")
    with pytest.raises(StageError, match="was killed by signal 9, most often for lack of memory"):
        Docker(target).compile(job(), workspace)


def test_compile_without_an_image(engine, job, target, workspace):
    engine(images=())
    with pytest.raises(EnvironmentLacksError) as caught:
        Docker(target).compile(job(), workspace)
    assert caught.value.message == (f"image @ edge cannot be compiled here: the image {IMAGE} is not on this machine")
    assert caught.value.hint == f"docker pull {IMAGE}"


@pytest.mark.parametrize("name", ["plain", "a b + c", "it's", "a,b", 'say "x"', "a:b", "$HOME;`id`"])
def test_the_printed_line_can_be_pasted(engine, tmp_path, name):
    calls = engine()
    bundle = tmp_path / name
    bundle.mkdir()
    (bundle / "compile.sh").write_text('echo "target $1 in $PWD" >result\n')
    line = shlex.join(container(IMAGE, ("compile.sh", "edge"), mounts=((bundle, "/ascendc"),)))
    subprocess.run(["bash", "-c", line], check=True)
    assert (bundle / "result").read_text() == f"target edge in {bundle}\n"
    assert "--name" not in calls()[-1]


def test_paths_are_mounted_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert f"type=bind,source={tmp_path}/build,target=/ascendc" in container(
        IMAGE, ("x.sh",), mounts=((Path("build"), "/ascendc"),)
    )
