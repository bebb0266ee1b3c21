from __future__ import annotations

from dataclasses import replace

import pytest

from ascendc.bundle import manifest as manifests
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
    assert found["gears"] == Difference("gears", "none", "kind batch, values ((1,), (4,))")
    assert not {name for name in found if name == "file" or name.startswith("gears.")}


def test_a_scalar_is_not_an_unknown_shape(om):
    one, other = inspect(om("one.om", ())), inspect(om("other.om"))
    assert Difference("inputs[0].shape", "scalar", "(1, 77)") in differences(one, other)
    unknown = replace(other, inputs=(replace(other.inputs[0], shape=None),))
    assert Difference("inputs[0].shape", "scalar", "none") in differences(one, unknown)


def test_an_input_that_one_file_lacks_differs_once(om):
    one = inspect(om("one.om"))
    without = "name ids, shape (1, 77), dtype int32, format ND, size 308"
    assert differences(one, replace(one, inputs=())) == (Difference("inputs[0]", without, "–"),)


def test_an_om_that_was_compiled_on_the_board_is_looked_into(tiny_bundle, om):
    folder = tiny_bundle()
    [artefact] = manifests.read(folder).artefacts
    (folder / artefact.om).parent.mkdir(parents=True, exist_ok=True)
    (folder / artefact.om).write_bytes(om("m.om").read_bytes())
    found = inspect(folder)
    assert [one.kind for one in found.files] == ["om", "onnx"]
    assert found.notes[0].endswith(": om-deferred; its OM was compiled since")
    assert artefact.om in [part.type for part in found.partitions]


def test_a_folder_in_place_of_an_om_is_not_looked_into(tiny_bundle):
    folder = tiny_bundle()
    [artefact] = manifests.read(folder).artefacts
    (folder / artefact.om).parent.mkdir(parents=True, exist_ok=True)
    (folder / artefact.om).symlink_to(folder)
    assert [one.kind for one in inspect(folder).files] == ["onnx"]


def test_a_bundle_that_is_not_as_its_manifest_says(tiny_bundle, om):
    folder = tiny_bundle(om=om("m.om").read_bytes())
    files = manifests.read(folder).files
    changed = next(name for name in files if not name.endswith((".om", ".onnx")))
    missing = next(name for name in files if name.endswith(".om"))
    (folder / changed).chmod(0o644)
    with (folder / changed).open("ab") as file:
        file.write(b"+")
    (folder / missing).unlink()
    found = inspect(folder)
    size = files[changed].size
    assert set(found.notes[1:]) == {
        f"`{changed}` has {size + 1} bytes; its manifest says {size}",
        f"`{missing}` is missing, or no regular file",
    }
    sizes = {part.type: part.size for part in found.partitions}
    assert (sizes[changed], missing in sizes) == (size + 1, False)


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
