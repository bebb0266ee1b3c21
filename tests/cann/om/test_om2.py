from __future__ import annotations

import json
import struct
import zipfile

import pytest

from ascendc.cann.om.facts import Aipp
from ascendc.cann.om.file import read
from ascendc.cann.om.interface import Gears, Port

COMMAND = "/usr/local/Ascend/cann-9.0.0/bin/atc.bin --mode=7 --soc_version=Ascend910B3"
MANIFEST = {"om2_version": "0", "model_num": "1", "atc_command": COMMAND}
AIPP = {
    "index": 0,
    "aipp_type": 1,
    "aipp_data_index": 0,
    "aipp_mode": 1,
    "input_format": 3,
    "src_image_size_w": 224,
    "csc_switch": 0,
    "var_reci_chn_0": 0.5,
    "aipp_inputs": ["NHWC:DT_UINT8:x:1:4:1"],
    "orig_input_format": 1,
}
META = {
    "inputs": [
        {
            "name": "x",
            "index": 0,
            "shape": [2, 77],
            "shape_v2": [2, 77],
            "data_type": "DT_FLOAT",
            "format": "ND",
            "size": 616,
            "shape_range": [],
            "origin_input_dims": [-1, 77],
        }
    ],
    "outputs": [{"name": "y", "index": 0, "shape": [-1, 512], "data_type": "DT_BFLOAT16", "format": "ND", "size": 0}],
    "dynamic_type": 1,
    "dynamic_batch_info": [[1], [2]],
    "work_size": 4096,
    "name": "m",
    "aipp": {"aipp_infos": [AIPP]},
}


@pytest.fixture
def om2(tmp_path):
    def make(files, method=zipfile.ZIP_STORED):
        path = tmp_path / "m.om2"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in files.items():
                archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
        return path

    return make


@pytest.mark.parametrize("root", ["", "m/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_it_is_read_inside_its_archive(om2, root, method):
    path = om2({f"{root}manifest.json": MANIFEST, f"{root}data/model_0/model_meta.json": META}, method)
    found = read(path)
    assert (found.kind, found.soc_version, found.cann_version) == ("om2", "Ascend910B3", "9.0.0")
    assert (found.atc_cmdline, found.name, found.memory_size, found.models) == (COMMAND, "m", 4096, 1)
    assert found.inputs == (Port("x", (-1, 77), "float32", "ND", 616),)
    assert found.outputs == (Port("y", (-1, 512), "bfloat16", "ND", None),)
    assert found.gears == Gears("batch", ((1,), (2,)))
    settings = {"aipp_mode": "static", "input_format": "RGB888_U8", "src_image_size_w": "224", "csc_switch": "0"}
    assert found.aipp == (Aipp("x", "static_aipp", {**settings, "var_reci_chn_0": "0.5"}),)
    assert [part.type for part in found.partitions] == [f"{root}manifest.json", f"{root}data/model_0/model_meta.json"]


def test_the_first_of_many_models_is_shown(om2):
    metas = {f"data/model_{index}/model_meta.json": {"name": f"n{index}"} for index in (10, 2, 1)}
    found = read(om2({"manifest.json": {**MANIFEST, "model_num": "3"}, **metas}))
    assert (found.models, found.name) == (3, "n1")


@pytest.mark.parametrize(
    "meta",
    [
        {"dynamic_type": [], "dynamic_batch_info": 1, "inputs": {}, "outputs": [1], "aipp": [], "name": 1},
        {"dynamic_type": True, "inputs": [{"name": 1, "shape": ["x"], "data_type": [], "size": -1}]},
        {"dynamic_type": 3, "dynamic_batch_info": [[], None, "x"], "aipp": {"aipp_infos": [{"aipp_type": {}}, 3]}},
        {"work_size": 1 << 80, "aipp": {"aipp_infos": [{"aipp_type": 1, "index": 7}]}},
    ],
)
def test_what_is_of_another_kind_is_unknown(om2, meta):
    found = read(om2({"manifest.json": {**MANIFEST, "model_num": {}}, "data/model_0/model_meta.json": meta}))
    assert (found.gears, found.aipp, found.name, found.memory_size, found.models) == (None, (), None, None, 1)
    assert found.inputs in ((), (Port("", None, None, None),))


def test_half_a_surrogate_pair_is_no_text(om2):
    meta = b'{"name": "a\\ud800", "aipp": {"aipp_infos": []}}'
    assert read(om2({"manifest.json": MANIFEST, "data/model_0/model_meta.json": meta})).name == "a?"


def test_another_archive_is_no_om(om2, refusal):
    path = om2({"a": b"b", "deep/er/manifest.json": MANIFEST})
    assert refusal(path) == ("ASC2364", "`FILE` is no OM: it is a ZIP archive without the manifest of an OM2")


@pytest.mark.parametrize(
    ("content", "method", "why"),
    [
        (b"{", zipfile.ZIP_STORED, "`manifest.json` is no JSON"),
        (b"[" * 100_000, zipfile.ZIP_STORED, "`manifest.json` is no JSON"),
        (b'{"a": ' + b"1" * 5000 + b"}", zipfile.ZIP_STORED, "`manifest.json` is no JSON"),
        (bytes(5 << 20), zipfile.ZIP_DEFLATED, "`manifest.json` has 5242880 bytes; allowed: 4194304"),
        (b"{}", zipfile.ZIP_LZMA, "`manifest.json` is compressed by method 14, which no OM2 uses"),
    ],
    ids=["torn", "deep", "digits", "bomb", "lzma"],
)
def test_json_that_is_not_believed(om2, refusal, content, method, why):
    assert refusal(om2({"manifest.json": content}, method)) == ("ASC2365", f"`FILE` is a damaged OM2: {why}")


def test_more_files_than_any_om2_has(om2, refusal):
    path = om2({"manifest.json": MANIFEST, **{f"{n}": b"" for n in range(1 << 14)}})
    assert refusal(path) == ("ASC2365", "`FILE` is a damaged OM2: it holds 16385 files; allowed: 16384")


def test_a_directory_of_holes(tmp_path, refusal):
    path, size = tmp_path / "m.om2", 5 << 20
    end = struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, 1, 1, size, 4, 0)
    path.write_bytes(b"PK\x03\x04" + bytes(size) + end)
    why = f"a piece of it has {size} bytes; allowed: 4194304"
    assert refusal(path) == ("ASC2365", f"`FILE` is a damaged OM2: {why}")


def test_truths_are_no_axes(om2):
    meta = {"inputs": [{"name": "x", "shape": [True, 2]}]}
    assert read(om2({"manifest.json": MANIFEST, "data/model_0/model_meta.json": meta})).inputs[0].shape is None


def test_an_archive_without_a_model_says_so(om2):
    found = read(om2({"manifest.json": MANIFEST}))
    assert (found.models, found.notes[1:]) == (0, ("it holds no model",))


def test_a_size_that_lies(om2, refusal):
    """The archive says that 5 MB are 2 bytes: no more are read, and their sum tells."""
    path = om2({"manifest.json": bytes(5 << 20)}, zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, entry + 24, 2)
    path.write_bytes(content)
    assert refusal(path) == ("ASC2365", "`FILE` is a damaged OM2: Bad CRC-32 for file 'manifest.json'")


def test_an_archive_that_is_cut_short(om2, refusal):
    path = om2({"manifest.json": MANIFEST})
    path.write_bytes(path.read_bytes()[:-30])
    assert refusal(path) == ("ASC2365", "`FILE` is a damaged OM2: File is not a zip file")


def test_a_stream_that_is_damaged(om2, refusal):
    path = om2({"manifest.json": MANIFEST}, zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    content[43] = 0xFF  # the first byte behind the name
    path.write_bytes(content)
    why = "Error -3 while decompressing data: invalid block type"
    assert refusal(path) == ("ASC2365", f"`FILE` is a damaged OM2: {why}")


def test_a_file_without_a_name(om2):
    """Found by the fuzzer: zipfile's own `is_dir` fails on it."""
    path = om2({"manifest.json": MANIFEST, "last": b"12"})
    content = bytearray(path.read_bytes())
    struct.pack_into("<HHH", content, content.rindex(b"PK\x01\x02") + 28, 0, 0, len("last"))
    path.write_bytes(content)
    assert [(part.type, part.size) for part in read(path).partitions][1:] == [("", 2)]


def test_folders_are_no_files(om2):
    found = read(om2({"manifest.json": MANIFEST, "data/": b""}))
    assert [part.type for part in found.partitions] == ["manifest.json"]
