"""Dumps of the simulated device: what is asked for, in files that our own reader takes, each marked."""

import json

import numpy as np
import pytest

from ascendc.cann.dump import file, folder
from ascendc.runtime import open_session
from ascendc.sim.device.dump import Dumping, Operator

X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def config(tmp_path):
    """Write ``acl.json``; keyword arguments change its section."""
    (tmp_path / "out").mkdir()

    def write(**changes):
        section = {"dump_list": [{"model_name": "m"}], "dump_path": str(tmp_path / "out"), **changes}
        (tmp_path / "acl.json").write_text(json.dumps({"dump": section}))
        return str(tmp_path / "acl.json")

    return write


def test_models_that_are_loaded_afterwards_are_dumped(simulated, write_om, config, tmp_path):
    acl = simulated()
    om = write_om()
    assert acl.init() == 0
    with open_session(om) as before:
        assert [acl.mdl.init_dump(), acl.mdl.set_dump(config())] == [0, 0]
        before.run({"x": X})
        with open_session(om) as session:
            np.testing.assert_array_equal(session.run({"x": X})["y"], 2 * X)
            session.run({"x": X + 1})
            assert acl.mdl.finalize_dump() == 0
            session.run({"x": X})
    runs = folder.runs(tmp_path / "out")
    assert [run.folder.name for run in runs] == ["0", "1"]
    assert runs[0].folder.parent.parent.name == "m"
    [one] = runs[1].files
    found = file.read(one.path)
    [tensor] = found.said.tensors
    assert (one.type, found.said.version, found.said.simulated) == ("Add", "2.0", True)
    assert (tensor.way, tensor.dtype, tensor.format, tensor.original_shape) == ("output", "float32", "ND", (2, 3))
    np.testing.assert_array_equal(found.values(tensor), 2 * (X + 1))


def test_init_reads_the_section_too_and_inputs_are_dumped_if_asked(simulated, write_om, config, tmp_path):
    acl = simulated()
    assert acl.init(config(dump_mode="all")) == 0
    with open_session(write_om(gears=(1, 2))) as session:
        session.run({"x": X})
    [one] = folder.runs(tmp_path / "out")[0].files
    found = file.read(one.path)
    assert [(tensor.way, tensor.index) for tensor in found.said.tensors] == [("input", 0), ("input", 1), ("output", 0)]
    np.testing.assert_array_equal(found.values(found.said.tensors[1]), X)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"dump_path": ""}, 100000), ({"dump_path": "/none"}, 100000), ({"dump_mode": "both"}, 100000)],
)
def test_wrong_settings_are_refused(simulated, config, changes, code):
    acl = simulated()
    assert acl.init(config(**changes)) == code
    assert acl.init() == 0
    assert acl.mdl.set_dump(config(**changes)) == code
    assert acl.mdl.set_dump("none.json") == 100003


def test_other_models_other_layers_and_no_list_are_left_out(simulated, write_om, config, tmp_path):
    acl = simulated()
    acl.init()
    for changes in ({"dump_list": [{"model_name": "other"}]}, {"dump_list": []}):
        assert acl.mdl.set_dump(config(**changes)) == 0
        with open_session(write_om()) as session:
            session.run({"x": X})
    assert list((tmp_path / "out").rglob("*")) == []


def test_layers_are_chosen_and_long_names_are_mapped(tmp_path):
    operators = [Operator(name, "Relu", ("x",), (f"{name}:0",)) for name in ("a/b", "c" * 300, "d")]
    dumping = Dumping(tmp_path, "output", {"m": ("a/b", "c" * 300)})
    dumping.write(0, "m", 1, operators, {f"{one.name}:0": X for one in operators})
    [run] = folder.runs(tmp_path)
    assert sorted(one.node for one in run.files) == ["a_b", "c" * 300]
    assert {file.read(one.path).said.op for one in run.files} == {"a/b", "c" * 300}
