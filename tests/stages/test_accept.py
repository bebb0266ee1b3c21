from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ascendc.cann.soc import resolve
from ascendc.cann.version import Cann
from ascendc.errors import GateError, StageError
from ascendc.model import Image, Part, Tensor
from ascendc.sim import build
from ascendc.sim.settings import Settings
from ascendc.sim.toolchain import Simulated
from ascendc.sim.tree import plant
from ascendc.stages.accept import AcceptSpec, accept
from ascendc.stages.golden import GoldenPart, keep
from ascendc.target import Batch, PartTarget, Target
from ascendc.toolchain import local
from ascendc.toolchain.base import Compiled
from ascendc.toolchain.install import Installation
from ascendc.toolchain.local import Local

PART = Part("main", (Tensor("x", "float32", ("batch", 3)),), (Tensor("y", "float32", ("batch", 3)),))
TARGET = Target("edge", resolve("Ascend310P3").soc, Cann("8.1.RC1"), (("main", PartTarget(Batch((2,)))),))
X = np.random.default_rng(0).random((5, 3), np.float32)
SPEC = AcceptSpec(PART, raw=False, limit=3e-2, device="the simulator", time_limit=60.0)


@pytest.fixture
def compiled(workspace):
    """An OM of y = x + x for two rows, compiled for `soc`; its input may have another name."""

    def compile_(soc="Ascend310P3", name="x"):
        x, y = (helper.make_tensor_value_info(one, TensorProto.FLOAT, ["batch", 3]) for one in (name, "y"))
        graph = helper.make_graph([helper.make_node("Add", [name, name], ["y"])], "g", [x], [y])
        path = workspace.folder / "m.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), path)
        options = {"soc_version": soc, "input_shape": f"{name}:2,3", "output": "m"}
        (workspace.folder / "m.om").write_bytes(build.compiled(path, options).content)
        return Compiled(workspace.put(workspace.folder / "m.om"), "m.om", workspace.put_text("log"), ())

    return compile_


@pytest.fixture
def golden(workspace):
    def record(y):
        return GoldenPart("main", keep({"x": X}, workspace), keep({"y": np.asarray(y, np.float32)}, workspace))

    return record


def simulated():
    return Simulated(TARGET).device()


def test_an_om_that_answers_as_the_model_does_is_accepted_where_it_ran(compiled, golden, workspace):
    """All five samples, by an OM of two rows."""
    found = accept(SPEC, compiled(), golden(2 * X), simulated(), workspace)
    assert (found.part, found.where) == ("main", "simulator")
    assert found.said.startswith("error ")
    assert found.said.endswith(" on pyACL Ascend310P3 SIMULATED")


def test_tensors_may_have_any_name(compiled, golden, workspace):
    part = Part("main", (Tensor("file", "float32", ("batch", 3)),), PART.outputs)
    record = dataclasses.replace(golden(2 * X), inputs=keep({"file": X}, workspace))
    spec = dataclasses.replace(SPEC, part=part)
    assert accept(spec, compiled(name="file"), record, simulated(), workspace).where == "simulator"


def test_an_om_that_answers_otherwise_is_refused(compiled, golden, workspace):
    with pytest.raises(GateError) as caught:
        accept(SPEC, compiled(), golden(2.2 * X), simulated(), workspace)
    assert caught.value.id == "ASC1760"
    assert caught.value.message.startswith("part `main`: output `y` of the OM on pyACL Ascend310P3 SIMULATED is 0.")
    assert "allowed: 0.03 (max abs " in caught.value.message
    assert caught.value.hint.startswith("ascendc build RECIPE --set targets[0].parts.main.precision=origin")


@pytest.mark.parametrize(
    ("soc", "fault", "why"),
    [
        ("Ascend310B4", "", "was compiled for Ascend310B4, and this is Ascend310P3: choose the target for it"),
        ("Ascend310P3", "oom", "acl.rt.malloc failed with 207018: the memory of the device is full"),
        ("Ascend310P3", "device-lost", "acl.rt.set_device failed with 507899: the driver failed"),
    ],
)
def test_a_device_that_is_busy_or_another_is_no_verdict(compiled, golden, workspace, monkeypatch, soc, fault, why):
    monkeypatch.setenv("ASCENDC_SIM_FAULT", fault)
    found = accept(SPEC, compiled(soc), golden(2 * X), simulated(), workspace)
    assert found.where is None
    assert found.said.startswith("not run: ")
    assert why in found.said


def test_a_device_that_fails_is_said_in_its_own_words(compiled, golden, workspace, monkeypatch):
    monkeypatch.setenv("ASCENDC_SIM_FAULT", "exec")
    with pytest.raises(
        StageError, match=r"does not run: acl\.rt\.synchronize_stream failed with 507015: the AI Core failed"
    ) as caught:
        accept(SPEC, compiled(), golden(2 * X), simulated(), workspace)
    assert caught.value.id == "ASC1761"
    command, _, log = caught.value.hint.partition("; the log is ")
    assert command == "ascendc build RECIPE --until compile  (leaves the OM without running it)"
    assert "the AI Core failed" in Path(log).read_text()


def test_an_om_that_takes_pixels_is_not_run_on_samples_that_are_none(compiled, golden, workspace):
    pictures = Part(
        "main", (Tensor("x", "float32", ("batch", 3, 1, 1), Image(1, 1, (0.5,) * 3, (0.3,) * 3)),), PART.outputs
    )
    record = dataclasses.replace(golden(2 * X), inputs=keep({"x": X.reshape(5, 3, 1, 1)}, workspace))
    spec = dataclasses.replace(SPEC, part=pictures, raw=True)
    found = accept(spec, compiled(), record, simulated(), workspace)
    assert (found.where, found.said) == (None, "not run: the OM takes pixels, and no picture is behind the samples")


@pytest.fixture
def host(monkeypatch, tmp_path):
    """A host with CANN and cards of a kind; both are simulated, and reached as real ones are."""

    def host_(soc, cards=1):
        script = plant(tmp_path / "cann", Settings(soc))
        found = Installation(set_env=str(script), cann="8.1.RC1", atc="/bin/true", python=f"{sys.executable} 3.11.0")
        monkeypatch.setattr(local.install, "find", lambda target: found)
        monkeypatch.setattr(local.probe_board, "devices", lambda: cards)
        monkeypatch.setenv("PATH", str(tmp_path / "cann/8.1.RC1/bin"), prepend=":")
        monkeypatch.setenv("ASCENDC_SIM_SOC", soc)
        return Local(TARGET).device()

    return host_


def test_a_card_of_the_target_s_kind_in_this_host_is_used(host, compiled, golden, workspace):
    device = host("Ascend310P3")
    assert device.identity == "Ascend310P3 beside CANN 8.1.RC1"
    found = accept(SPEC, compiled(), golden(2 * X), device, workspace)
    assert found.where == "simulator"  # as its own AscendCL says


def test_other_cards_and_no_cards_are_not(host):
    assert host("Ascend310B4") is None
    assert host("Ascend310P3", cards=0) is None
