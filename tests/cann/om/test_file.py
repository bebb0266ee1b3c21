from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from ascendc.cann.om.facts import SIMULATED
from ascendc.cann.om.file import read
from ascendc.cann.om.interface import Gears, Interface, Port
from ascendc.sim.container import Blueprint, write

PIXELS = Port("pixel_values", (1, 3, 224, 224), "float32", "NCHW", 602112)
IDS = Port("input_ids", (1, 77), "int32", "ND", 308)
EMBEDS = Port("Div_9:0:embeds", (1, 512), "float32", "ND", 2048)
BOTH = Interface((PIXELS, IDS), (EMBEDS,))
ATTRIBUTES = {
    "soc_version": "Ascend310P3",
    "arch_type": "1",
    "atc_version": "7.6.0.1.220",
    "opp_version": "7.6.0.1.221",
    "framework_type": 5,
    "atc_cmdline": "atc --model=a.onnx",
    "memory_size": 1 << 20,
    "weight_size": 12,
}
WEIGHTS = (1, b"twelve bytes")


@pytest.fixture
def om(tmp_path):
    def make(interface=BOTH, attributes=ATTRIBUTES, **more):
        path = tmp_path / "model.om"
        path.write_bytes(write(Blueprint("clip", interface, attributes, partitions=(WEIGHTS,), **more)))
        return path

    return make


@pytest.mark.parametrize("wide", [True, False], ids=["64 bit", "32 bit"])
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "by the graph"])
def test_everything_that_a_file_says_is_read(om, wide, listed):
    found = read(om(wide=wide, listed=listed))
    assert (found.inputs, found.outputs, found.gears) == ((PIXELS, IDS), (EMBEDS,), None)
    assert (found.soc_version, found.arch_type, found.framework) == ("Ascend310P3", "1", "onnx")
    assert (found.atc_version, found.opp_version, found.atc_cmdline) == (
        "7.6.0.1.220",
        "7.6.0.1.221",
        "atc --model=a.onnx",
    )
    assert (found.memory_size, found.weight_size, found.name) == (1 << 20, 12, "clip")
    names = ["MODEL_INOUT_INFO"] * listed + ["MODEL_DEF", "WEIGHTS_DATA"]
    assert [part.type for part in found.partitions] == names
    assert found.partitions[-1].size == 12
    assert not found.simulated


def test_the_first_version_of_the_header(om):
    found = read(om(first_version=True, listed=False, attributes={}))
    assert (found.inputs, found.soc_version, found.atc_version) == ((PIXELS, IDS), None, None)


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "by the graph"])
@pytest.mark.parametrize(
    "gears",
    [
        Gears("batch", ((1,), (4,), (8,))),
        Gears("image", ((224, 224), (336, 448))),
        Gears("dims", ((1, 16), (1, 77), (8, 77))),
    ],
    ids=lambda gears: gears.kind,
)
def test_gears(om, gears, listed):
    open_ = Port("input_ids", (-1, 77), "int32", "ND", None if not listed else 2464)
    assert read(om(Interface((open_,), (EMBEDS,), gears), listed=listed)).gears == gears


def test_aipp_is_what_the_graph_says_of_an_input(om):
    aipp = {"aipp_mode": "static", "src_image_size_w": 224, "var_reci_chn_0": 0.5, "csc_switch": False}
    marked = {"pixel_values": {"_data_related_aipp_mode": "static_aipp", "aipp": aipp}}
    [found] = read(om(input_attributes=marked)).aipp
    assert (found.input, found.mode) == ("pixel_values", "static_aipp")
    assert found.settings == {
        "aipp_mode": "static",
        "src_image_size_w": "224",
        "var_reci_chn_0": "0.5",
        "csc_switch": "false",
    }


def test_enumerated_keys_and_values_are_spelled_out(om):
    """Index 200 is 73 + 1 × 127, each digit kept plus one."""
    enumerated = {
        **ATTRIBUTES,
        "om_compress_version": 1,
        "attr_name_enum": [f"key{index}" for index in range(200)] + ["_data_related_aipp_mode"],
        "attr_value_enum": ["no", "static_aipp"],
        "attrs_use_string_value": [0] * 200 + [1],
    }
    marked = {"pixel_values": {"\0" + chr(74) + chr(2): 1}}
    [found] = read(om(attributes=enumerated, input_attributes=marked)).aipp
    assert (found.input, found.mode) == ("pixel_values", "static_aipp")


def test_what_the_simulator_wrote_says_so(om):
    assert read(om(attributes={**ATTRIBUTES, SIMULATED: "1"})).simulated


def test_a_file_that_is_cut_short_or_has_grown(om, refusal):
    path = om()
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    after = len(whole) - 256
    says = f"its header says that {after} bytes follow, and"
    assert refusal(path) == ("ASC2363", f"`FILE` is a damaged OM: {says} {after - 1} do: the file is cut short")
    path.write_bytes(whole + b"x")
    assert refusal(path) == ("ASC2363", f"`FILE` is a damaged OM: {says} {after + 1} do: something was added to it")


def test_a_length_is_never_believed(om, refusal):
    path = om()
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, 256, 0xFFFFFFFF)  # partitions
    path.write_bytes(content)
    why = "lists 4294967295 partitions, which are more than the file can hold"
    assert refusal(path) == ("ASC2363", f"`FILE` is a damaged OM: the table at byte 256 {why}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "`FILE` is no OM: it is empty"),
        (b"IMOD", "`FILE` is a damaged OM: it has 4 bytes; the header alone has 256"),
        (
            b"PICO" + bytes(300),
            "`FILE` is no OM: a model for HiSilicon's SVP (SS928, Hi3403): AscendCL does not load it",
        ),
        (b"version https://git-lfs.github.com/spec/v1\n", "`FILE` is no OM: a pointer of Git LFS, not the file itself"),
        (
            b"../models/real.om",
            "`FILE` is no OM: a text, perhaps a symbolic link that was checked out as a file: '../models/real.om'",
        ),
        (b"real.om\n", "`FILE` is no OM: a text, perhaps a symbolic link that was checked out as a file: 'real.om'"),
        (b"\x08\x07\x12\x07pytorch" + bytes(300), "`FILE` is no OM: perhaps an ONNX model"),
        (bytes(300), r"`FILE` is no OM: it begins with b'\x00\x00\x00\x00' instead of b'IMOD'"),
    ],
    ids=["empty", "header", "SVP", "LFS", "link", "link beside", "ONNX", "zeros"],
)
def test_what_is_no_om_is_named(tmp_path, refusal, content, message):
    path = tmp_path / "x.om"
    path.write_bytes(content)
    assert refusal(path)[1] == message


def test_what_is_no_regular_file_is_not_waited_for(tmp_path, refusal):
    os.mkfifo(tmp_path / "pipe.om")
    for path in (tmp_path / "pipe.om", Path("/dev/zero")):
        assert refusal(path) == ("ASC2361", "the file `FILE` cannot be read: it is no regular file")


def test_a_file_of_the_kernel_is_not_called_empty(refusal):
    why = "it does not say its size, as files below /proc"
    assert refusal(Path("/proc/self/status")) == ("ASC2361", f"the file `FILE` cannot be read: {why}")


def test_an_encrypted_file_says_no_more_than_that(om):
    path = om()
    content = bytearray(path.read_bytes())
    content[80] = 1
    path.write_bytes(content)
    found = read(path)
    assert (found.encrypted, found.inputs, found.partitions, found.soc_version) == (True, (), (), None)
    assert found.notes == ("it is encrypted: what is in it cannot be read, and it loads only with its key",)
