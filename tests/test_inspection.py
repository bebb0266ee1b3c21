from __future__ import annotations

import pytest

from ascendc.cann import soc
from ascendc.cann.om.interface import Gears, Interface, Port
from ascendc.errors import UsageError
from ascendc.inspection import Difference, differences, fits, inspect
from ascendc.sim.container import Blueprint, write

OUT = Port("Div:0:out", (1, 8), "float16", "ND", 16)


@pytest.fixture
def om(tmp_path):
    def make(name, shape=(1, 77), gears=None, chip="Ascend310P3"):
        ids = Port("ids", shape, "int32", "ND", 308)
        path = tmp_path / name
        path.write_bytes(write(Blueprint("m", Interface((ids,), (OUT,), gears), {"soc_version": chip})))
        return path

    return make


def test_differences_are_named_as_in_the_json(om):
    one = inspect(om("one.om"))
    other = inspect(om("other.om", (-1, 77), Gears("batch", ((1,), (4,))), "Ascend310P1"))
    found = {difference.field: difference for difference in differences(one, other)}
    assert found["inputs[0].shape"] == Difference("inputs[0].shape", "(1, 77)", "(-1, 77)")
    assert found["soc_version"] == Difference("soc_version", "Ascend310P3", "Ascend310P1")
    assert found["gears"] == Difference("gears", "none", "–")
    assert found["gears.values"] == Difference("gears.values", "–", "((1,), (4,))")
    assert "file" not in found


def test_the_same_file_under_two_names_does_not_differ(om):
    assert differences(inspect(om("one.om")), inspect(om("other.om"))) == ()


def test_every_om_of_a_bundle_is_held_against_every_chip(tiny_bundle, om):
    found = inspect(tiny_bundle(om=om("m.om").read_bytes()))
    chips = tuple(soc.table()[name] for name in ("Ascend310P3", "Ascend310B4"))
    assert [(fit.file.rpartition("/")[2], fit.soc, fit.verdict) for fit in fits(found, chips)] == [
        ("main.om", "Ascend310P3", "loads"),
        ("main.om", "Ascend310B4", "refused"),
    ]
    assert fits(found, ()) == ()


def test_a_bundle_that_holds_no_om_answers_for_no_chip(tiny_bundle):
    found = inspect(tiny_bundle())
    with pytest.raises(UsageError) as caught:
        fits(found, (soc.table()["Ascend310P3"],))
    assert caught.value.id == "ASC2366"
    assert caught.value.message == f"`{found.file}` holds no OM that could be held against Ascend310P3"
