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
            "atc_version": "7.6",
            "framework_type": 5,
            "atc_cmdline": "atc --model=t.onnx",
        }
        aipp = {"ids": {"_data_related_aipp_mode": "static_aipp", "aipp": {"input_format": "RGB888_U8"}}}
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
        "  chip       Ascend310P3",
        "  ATC        7.6",
        "  from       onnx",
        "  command    atc --model=t.onnx",
        "  input      ids: int32 -1×77 ND",
        "  output     Div:0:embeds: float16 -1×512 ND",
        "  gears      batch: 1; 8",
        "  AIPP       ids: static_aipp input_format=RGB888_U8",
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
    assert (done.code, done.out) == (4, "soc_version: Ascend310P3 → Ascend310P1\n1 differences\n")


def test_the_json_is_as_the_schema_says(ascendc, om):
    path = om(ascendc_simulated="1")
    done = ascendc("inspect", path, "--json", "--against", "Ascend310P3")
    found = json.loads(done.out)
    jsonschema.validate(found, SCHEMA)
    assert (found["version"], found["kind"], found["simulated"]) == ("1", "om", True)
    assert found["inputs"] == [{"name": "ids", "shape": [-1, 77], "dtype": "int32", "format": "ND", "size": 2464}]
    assert found["gears"] == {"kind": "batch", "values": [[1], [8]]}
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


def test_a_file_that_is_not_there(ascendc, tmp_path):
    done = ascendc("inspect", tmp_path / "none.om")
    assert (done.code, done.err) == (2, f"ascendc: ASC2361 the file `{tmp_path / 'none.om'}` does not exist\n")
