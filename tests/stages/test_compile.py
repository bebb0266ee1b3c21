from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from ascendc import graph as graphs
from ascendc import keys
from ascendc.cann.atc.command import AtcOptions, InputShape
from ascendc.cann.soc import resolve
from ascendc.cann.version import Cann
from ascendc.errors import EnvironmentLacksError, UsageError
from ascendc.stages import compile as stage
from ascendc.stages.compile import CompileSpec, compile_, deferred, om_name, time_limit
from ascendc.target import Batch, PartTarget, Target
from ascendc.toolchain.base import Absent, Compiled, Toolchain
from ascendc.toolchain.local import Local
from ascendc.toolchain.none import NoToolchain

TARGET = Target("edge", resolve("Ascend310P3").soc, Cann("8.1.RC1"), (("image", PartTarget(Batch((1,)))),))
OPTIONS = AtcOptions("Ascend310P3", "ND", (InputShape("x", (1, 2000)),), "force_fp16")


def spec(**more):
    return CompileSpec(**{"part": "image", "options": OPTIONS, "aipp": None, "toolchain": "t", "build_id": "1", **more})


@pytest.fixture
def graph(workspace):
    """y = x + w, with w large enough to be a file of its own."""
    x = ir.Value(name="x", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape([1, 2000]))
    w = ir.Value(name="w", const_value=ir.tensor(np.arange(2000, dtype=np.float32), name="w"))
    add = ir.node("Add", [x, w])
    add.outputs[0].name = "y"
    made = ir.Graph([x], add.outputs, nodes=[add], initializers=[w], opset_imports={"": 13}, name="g")
    saved = graphs.save(ir.Model(made, ir_version=7), workspace)
    assert len(saved.weights) == 1
    return saved


class Recorder(Toolchain):
    """Keeps the job and what its model file held."""

    NAME = "recorder"

    def probe(self):
        raise NotImplementedError

    def compile(self, job, workspace):
        self.job = job
        self.model = ir.load(job.onnx)
        self.files = sorted(path.name for path in job.onnx.parent.glob(f"{job.onnx.name}*"))
        blob = workspace.put_text("x")
        return Compiled(blob, "image.om", blob, ())


def test_the_graph_is_handed_over_as_one_file(graph, workspace):
    toolchain = Recorder(TARGET)
    compile_(spec(part="the/image part", aipp="aipp_op {}", time_limit=5.0), graph, toolchain, workspace)
    job = toolchain.job
    assert (job.label, job.name, job.aipp, job.time_limit) == (
        "the/image part @ edge",
        "the_image_part",
        "aipp_op {}",
        5.0,
    )
    assert toolchain.files == ["the_image_part.onnx"]
    weights = toolchain.model.graph.initializers["w"].const_value
    assert not isinstance(weights, ir.ExternalTensor)
    assert weights.numpy()[-1] == 1999


def test_a_graph_too_large_for_one_file_has_its_data_beside_it(graph, workspace, monkeypatch):
    monkeypatch.setattr(graphs, "SINGLE_FILE_LIMIT", 1000)
    toolchain = Recorder(TARGET)
    compile_(spec(), graph, toolchain, workspace)
    assert toolchain.files == ["image.onnx", "image.onnx.data"]
    assert toolchain.model.graph.initializers["w"].const_value.location == "image.onnx.data"


def test_a_real_run_through_the_local_toolchain(graph, workspace, cann):
    cann('[[ -s image.onnx ]] && cp image.onnx "$output.om"; echo ATC run success')
    compiled = compile_(spec(), graph, Local(TARGET), workspace)
    assert compiled.om.size > 8000
    assert workspace.store.holds(compiled.log)


def test_no_toolchain_compiles_nothing(graph, workspace):
    with pytest.raises(EnvironmentLacksError) as caught:
        compile_(spec(), graph, NoToolchain(TARGET), workspace)
    assert caught.value.id == "ASC1751"
    assert caught.value.message == "image @ edge cannot be compiled: target `edge` asks for no toolchain"
    assert NoToolchain(TARGET).probe() == Absent("target `edge` asks for no toolchain", "")


def test_an_om_name_has_neither_dots_nor_slashes():
    assert om_name("image.omega/v1 x-2_") == "image_omega_v1_x-2_"


def test_the_key_holds_what_changes_the_om():
    first = keys.digest(spec())
    assert keys.digest(spec(time_limit=1.0)) == first
    others = [spec(build_id="2"), spec(toolchain="u"), spec(aipp="x"), spec(part="text")]
    assert len({first, *map(keys.digest, others)}) == 5


@pytest.fixture
def _no_engine(monkeypatch):
    """Whatever this machine has for an engine: the tests that need one bring it."""
    monkeypatch.setenv("PATH", "/nothing")


@pytest.mark.usefixtures("_no_engine")
def test_a_deferred_om_comes_with_the_commands_that_make_it(tmp_path):
    bundle = tmp_path / "a bundle + more"
    made = deferred(Absent("no CANN toolkit was found", "x"), TARGET, bundle)
    assert made.reason == "no CANN toolkit was found"
    where, pull, engine, otherwise, elsewhere = made.command.splitlines()
    assert where == "# in an image that is to be pulled first, gigabytes:"
    assert pull == "docker pull ascendai/cann:8.1.rc1-310p-ubuntu22.04-py3.10"
    assert otherwise == "# or on another machine with CANN:"
    words = shlex.split(engine)
    assert words[:6] == ["docker", "run", "--rm", "--init", "--network", "none"]
    assert f"type=bind,source={bundle},target=/ascendc" in words
    assert words.count("--mount") == 1
    assert words[-5:] == [
        "ascendai/cann:8.1.rc1-310p-ubuntu22.04-py3.10",
        "--noprofile",
        "--norc",
        "compile.sh",
        "edge",
    ]
    assert elsewhere == (
        f"HOST=user@machine-with-cann; scp -r '{bundle}' $HOST: "
        f"&& ssh $HOST 'bash '\"'\"'{bundle.name}'\"'\"'/compile.sh edge' "
        f"&& scp -r $HOST:'{bundle.name}'/models '{bundle}'"
    )


@pytest.fixture
def image_here(tmp_path, monkeypatch):
    """A stand-in for docker that has one image."""

    def install(name):
        program = tmp_path / "docker"
        program.write_text(f"#!/bin/sh\necho sha256:1 {name}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return install


def test_an_image_that_is_here_is_not_pulled(image_here):
    image_here("mirror.example/cann:8.1.rc1-910b-ubuntu22.04-py3.10")
    where, engine, *_ = deferred(Absent("x", ""), TARGET, Path("/b")).command.splitlines()
    assert where == (
        "# in an image that is on this machine; its tag names 910b, "
        "but before CANN 8.5 an image compiles for every chip:"
    )
    assert " mirror.example/cann:8.1.rc1-910b-ubuntu22.04-py3.10 " in engine


@pytest.mark.usefixtures("_no_engine")
def test_an_image_whose_tag_names_another_chip_is_explained():
    target = Target("edge", resolve("Ascend310").soc, None, ())
    where, *_ = deferred(Absent("x", ""), target, Path("/b")).command.splitlines()
    assert where == (
        "# in an image that is to be pulled first, gigabytes; its tag names 310p, "
        "but before CANN 8.5 an image compiles for every chip:"
    )


@pytest.mark.usefixtures("_no_engine")
def test_without_a_fitting_image_it_is_said_why():
    old = Target("edge", TARGET.soc, Cann("6.0"), ())
    command = deferred(Absent("x", ""), old, Path("/b")).command
    assert command == (
        "# no docker line: no published CANN image compiles for Ascend310P3 and is not newer than CANN 6.0\n"
        "# or on another machine with CANN:\n"
        "HOST=user@machine-with-cann; scp -r /b $HOST: "
        "&& ssh $HOST 'bash b/compile.sh edge' && scp -r $HOST:b/models /b"
    )


def test_the_time_limit_is_the_environments(monkeypatch):
    monkeypatch.delenv("ASCENDC_TIME_LIMIT", raising=False)
    assert time_limit() == stage.TIME_LIMIT
    monkeypatch.setenv("ASCENDC_TIME_LIMIT", "60")
    assert time_limit() == 60.0


@pytest.mark.parametrize("text", ["0", "-1", "1h", "1.5"])
def test_a_time_limit_that_is_no_number(monkeypatch, text):
    monkeypatch.setenv("ASCENDC_TIME_LIMIT", text)
    with pytest.raises(UsageError) as caught:
        time_limit()
    assert caught.value.id == "ASC1753"
    assert caught.value.message == f"ASCENDC_TIME_LIMIT must be a number of seconds above 0, not `{text}`"
