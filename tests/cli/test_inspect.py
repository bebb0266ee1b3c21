from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from onnx import TensorProto, helper, save

from ascendc import inspection
from ascendc.cann.om.interface import Gears, Interface, Port
from ascendc.sim.container import Blueprint, write

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "inspect.schema.json").read_text())
FACES = Interface(
    (Port("ids", (-1, 77), "int32", "ND", 2464),),
    (Port("Div:0:embeds", (-1, 512), "float16", "ND", 8192),),
    Gears("batch", ((1,), (8,))),
)


@pytest.fixture
def om(tmp_path):
    def make(name="text.om", soc="Ascend310P3", **more):
        path = tmp_path / name
        attributes = {
            "soc_version": soc,
            "arch_type": "1",
            "atc_version": "7.6",
            "framework_type": 5,
            "atc_cmdline": "atc --model=t.onnx",
        }
        aipp = {
            "ids": {
                "_data_related_aipp_mode": "static_aipp",
                "aipp": {"aipp_mode": 1, "input_format": 3, "crop": False, "mean_chn_0": 0},
            }
        }
        path.write_bytes(write(Blueprint("text", FACES, {**attributes, **more}, aipp, ((1, b"w" * 10),))))
        return path

    return make


def test_an_om_in_words(ascendc, om):
    path = om()
    done = ascendc("inspect", path)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"{path}: om"
    assert lines[1:-1] == [
        "  name       text",
        "  chip       Ascend310P3 (architecture 1)",
        "  ATC        7.6",
        "  from       onnx",
        "  command    atc --model=t.onnx",
        "  input      ids: int32 -1×77 ND",
        "  output     Div:0:embeds: float16 -1×512 ND",
        "  gears      batch: 1; 8",
        "  AIPP       ids: static_aipp aipp_mode=static input_format=RGB888_U8",
    ]
    assert lines[-1].endswith("WEIGHTS_DATA 10")


def test_a_chip_that_will_not_load_it_ends_with_4(ascendc, om):
    done = ascendc("inspect", om(), "--against", "310P3", "--against", "Ascend310B4")
    assert done.code == 4
    assert done.out.splitlines()[-2:] == [
        "on Ascend310P3: loads: it was compiled for Ascend310P3",
        "on Ascend310B4: refused: it was compiled for Ascend310P3, of another architecture than Ascend310B4",
    ]


def test_what_two_files_do_not_share(ascendc, om):
    one, other = om(), om("other.om", soc="Ascend310P1")
    assert ascendc("inspect", one, "--diff", om("same.om")).out == "no difference\n"
    done = ascendc("inspect", one, "--diff", other)
    assert (done.code, done.out) == (4, "soc_version: Ascend310P3 → Ascend310P1\n1 difference\n")


def test_differences_as_json_and_chips_beside_them(ascendc, om):
    one, other = om(), om("other.om", soc="Ascend310P1")
    done = ascendc("inspect", one, "--diff", other, "--json")
    found = json.loads(done.out)
    jsonschema.validate(found, SCHEMA)
    assert (done.code, found["file"]) == (4, str(one))
    assert found["differences"] == [{"field": "soc_version", "one": "Ascend310P3", "other": "Ascend310P1"}]
    same = ascendc("inspect", one, "--diff", one, "--against", "Ascend310B4")
    refused = "on Ascend310B4: refused: it was compiled for Ascend310P3, of another architecture than Ascend310B4"
    assert (same.code, same.out) == (4, f"no difference\n{refused}\n")
    assert json.loads(ascendc("inspect", one, "--diff", one, "--json").out)["differences"] == []


def test_what_a_file_says_is_no_command_to_a_terminal(ascendc, om):
    done = ascendc("inspect", om(atc_cmdline="atc \x1b[2J\nchip  Ascend310\u202e"))
    assert r"  command    atc \x1b[2J\nchip  Ascend310\u202e" in done.out.splitlines()


def test_an_onnx_file_is_held_against_no_chip(ascendc, tmp_path):
    path = tmp_path / "m.onnx"
    one = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [one], [one])
    save(helper.make_model(graph), path)
    done = ascendc("inspect", path, "--against", "Ascend310P3")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"ascendc: ASC2366 `{path}` holds no OM that could be held against Ascend310P3\n"
        f"  hint: ascendc check {path} --soc Ascend310P3 asks whether ATC would take an ONNX file\n"
    )


def test_the_json_is_as_the_schema_says(ascendc, om):
    path = om(ascendc_simulated="1")
    done = ascendc("inspect", path, "--json", "--against", "Ascend310P3")
    found = json.loads(done.out)
    jsonschema.validate(found, SCHEMA)
    assert (found["version"], found["kind"], found["simulated"]) == ("1", "om", True)
    assert found["inputs"] == [{"name": "ids", "shape": [-1, 77], "dtype": "int32", "format": "ND", "size": 2464}]
    assert found["gears"] == {"kind": "batch", "values": [[1], [8]]}
    assert found["partitions"][-1] == {"type": "WEIGHTS_DATA", "size": 10}
    assert found["opp_version"] is None
    assert found["aipp"][0]["settings"]["crop"] == "false"
    assert found["against"][0]["verdict"] == "refused"
    assert done.code == 4


def test_the_schema_in_the_documents_is_the_code_s():
    assert (DOCS / "inspect.schema.json").read_text() == inspection.schema_text()


def test_an_onnx_file(ascendc, tmp_path):
    path = tmp_path / "m.onnx"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), path)
    assert ascendc("inspect", path).out.splitlines()[1:] == [
        "  opset      13",
        "  input      x: float32 batch×3",
        "  output     y: float32 of unknown rank",
        "  note       1 nodes, IR version 7",
    ]


def test_a_bundle_and_its_models(ascendc, tiny_bundle, om):
    done = ascendc("inspect", tiny_bundle(om=om().read_bytes()), "--json", "--against", "Ascend310P1")
    found = json.loads(done.out)
    jsonschema.validate(found, SCHEMA)
    assert (done.code, found["kind"]) == (0, "bundle")
    assert sorted(file["kind"] for file in found["files"]) == ["om", "onnx"]
    assert [fit["verdict"] for fit in found["against"]] == ["doubtful"]


def test_a_damaged_manifest_is_a_damaged_file(ascendc, tiny_bundle):
    folder = tiny_bundle()
    (folder / "manifest.json").chmod(0o644)
    (folder / "manifest.json").write_text("{")
    done = ascendc("inspect", folder)
    assert (done.code, done.err.split()[1]) == (2, "ASC1802")


def test_a_name_that_is_too_long(ascendc, tmp_path):
    path = tmp_path / ("x" * 300)
    done = ascendc("inspect", path)
    assert done.code == 2
    assert done.err == f"ascendc: ASC2361 the file `{path}` cannot be read: File name too long\n"


def test_a_file_that_is_not_there(ascendc, tmp_path):
    done = ascendc("inspect", tmp_path / "none.om")
    assert (done.code, done.err) == (2, f"ascendc: ASC2361 the file `{tmp_path / 'none.om'}` does not exist\n")
