"""Layouts that the simulated ATC does not write, put together from what it does write."""

from __future__ import annotations

import struct

import pytest

from ascendc.cann.om.container import HEADER
from ascendc.cann.om.file import read
from ascendc.cann.om.interface import Interface, Port
from ascendc.sim.container import Blueprint, write

IDS = Port("ids", (1, 77), "int32", "ND", 308)
OUT = Port("Div:0:out", (1, 8), "float16", "ND", 16)
WEIGHTS = (1, b"weights")


def content(name="m", **more):
    attributes = {"soc_version": "Ascend310P3", "atc_cmdline": f"atc --model={name}.onnx"}
    return bytearray(write(Blueprint(name, Interface((IDS,), (OUT,)), attributes, partitions=(WEIGHTS,), **more)))


SIZE = len(content())
[LISTED] = struct.unpack_from("<Q", content(), HEADER + 8 + 16)
"""Bytes of the first partition, the list of inputs and outputs."""


def bundle(*models, counted=HEADER):
    """Its offsets count from the end of the header, its length includes the header, its table is one for all."""
    pieces = [(25, bytes(8)), *((24, model) for model in models)]
    at = 8 + 24 * len(pieces)
    table = struct.pack("<I4x", len(pieces))
    for kind, piece in pieces:
        table += struct.pack("<I4xQQ", kind, at, len(piece))
        at += len(piece)
    whole = content()[:HEADER] + table + b"".join(piece for _, piece in pieces)
    whole[82] = 5
    struct.pack_into("<I", whole, 156, len(models))
    struct.pack_into("<Q", whole, 184, len(whole) - HEADER + counted)
    return whole


@pytest.fixture
def om(tmp_path):
    def make(data):
        path = tmp_path / "m.om"
        path.write_bytes(data)
        return path

    return make


def test_a_bundle_of_models(om):
    found = read(om(bundle(content("first"), content("second"))))
    assert (found.model_type, found.models, found.name) == ("bundle", 2, "first")
    assert (found.inputs, found.outputs, found.atc_cmdline) == ((IDS,), (OUT,), "atc --model=first.onnx")
    assert [part.type for part in found.partitions] == [
        "BUNDLE_MODEL_VAR_INFO",
        "BUNDLE_MODEL_INFO",
        "BUNDLE_MODEL_INFO",
    ]
    assert found.notes == (
        "it is a bundle of models: only AscendCL's bundle calls load it",
        "it holds 2 models; inputs and outputs are the first one's",
    )


def test_a_bundle_without_models(om):
    found = read(om(bundle()))
    assert (found.models, found.inputs, found.name) == (1, (), "m")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bundle(bundle(content())), "it is a bundle whose first model is a bundle"),
        (bundle(b"ZIMOD" + bytes(300)), "the model at byte 320 begins with b'ZIMO' instead of b'IMOD'"),
        (bundle(content()[:-1]), "the file is cut short"),
        (bundle(content(), counted=0), "something was added to it"),
    ],
    ids=["bundle", "no OM", "cut", "length"],
)
def test_a_damaged_bundle(om, refusal, data, why):
    id_, message = refusal(om(data))
    assert id_ == "ASC2363"
    assert message.endswith(why)


def test_several_models_have_a_table_each(om):
    one, two = content("root"), content("part")
    whole = one + two[HEADER:]
    struct.pack_into("<I", whole, 156, 2)
    struct.pack_into("<Q", whole, 184, len(whole) - HEADER)
    found = read(om(whole))
    assert (found.models, found.inputs) == (2, (IDS,))
    assert [part.type for part in found.partitions] == ["MODEL_INOUT_INFO", "MODEL_DEF", "WEIGHTS_DATA"] * 2
    assert found.notes == ("it holds 2 models; inputs and outputs are the first one's",)


@pytest.mark.parametrize("kind", [3, 4, 5, 9])
def test_a_model_for_phones(om, kind):
    """Its header is of the first version, and its types of models and partitions are others."""
    data = content(first_version=True, listed=False)
    data[82] = kind
    struct.pack_into("<I", data, HEADER + 4 + 12, 3)
    struct.pack_into("<I", data, 184, 5)  # gears, where other headers have their length
    found = read(om(data))
    assert (found.model_type, found.inputs) == ("phone", (IDS,))
    assert [part.type for part in found.partitions] == ["MODEL_DEF", "TASK_GRAPH"]
    assert found.notes == ("it is for phones (Kirin, HiAI): AscendCL does not load it",)


def test_a_precompiled_model(om, refusal):
    data = content()
    struct.pack_into("<I", data, HEADER + 8, 20)
    why = "a precompiled model (.exeom) for chips without a graph engine: 310, 310P and 310B do not load it"
    assert refusal(om(data)) == ("ASC2362", f"`FILE` is no OM: {why}")


def test_a_flow_model_has_a_wide_table_whatever_its_header_says(om):
    data = content()
    data[82] = 3
    struct.pack_into("<IQ", data, 76, len(data) - HEADER, 0)
    data[82] = 3
    struct.pack_into("<Q", data, 184, 0)
    assert (read(om(data)).model_type, read(om(data)).inputs) == ("flow", (IDS,))


def test_types_that_are_in_no_table(om):
    data = content()
    data[82] = 77
    struct.pack_into("<I", data, HEADER + 8 + 48, 99)
    found = read(om(data))
    assert (found.model_type, found.partitions[-1].type) == ("type 77", "TYPE_99")
    assert found.notes == ("its model type 77 is unknown",)


def test_more_models_than_any_file_has(om, refusal):
    data = content()
    struct.pack_into("<I", data, 156, 4097)
    why = "its header says that it holds 4097 models; allowed: 4096"
    assert refusal(om(data)) == ("ASC2363", f"`FILE` is a damaged OM: {why}")


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ([4097], "the table at byte 256 lists 4097 partitions; allowed: 4096"),
        ([4096, 1], "its models have 4097 partitions and more; allowed: 4096"),
    ],
)
def test_more_partitions_than_any_file_has(om, refusal, tables, why):
    data = content()[:HEADER] + b"".join(struct.pack("<I4x", count) + bytes(24 * count) for count in tables)
    struct.pack_into("<I", data, 156, len(tables))
    struct.pack_into("<Q", data, 184, len(data) - HEADER)
    assert refusal(om(data)) == ("ASC2363", f"`FILE` is a damaged OM: {why}")


def listing(block):
    """An OM whose only partition is a list of inputs and outputs."""
    data = content()[:HEADER] + struct.pack("<I4xI4xQQ", 1, 8, 0, len(block)) + block
    struct.pack_into("<Q", data, 184, len(data) - HEADER)
    return data


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (bytes((1 << 20) + 1), "its list of inputs and outputs has 1048577 bytes; allowed: 1048576"),
        (
            struct.pack("<IIIQiiIIII", 0, 4 + 32 + 129 * 8, 1, 0, 0, 0, 0, 129 * 8, 0, 0) + bytes(129 * 8),
            "a shape in the list of inputs and outputs has more than 128 axes",
        ),
    ],
    ids=["bytes", "axes"],
)
def test_a_list_that_is_not_believed(om, refusal, block, why):
    assert refusal(om(listing(block))) == ("ASC2363", f"`FILE` is a damaged OM: {why}")


def test_open_shapes_are_said(om):
    data = content()
    data[193] = 1
    found = read(om(data))
    assert found.dynamic
    assert found.notes == ("its shapes are open: it loads only beside the operator package that it was compiled with",)


@pytest.mark.parametrize(
    ("layout", "at", "value", "why"),
    [
        ("<I", 4, 128, "its header says that it has 128 bytes; every OM's has 256"),
        ("<Q", HEADER + 8 + 8, 1, "partition 0 should begin at byte 336, and its table says 337"),
        ("<Q", HEADER + 8 + 16, 1 << 40, f"partition 0 should have {1 << 40} bytes, and {SIZE - 336} are left"),
        ("<I", 156, 2, f"the file ends at byte {SIZE}, within a table of partitions"),
        ("<I", HEADER, 1, f"its last partition ends at byte {288 + LISTED}, and the file at byte {SIZE}"),
    ],
    ids=["header", "offset", "size", "models", "rest"],
)
def test_tables_that_contradict_the_file(om, refusal, layout, at, value, why):
    data = content()
    struct.pack_into(layout, data, at, value)
    assert refusal(om(data)) == ("ASC2363", f"`FILE` is a damaged OM: {why}")
