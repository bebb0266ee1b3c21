"""The simulated CANN in this process, and OMs that it runs."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from ascendc import driver
from ascendc.cann.om.facts import SIMULATED
from ascendc.cann.om.interface import Gears, Interface, Port
from ascendc.sim import container
from ascendc.sim.device.payload import GRAPH, PLAN, Plan

RECIPES = Path(__file__).parents[2] / "recipes"
SITE = Path(container.__file__).parent / "site"


@pytest.fixture
def simulated(monkeypatch):
    """Begin a simulated machine; keyword arguments are its settings. What is leaked fails the test."""
    from ascendc.runtime import acl as api
    from ascendc.sim import session

    monkeypatch.syspath_prepend(str(SITE))
    monkeypatch.setenv("ASCENDC_SIM_STRICT", "1")
    monkeypatch.setattr(api, "_only", {})

    def begin(**settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"ASCENDC_SIM_{name.upper()}", str(value))
        return importlib.import_module("acl")

    yield begin
    for made in api._only.values():
        made._end()
    session.end()
    for name in [name for name in sys.modules if name == "acl" or name.startswith("acl.")]:
        del sys.modules[name]


@pytest.fixture
def write_om(tmp_path):
    """Write an OM of y = x + x for x [rows, 3]; `beside` names a further input [3, 5], `extra` one that ATC adds."""

    def write(rows=2, gears=None, soc="Ascend310P3", half=True, name="model.om", atc="0.0.simulated", **more):
        batch = "batch" if gears else rows
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3])
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 3])
        names = ["x", *filter(None, [more.get("beside")])]
        w = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [3, 5]) for name in names[1:]]
        graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", [x, *w], [y])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
        first = -1 if gears else rows
        inputs = [Port("x", (first, 3), "float32", "ND"), *(Port(n, (3, 5), "float32", "ND") for n in names[1:])]
        if gears:
            inputs.append(Port("ascend_mbatch_shape_data", (1,), "int32", "ND"))
        if "extra" in more:
            inputs.append(Port(more["extra"], (1,), "uint8", "ND"))
        listed = Gears("batch", tuple((n,) for n in gears)) if gears else None
        faces = Interface(tuple(inputs), (Port("Add_0:0:y", (first, 3), "float32", "ND"),), listed)
        plan = Plan(tuple(names), ("y",), half)
        pieces = ((GRAPH, model.SerializeToString()), (PLAN, plan.to_bytes()))
        path = tmp_path / name
        facts = {"soc_version": soc, "atc_version": atc, SIMULATED: "1"}
        facts = {key: value for key, value in facts.items() if value}
        path.write_bytes(container.write(container.Blueprint("m", faces, facts, partitions=pieces)))
        return path

    return write


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The tiny trained CLIP, built against the simulated ATC; its image part takes pixels, its text part gears."""
    folder = tmp_path_factory.mktemp("sim")
    overrides = ("targets[0].toolchain=sim", "targets[0].soc=Ascend310P3", "targets[0].parts.image.aipp=rgb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASCENDC_CACHE", str(folder / "cache"))
        return driver.build(RECIPES / "tiny-clip.yaml", output=folder / "bundle", overrides=overrides)
