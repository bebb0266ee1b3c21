"""Files as people bring them: whole, torn, made up, with data elsewhere, or larger than memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from ascendc.cann.outline import Node, Outline, Port
from ascendc.errors import UsageError
from ascendc.onnx_file import load, read_outline
from ascendc.protobuf import TornError, fields, message, varint

ROWS = 4096
"""Of the weight, whose 64 KB stay in the file."""


def model(**changes):
    """``y = x @ w + b``: a large weight, a small bias that is listed as an input too."""
    weight = np.arange(ROWS * 4, dtype=np.float32).reshape(ROWS, 4)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["z"], name="/proj/MatMul"),
        helper.make_node("Add", ["z", "b"], ["y"]),
        helper.make_node("NPUFastGelu", ["y"], ["g"], domain="npu"),
    ]
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "g",
        [
            helper.make_tensor_value_info("x", floats, ["batch", None, ROWS]),
            helper.make_tensor_value_info("b", floats, [4]),
        ],
        [helper.make_tensor_value_info("g", floats, None)],
        [onnx.numpy_helper.from_array(weight, "w"), onnx.numpy_helper.from_array(np.zeros(4, np.float32), "b")],
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("npu", 1), helper.make_opsetid("ai.onnx", 14)]
    return helper.make_model(graph, **{"opset_imports": opsets, "ir_version": 8, **changes})


@pytest.fixture
def save(tmp_path):
    def write(content, name="model.onnx"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
        return path

    return write


# -- whole ---------------------------------------------------------------------------------------------------------


def test_an_outline(save):
    assert read_outline(save(model())) == Outline(
        inputs=(Port("x", "float32", ("batch", "?", ROWS)),),
        outputs=(Port("g", "float32", None),),
        nodes=(
            Node("/proj/MatMul", "MatMul", "", ("x", "w"), ("z",)),
            Node("", "Add", "", ("z", "b"), ("y",)),
            Node("", "NPUFastGelu", "npu", ("y",), ("g",)),
        ),
        opsets=(("", 13), ("npu", 1), ("", 14)),
        ir_version=8,
    )


def test_a_model_whose_weights_stay_in_the_file(save):
    loaded = load(save(model()))
    weight = loaded.graph.initializers["w"].const_value
    assert isinstance(weight, ir.ExternalTensor)
    assert not isinstance(loaded.graph.initializers["b"].const_value, ir.ExternalTensor)
    assert np.array_equal(weight.numpy(), np.arange(ROWS * 4, dtype=np.float32).reshape(ROWS, 4))
    assert [node.op_type for node in loaded.graph] == ["MatMul", "Add", "NPUFastGelu"]


@pytest.mark.parametrize(("ir_version", "opset"), [(3, 8), (13, 26), (99, 4_000)])
def test_versions_of_the_past_and_of_the_future(save, ir_version, opset):
    content = model()
    content.ir_version = ir_version
    content.opset_import[0].version = opset
    path = save(content)
    assert read_outline(path).opsets[0] == ("", opset)
    assert load(path).ir_version == ir_version


def test_an_element_type_that_nobody_knows(save):
    content = model()
    content.graph.input[0].type.tensor_type.elem_type = 99
    path = save(content)
    assert read_outline(path).inputs == (Port("x", None, ("batch", "?", ROWS)),)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert (caught.value.id, caught.value.message) == (
        "ASC2304",
        f"`{path}` contradicts itself: 99 is not a valid DataType",
    )


def test_fields_of_a_later_onnx_are_passed_over(save):
    later = message(15, b"whatever") + bytes((14 << 3 | 5,)) + b"1234" + bytes((13 << 3 | 1,)) + b"12345678"
    path = save(model().SerializeToString() + later)
    assert read_outline(path) == read_outline(save(model(), "plain.onnx"))


# -- torn and made up ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [read_outline, load])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"\0", "there is no field at byte 0"),
        (b"\x08", "it ends within the number at byte 1"),
        (b"\x08\x07", "it has no graph"),
        (b"\xff" * 40, "the number at byte 0 has no end"),
        (b"PK\x03\x04 a zip", "there is no field at byte 2"),
        (b"<html>", "there is no field at byte 0"),
        (message(7, b"\x0b"), "there is no field at byte 2"),
    ],
)
def test_what_is_no_model(save, read, content, why):
    path = save(content)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert caught.value.id == "ASC2302"
    assert caught.value.message == f"`{path}` is not an ONNX model, or only the beginning of one: {why}"


@pytest.mark.parametrize("read", [read_outline, load])
def test_no_file_and_no_right_to_it(tmp_path, read):
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "none.onnx")
    assert (caught.value.id, caught.value.message) == (
        "ASC2301",
        f"the ONNX file `{tmp_path}/none.onnx` does not exist",
    )
    with pytest.raises(UsageError) as caught:
        read(tmp_path)
    assert caught.value.message == f"the ONNX file `{tmp_path}` cannot be read: Is a directory"


def test_a_graph_without_a_node(save):
    content = model()
    del content.graph.node[:]
    with pytest.raises(UsageError, match="its graph has no node"):
        read_outline(save(content))


@pytest.mark.parametrize("read", [read_outline, load])
def test_every_beginning_of_a_file_is_refused(save, read):
    """Cut within its graph, wherever that is; a cut behind it is a model without an opset."""
    whole = model().SerializeToString()
    for cut in (*range(0, 400, 7), len(whole) // 2, whole.rindex(b"npu") - 40):
        path = save(whole[:cut])
        with pytest.raises(UsageError) as caught:
            read(path)
        assert caught.value.id in ("ASC2302", "ASC2304")


def test_names_that_are_no_utf8(save):
    content = model().SerializeToString().replace(b"/proj/MatMul", b"/proj/\xff\xfe\0Mul")
    assert read_outline(save(content)).nodes[0].name == "/proj/\ufffd\ufffd\0Mul"


def _some(draws):
    return settings(max_examples=draws, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _survives(path):
    for read in (read_outline, load):
        try:
            read(path)
        except UsageError as error:
            assert error.id in ("ASC2301", "ASC2302", "ASC2303", "ASC2304", "ASC2305")  # noqa: PT017


def _small():
    content = model()
    del content.graph.initializer[0]
    return content.SerializeToString()


SMALL = _small()


@given(st.binary(max_size=300))
@_some(60)
def test_garbage(tmp_path, content):
    path = tmp_path / "garbage.onnx"
    path.write_bytes(content)
    _survives(path)


@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@_some(60)
def test_a_model_with_wrong_bytes(tmp_path, changes):
    content = bytearray(SMALL)
    for at, byte in changes:
        content[at] = byte
    path = tmp_path / "wrong.onnx"
    path.write_bytes(content)
    _survives(path)


@pytest.mark.soak
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=12))
@_some(20_000)
def test_many_models_with_wrong_bytes(tmp_path, changes):
    test_a_model_with_wrong_bytes.hypothesis.inner_test(tmp_path, changes)


def test_a_graph_nested_in_graphs(save):
    """500 bodies, each in the one before: a parser that recurses must not end in a traceback."""
    body = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "b", [], []).SerializeToString()
    for _ in range(500):
        attribute = message(1, b"body") + b"".join((bytes((6 << 3 | 2,)), varint(len(body)), body))
        body = message(1, message(4, b"Loop") + message(5, attribute))
    _survives(save(bytes((8, 8)) + message(7, body)))


# -- external data -------------------------------------------------------------------------------------------------


def external(path, location="w.bin", offset=0, length=ROWS * 16):
    content = model()
    tensor = content.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    path.write_bytes(content.SerializeToString())
    return path


def test_external_data_is_found_beside_the_model(tmp_path):
    np.arange(ROWS * 4, dtype=np.float32).tofile(tmp_path / "w.bin")
    weight = load(external(tmp_path / "m.onnx")).graph.initializers["w"].const_value
    assert weight.numpy()[-1, -1] == ROWS * 4 - 1


@pytest.mark.parametrize(
    ("location", "size", "message"),
    [
        ("w.bin", None, "external data `{folder}/w.bin` of `{folder}/m.onnx` does not exist (`w`)"),
        ("w.bin", 100, "external data `{folder}/w.bin` of `{folder}/m.onnx` ends before byte 65536 (`w`)"),
    ],
)
def test_external_data_that_is_not_there(tmp_path, location, size, message):
    if size is not None:
        (tmp_path / location).write_bytes(b"0" * size)
    path = external(tmp_path / "m.onnx", location)
    assert read_outline(path).nodes[0].op == "MatMul"  # which does not look at it
    with pytest.raises(UsageError) as caught:
        load(path)
    assert (caught.value.id, caught.value.message) == ("ASC2305", message.format(folder=tmp_path))


@pytest.mark.parametrize("location", ["", "\0", "a" * 5000, ".", "../../../../etc"])
def test_external_data_in_odd_places(tmp_path, location):
    with pytest.raises(UsageError) as caught:
        load(external(tmp_path / "m.onnx", location))
    assert caught.value.id in ("ASC2304", "ASC2305")


def test_more_external_data_than_a_protobuf_may_hold(tmp_path):
    """Three gigabytes that take no room on the disk, and none in memory."""
    rows = 3 * (1 << 30) // 16
    with (tmp_path / "w.bin").open("wb") as file:
        file.truncate(rows * 16)
    content = onnx.load_from_string(external(tmp_path / "m.onnx", length=rows * 16).read_bytes())
    content.graph.initializer[0].dims[0] = rows
    (tmp_path / "m.onnx").write_bytes(content.SerializeToString())
    tracemalloc.start()
    loaded = load(tmp_path / "m.onnx")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert loaded.graph.initializers["w"].const_value.nbytes == 3 << 30
    assert peak < 10 << 20


def test_a_file_of_its_own_beyond_what_a_protobuf_may_hold(tmp_path):
    """One tensor of 2.5 GB, a hole in the file: it is skipped, and mapped."""
    rows = 5 * (1 << 29) // 16
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[rows, 4]).SerializeToString()
    content = model()
    del content.graph.initializer[0]
    graph = content.graph.SerializeToString()
    content.ClearField("graph")
    head = weight + bytes((9 << 3 | 2,)) + varint(rows * 16)
    tensor = bytes((5 << 3 | 2,)) + varint(len(head) + rows * 16) + head
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        file.write(content.SerializeToString())
        file.write(bytes((7 << 3 | 2,)) + varint(len(graph) + len(tensor) + rows * 16) + graph + tensor)
        file.truncate(file.tell() + rows * 16)
    assert len(read_outline(path).nodes) == 3
    assert load(path).graph.initializers["w"].const_value.nbytes == rows * 16


# -- protobuf ------------------------------------------------------------------------------------------------------


@given(st.integers(0, (1 << 63) - 1), st.integers(1, 15), st.binary(max_size=300))
@_some(50)
def test_what_is_written_is_read(number, field, content):
    [found] = fields(message(field, content), 0, len(message(field, content)))
    assert (found.number, message(field, content)[found.start : found.end]) == (field, content)
    [found] = fields(b"\x08" + varint(number), 0, 1 + len(varint(number)))
    assert found.start == number


@given(st.binary(max_size=100))
@_some(100)
def test_fields_never_leave_the_message(content):
    try:
        for field in fields(content, 0, len(content)):
            assert 0 <= field.at < field.end <= len(content)
    except TornError:
        pass
