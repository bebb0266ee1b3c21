from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import numpy_helper

from ascendc import wire

RNG = np.random.default_rng(0)


def model(text="y = Add(x, w)"):
    return onnx.parser.parse_model(
        f'<ir_version: 7, opset_import: ["": 13]> agraph (float[n, 64] x) => (float[n, 64] y) {{ {text} }}'
    )


def written(weights, frame=None):
    file = io.BytesIO()
    spans = wire.write(frame or model(), weights, file)
    return file.getvalue(), spans


def tensor(array, name="w"):
    return ir.Tensor(array, name=name)


@pytest.mark.parametrize("size", [1, 100, 4096, 70_000, 2_200_000])
def test_what_is_written_is_an_onnx_file_with_its_weights_aligned(size):
    arrays = {name: RNG.standard_normal(size).astype(np.float32) for name in ("w", "a much longer name than that")}
    content, spans = written({name: tensor(array, name) for name, array in arrays.items()})
    read = onnx.load_model_from_string(content)
    assert [node.op_type for node in read.graph.node] == ["Add"]
    assert (read.ir_version, read.opset_import[0].version) == (7, 13)
    assert {t.name: numpy_helper.to_array(t).tolist() for t in read.graph.initializer} == {
        name: array.tolist() for name, array in arrays.items()
    }
    for name, span in spans.items():
        assert span.offset % wire.ALIGNMENT == 0
        assert content[span.offset : span.offset + span.length] == arrays[name].tobytes()


def test_the_file_is_what_protobuf_itself_would_write_but_for_order_and_padding():
    weight = RNG.standard_normal((64, 64)).astype(np.float32)
    content, _ = written({"w": tensor(weight)})
    wanted, read = model(), onnx.load_model_from_string(content)
    wanted.graph.initializer.append(numpy_helper.from_array(weight, "w"))
    assert not read.graph.initializer[0].doc_string.strip()
    read.graph.initializer[0].ClearField("doc_string")
    assert read == wanted


def test_small_initializers_of_the_frame_stay():
    frame = model("z = Add(x, s)  y = Add(z, w)")
    frame.graph.initializer.append(numpy_helper.from_array(np.ones(64, np.float32), "s"))
    content, _ = written({"w": tensor(np.zeros(64, np.float32))}, frame)
    assert [t.name for t in onnx.load_model_from_string(content).graph.initializer] == ["s", "w"]


def test_equal_graphs_give_equal_bytes():
    weights = {"w": tensor(np.arange(64, dtype=np.float32))}
    assert written(weights)[0] == written(weights)[0]


@pytest.mark.parametrize(
    "array",
    [
        RNG.standard_normal((48, 96)).astype(np.float32).T,
        RNG.standard_normal((5, 7, 33)).astype(np.float32).transpose(2, 0, 1),
        RNG.standard_normal((40, 33)).astype(np.float16).T,
        np.arange(12, dtype=np.int64).reshape(3, 4).T,
        np.float32(3.5).reshape(()),
        np.array([True, False, True]),
    ],
    ids=["matrix", "cube", "half", "integers", "scalar", "booleans"],
)
@pytest.mark.parametrize("slab", [1, 1000, 1 << 25])
def test_any_layout_is_copied_row_major(array, slab, monkeypatch):
    monkeypatch.setattr(wire, "_SLAB", slab)
    file = io.BytesIO()
    assert wire.copy(tensor(array), file) == array.nbytes
    assert file.getvalue() == np.ascontiguousarray(array).tobytes()


def test_a_view_of_a_file_lets_its_pages_go(tmp_path):
    path = tmp_path / "w.bin"
    np.arange(10_000, dtype=np.float32).tofile(path)
    external = ir.ExternalTensor(
        str(path), 400, 4000, ir.DataType.FLOAT, shape=ir.Shape([10, 100]), name="w", base_dir=""
    )
    array = wire.view(external)
    np.testing.assert_array_equal(array, np.arange(100, 1100, dtype=np.float32).reshape(10, 100))
    assert str(path) in Path("/proc/self/maps").read_text()
    del array
    assert str(path) not in Path("/proc/self/maps").read_text()


def test_four_bits_stay_packed():
    packed = ir.tensor(np.array([1, -2, 3, 4], np.int8), dtype=ir.DataType.INT4)
    file = io.BytesIO()
    assert wire.copy(packed, file) == 2
    assert file.getvalue() == packed.tobytes()


def test_spans_finds_what_write_wrote(tmp_path):
    path = tmp_path / "model.onnx"
    with path.open("wb") as file:
        spans = wire.write(model(), {"w": tensor(np.arange(64, dtype=np.float32))}, file)
    assert wire.spans(path) == spans


def test_spans_finds_what_onnx_wrote_and_passes_over_typed_fields(tmp_path):
    frame = model("z = Add(x, s)  y = Add(z, w)")
    frame.graph.initializer.append(onnx.helper.make_tensor("s", onnx.TensorProto.FLOAT, [2], [1.0, 2.0]))
    weight = np.arange(5000, dtype=np.float32)
    frame.graph.initializer.append(numpy_helper.from_array(weight, "w"))
    frame.metadata_props.add(key="k", value="v" * 300)
    onnx.save(frame, tmp_path / "model.onnx")
    [(name, span)] = wire.spans(tmp_path / "model.onnx").items()
    content = (tmp_path / "model.onnx").read_bytes()[span.offset : span.offset + span.length]
    assert (name, content) == ("w", weight.tobytes())
