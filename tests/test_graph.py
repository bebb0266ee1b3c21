from __future__ import annotations

import io

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from ascendc import graph
from ascendc.passes.fold import FoldConstants
from ascendc.stages.ingest import ingest

RNG = np.random.default_rng(0)
W, V = (RNG.standard_normal((64, 64)).astype(np.float32) for _ in range(2))
X = RNG.standard_normal((3, 64)).astype(np.float32)


@pytest.fixture
def source(tmp_path):
    """``y = (x W^T) V``, weights in a file of the user's; and the mapping by which a plan knows it."""
    text = (
        '<ir_version: 7, opset_import: ["": 13]> agraph (float[n, 64] x) => (float[n, 64] y) '
        "{ t = Transpose<perm = [1, 0]>(w)  z = MatMul(x, t)  y = MatMul(z, v) }"
    )
    model = onnx.parser.parse_model(text)
    model.graph.initializer.extend([onnx.numpy_helper.from_array(a, n) for n, a in (("w", W), ("v", V))])
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    return path, {"d" * 64: path}


@pytest.fixture
def exported(source, workspace):
    path, sources = source
    return ingest(path, workspace, sources), sources


def fold(exported, workspace):
    made, sources = exported
    model = graph.load(made, workspace, sources)
    FoldConstants().rewrite(model)
    return model


def answer(path):
    (y,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": X})
    return y


def objects(workspace):
    return sum(path.stat().st_size for path in workspace.store.objects())


def test_an_export_writes_no_weights(exported, workspace):
    made, _ = exported
    assert (made.weights, made.whole) == ((), None)
    assert [file.digest for file in made.borrowed] == ["d" * 64]
    assert objects(workspace) < 2000


def test_settled_weights_are_written_once_in_the_layout_that_is_read(exported, workspace):
    settled = graph.settle(fold(exported, workspace), workspace)
    assert settled.weights == (settled.whole,)
    assert settled.borrowed == ()
    assert 0 < objects(workspace) - W.nbytes - V.nbytes < 5000
    weights = {name: v.const_value.numpy() for name, v in graph.load(settled, workspace).graph.initializers.items()}
    np.testing.assert_array_equal(weights["w.10"], W.T)
    np.testing.assert_array_equal(weights["v"], V)


def test_a_turned_weight_is_not_held_in_memory(exported, workspace):
    tensor = fold(exported, workspace).graph.initializers["w.10"].const_value
    assert isinstance(tensor, ir.LazyTensor)
    assert tensor.numpy().base is not None  # a view of the file


def test_whole_and_skeleton_are_the_same_graph(exported, workspace, tmp_path):
    settled = graph.settle(fold(exported, workspace), workspace)
    whole = tmp_path / "whole.onnx"
    graph.write_onnx(settled, workspace, whole)
    onnx.checker.check_model(whole, full_check=True)
    assert whole.samefile(workspace.path(settled.whole))
    laid_out = graph.lay_out(settled, workspace.store, tmp_path / "laid out")
    np.testing.assert_allclose(answer(whole), X @ W.T @ V, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(answer(whole), answer(laid_out))


def test_a_second_graph_refers_to_the_weights_of_the_first(exported, workspace, tmp_path):
    first = graph.settle(fold(exported, workspace), workspace)
    before = objects(workspace)
    model = fold(exported, workspace)
    model.graph.name = "other"
    second = graph.settle(model, workspace, first)
    assert second.whole is None
    assert second.weights == (first.whole,)
    assert objects(workspace) - before < 2000
    for name, content in (
        ("image.onnx", workspace.path(first.whole).read_bytes()),
        ("image-2.onnx", graph.relocated(second, workspace, {first.whole: "image.onnx"})),
    ):
        (tmp_path / name).write_bytes(content)
    np.testing.assert_array_equal(answer(tmp_path / "image.onnx"), answer(tmp_path / "image-2.onnx"))


def test_so_does_one_whose_weights_are_too_large_for_one_file(exported, workspace, monkeypatch):
    monkeypatch.setattr(graph, "SINGLE_FILE_LIMIT", 0)
    first = graph.settle(fold(exported, workspace), workspace)
    second = graph.settle(fold(exported, workspace), workspace, first)
    assert first.whole is None
    assert second.weights == first.weights


def test_weights_that_the_first_graph_lacks_get_a_file_of_their_own(exported, workspace):
    first = graph.settle(fold(exported, workspace), workspace)
    model = fold(exported, workspace)
    model.graph.initializers["v"].const_value = ir.Tensor(V * 2, name="v")
    second = graph.settle(model, workspace, first)
    assert [blob.size for blob in second.weights] == [first.whole.size, V.nbytes]
    weights = {name: v.const_value.numpy() for name, v in graph.load(second, workspace).graph.initializers.items()}
    np.testing.assert_array_equal(weights["v"], V * 2)


def test_external_data_say_location_offset_and_length_only(exported, workspace, monkeypatch, tmp_path):
    """ATC takes every other entry for a number."""
    monkeypatch.setattr(graph, "SINGLE_FILE_LIMIT", 0)
    settled = graph.settle(fold(exported, workspace), workspace)
    assert settled.whole is None
    graph.write_onnx(settled, workspace, tmp_path / "m.onnx")
    proto = onnx.load(tmp_path / "m.onnx", load_external_data=False)
    for tensor in proto.graph.initializer:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        assert entries.pop("location") == "m.onnx.data"
        assert set(entries) == {"offset", "length"}
        assert all(value.isdecimal() for value in entries.values())
        assert not tensor.doc_string
    assert (tmp_path / "m.onnx.data").samefile(workspace.path(settled.weights[0]))
    np.testing.assert_allclose(answer(tmp_path / "m.onnx"), X @ W.T @ V, rtol=1e-4, atol=1e-4)


def test_an_export_is_written_as_one_file_that_needs_nothing_else(exported, workspace, tmp_path):
    made, sources = exported
    graph.write_onnx(made, workspace, tmp_path / "m.onnx", sources)
    sources["d" * 64].unlink()
    np.testing.assert_allclose(answer(tmp_path / "m.onnx"), X @ W.T @ V, rtol=1e-4, atol=1e-4)


def test_what_the_users_file_says_of_its_weights_is_no_identity(workspace, tmp_path):
    """Two weights of one shape, of which the file says the same: each stays what it is."""
    text = (
        '<ir_version: 7, opset_import: ["": 13]> agraph (float[n, 64] x) => (float[n, 64] y) '
        "{ z = MatMul(x, w)  y = MatMul(z, v) }"
    )
    model = onnx.parser.parse_model(text)
    model.graph.initializer.extend([onnx.numpy_helper.from_array(a, n) for n, a in (("w", W), ("v", V))])
    for tensor in model.graph.initializer:
        tensor.doc_string = "a weight"
    path = tmp_path / "said.onnx"
    onnx.save(model, path)
    sources = {"d" * 64: path}
    made = ingest(path, workspace, sources)
    first = graph.settle(graph.load(made, workspace, sources), workspace)
    second = graph.settle(graph.load(made, workspace, sources), workspace, first)
    weights = {name: v.const_value.numpy() for name, v in graph.load(second, workspace).graph.initializers.items()}
    np.testing.assert_array_equal(weights["w"], W)
    np.testing.assert_array_equal(weights["v"], V)


def test_saving_a_fixed_graph_writes_no_weight_again(exported, workspace):
    settled = graph.settle(fold(exported, workspace), workspace)
    before = objects(workspace)
    model = graph.load(settled, workspace)
    model.graph.name = "renamed"
    saved = graph.save(model, workspace, settled.weights)
    assert saved.weights == settled.weights
    assert objects(workspace) - before < 2000


def test_outline_leaves_the_model_as_it_is(exported, workspace):
    model = fold(exported, workspace)
    proto = graph.outline(model)
    assert len(proto.SerializeToString()) < 2000
    assert io.BytesIO(model.graph.initializers["w.10"].const_value.tobytes()).getvalue() == W.T.tobytes()
