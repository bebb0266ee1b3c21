from __future__ import annotations

import os

import numpy as np
import onnx
import pytest

from ascendc import graph
from ascendc.errors import UsageError
from ascendc.stages.ingest import ingest

WEIGHT = np.arange(64 * 64, dtype=np.float32).reshape(64, 64)


@pytest.fixture
def model():
    proto = onnx.parser.parse_model(
        '<ir_version: 7, opset_import: ["": 13]> agraph (float[n, 64] x) => (float[n, 64] y) { y = MatMul(x, w) }'
    )
    proto.graph.initializer.append(onnx.numpy_helper.from_array(WEIGHT, "w"))
    return proto


@pytest.fixture
def outside(model, tmp_path):
    """The model with its weight in a file beside it."""
    path = tmp_path / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    return path


def refusal(path, workspace):
    with pytest.raises(UsageError) as caught:
        ingest(path, workspace)
    return caught.value.id, str(caught.value)


def test_one_file(model, workspace, tmp_path):
    onnx.save(model, tmp_path / "model.onnx")
    made = ingest(tmp_path / "model.onnx", workspace)
    assert [blob.size for blob in made.weights] == [WEIGHT.nbytes]
    assert made.opset == 13
    np.testing.assert_array_equal(graph.load(made, workspace).graph.initializers["w"].const_value.numpy(), WEIGHT)


def test_external_data_moves_into_the_store(outside, workspace):
    made = ingest(outside, workspace)
    (outside.parent / "w.bin").unlink()
    np.testing.assert_array_equal(graph.load(made, workspace).graph.initializers["w"].const_value.numpy(), WEIGHT)


def test_a_download_cache_shows_its_files_by_symlinks(outside, workspace, tmp_path):
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    for name in ("model.onnx", "w.bin"):
        (snapshot / name).symlink_to(tmp_path / name)
    assert ingest(snapshot / "model.onnx", workspace).weights[0].size == WEIGHT.nbytes


def test_a_file_with_several_hard_links_is_as_good_as_any(outside, workspace, tmp_path):
    os.link(outside.parent / "w.bin", tmp_path / "again.bin")
    assert ingest(outside, workspace).weights[0].size == WEIGHT.nbytes


def test_initializers_of_old_files_are_inputs_too(model, workspace, tmp_path):
    model.graph.input.append(onnx.helper.make_tensor_value_info("w", 1, [64, 64]))
    onnx.save(model, tmp_path / "old.onnx")
    made = graph.load(ingest(tmp_path / "old.onnx", workspace), workspace)
    assert [value.name for value in made.graph.inputs] == ["x"]


def test_no_file(workspace, tmp_path):
    path = tmp_path / "none.onnx"
    assert refusal(path, workspace) == ("ASC1410", f"the ONNX file `{path}` does not exist")


def test_not_an_onnx_file(workspace, tmp_path):
    path = tmp_path / "model.onnx"
    for content in (b"", b"\x89PNG\r\n\x1a\n and so on", b"hello"):
        path.write_bytes(content)
        assert refusal(path, workspace) == (
            "ASC1411",
            f"`{path}` is not an ONNX model, or only the beginning of one",
        )


def test_a_truncated_file(model, workspace, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString()[:-5000])
    assert refusal(path, workspace) == ("ASC1411", f"`{path}` is not an ONNX model, or only the beginning of one")


def test_external_data_elsewhere(model, workspace, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    path = folder / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    (tmp_path / "secret").write_bytes(bytes(WEIGHT.nbytes))
    content = onnx.load(path, load_external_data=False)
    content.graph.initializer[0].external_data[0].value = "../secret"
    path.write_bytes(content.SerializeToString())
    assert refusal(path, workspace) == (
        "ASC1412",
        f"external data of `{path}` must lie in its folder; `w` is in `../secret`",
    )


def test_external_data_missing(outside, workspace):
    data = outside.parent / "w.bin"
    data.unlink()
    assert refusal(outside, workspace) == (
        "ASC1412",
        f"external data `{data}` of `{outside}` does not exist (`w`)",
    )


def test_external_data_cut_short(outside, workspace):
    data = outside.parent / "w.bin"
    data.write_bytes(data.read_bytes()[:-1])
    assert refusal(outside, workspace) == (
        "ASC1412",
        f"external data `{data}` of `{outside}` ends before byte {WEIGHT.nbytes}, where `w` does",
    )


def test_a_model_that_the_checker_refuses(model, workspace, tmp_path):
    model.graph.node[0].op_type = "NoSuchOperator"
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    id, text = refusal(path, workspace)
    assert id == "ASC1413"
    assert text.startswith(f"`{path}` is not a valid ONNX model: No Op registered for NoSuchOperator")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("location", "a\0b", "external data of `{path}`: `w` is in 'a\\x00b', which is no file name"),
        ("location", "a" * 5000, "external data of `{path}`: `w` is in '" + "a" * 57 + "...', which is no file name"),
        ("offset", "abc", "external data of `{path}`: the offset of `w` must be a number of bytes, not 'abc'"),
        ("offset", "-4", "external data of `{path}`: the offset of `w` must be a number of bytes, not '-4'"),
        ("length", "x", "external data of `{path}`: the length of `w` must be a number of bytes, not 'x'"),
        ("length", "10", "external data of `{path}`: the length of `w` must be its 16384 bytes, not 10"),
        ("length", "0", "external data of `{path}`: the length of `w` must be its 16384 bytes, not 0"),
        ("length", "16385", "external data of `{path}`: the length of `w` must be its 16384 bytes, not 16385"),
    ],
    ids=["nul", "long", "offset", "negative", "length", "shorter", "empty", "longer"],
)
def test_external_data_whose_place_cannot_be(outside, workspace, key, value, message):
    content = onnx.load(outside, load_external_data=False)
    (entry,) = [entry for entry in content.graph.initializer[0].external_data if entry.key == key]
    entry.value = value
    outside.write_bytes(content.SerializeToString())
    assert refusal(outside, workspace) == ("ASC1412", message.format(path=outside))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("data_type", 99, "initializer `w` cannot have the element type 99"),
        ("data_type", 0, "initializer `w` cannot have the element type 0"),
        ("data_type", onnx.TensorProto.STRING, "initializer `w` cannot have the element type 8"),
        ("dims", [-64, 64], "initializer `w` has the negative shape [-64, 64]"),
    ],
    ids=["unknown", "none", "text", "negative"],
)
def test_initializers_that_cannot_be(outside, workspace, field, value, message):
    content = onnx.load(outside, load_external_data=False)
    tensor = content.graph.initializer[0]
    if field == "dims":
        tensor.dims[:] = value
    else:
        setattr(tensor, field, value)
    outside.write_bytes(content.SerializeToString())
    assert refusal(outside, workspace) == ("ASC1413", f"`{outside}` is not a valid ONNX model: {message}")


def test_two_nodes_that_make_one_value(model, workspace, tmp_path):
    model.graph.node.append(model.graph.node[0])
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    id, text = refusal(path, workspace)
    assert id == "ASC1413"
    assert text.startswith(f"`{path}` is not a valid ONNX model: ")
    assert "'y'" in text


def test_an_input_of_negative_size(model, workspace, tmp_path):
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = -3
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    assert refusal(path, workspace) == (
        "ASC1413",
        f"`{path}` is not a valid ONNX model: input `x` has a negative size",
    )
