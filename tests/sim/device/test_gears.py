"""Gears of every kind: sizes, shapes and answers, also where outputs depend on height and width."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from onnx import TensorProto, helper

from ascendc.cann.om.container import read as read_container
from ascendc.cann.om.file import read

POOL = helper.make_node("MaxPool", ["x"], ["y"], name="pool", kernel_shape=[2, 2], strides=[2, 2])
"""Halves height and width."""
OPTIONS = {
    "batch": ("--dynamic_batch_size=1,4", "--input_shape=x:-1,1,4,8"),
    "image": ("--dynamic_image_size=4,8;6,6;2,4", "--input_shape=x:1,1,-1,-1"),
    "dims": ("--dynamic_dims=1,4,8;3,2,2", "--input_shape=x:-1,1,-1,-1", "--input_format=ND"),
}
SIZES = {"batch": (4 * 32, 4 * 8), "image": (36, 9), "dims": (32, 8)}
"""Elements of the input and the output, of the largest gear."""


@pytest.fixture
def om(compile_om):
    def make(kind):
        return compile_om(POOL, {"x": ["n", 1, "h", "w"]}, {"y": ["n", 1, "h2", "w2"]}, *OPTIONS[kind])

    return make


def choose(api, inputs, shape, kind):
    mdl, (n, _, height, width) = api.acl.mdl, shape
    if kind == "batch":
        return mdl.set_dynamic_batch_size(api.model, inputs, 1, n)
    if kind == "image":
        return mdl.set_dynamic_hw_size(api.model, inputs, 1, height, width)
    return mdl.set_input_dynamic_dims(api.model, inputs, 1, {"name": "", "dimCount": 4, "dims": list(shape)})


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        ("batch", [(4, 1, 4, 8), (1, 1, 4, 8)]),
        ("image", [(1, 1, 6, 6), (1, 1, 2, 4), (1, 1, 4, 8)]),
        ("dims", [(3, 1, 2, 2), (1, 1, 4, 8)]),
    ],
)
def test_sizes_are_the_largest_gears_and_shapes_the_chosen_ones(om, program, kind, shapes):
    api = program(om(kind))
    mdl = api.acl.mdl
    sizes = (mdl.get_input_size_by_index(api.desc, 0), mdl.get_output_size_by_index(api.desc, 0))
    assert sizes == tuple(4 * count for count in SIZES[kind])
    assert mdl.get_output_dims(api.desc, 0)[0] == mdl.get_cur_output_dims(api.desc, 0)[0]  # nothing is chosen yet
    assert np.prod(mdl.get_output_dims(api.desc, 0)[0]["dims"]) == SIZES[kind][1]
    inputs = api.dataset(*(mdl.get_input_size_by_index(api.desc, index) for index in (0, 1)))
    outputs = api.dataset(sizes[1])
    for shape in shapes:
        assert choose(api, inputs, shape, kind) == 0
        n, _, height, width = shape
        expected = [n, 1, height // 2, width // 2]
        assert mdl.get_cur_output_dims(api.desc, 0) == ({"name": "sim_0:0:y", "dimCount": 4, "dims": expected}, 0)
        x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        api.put(inputs, 0, x)
        assert mdl.execute(api.model, inputs, outputs) == 0
        found = api.get(outputs, 0, expected)
        np.testing.assert_array_equal(found, x.reshape(n, 1, height // 2, 2, width // 2, 2).max((3, 5)))


def test_the_om_lists_the_outputs_of_every_gear_as_a_genuine_one_does(om):
    path = om("image")
    data = path.read_bytes()
    part = next(part for part in read_container(data).models[0] if part.number == 8)
    texts = [b"0,0,1,1,2,4", b"1,0,1,1,3,3", b"2,0,1,1,1,2"]
    block = struct.pack("<4I", 3, 11, 11, 11) + b"".join(texts)
    assert struct.pack("<II", 5, len(block)) + block in data[part.start : part.end]
    assert [port.shape for port in read(path).outputs] == [(1, 1, 3, 3)]


def test_the_program_asks_which_gears_there_are(om, program):
    api = program(om("image"))
    mdl = api.acl.mdl
    assert mdl.get_dynamic_hw(api.desc, -1) == ({"hwCount": 3, "hw": [[4, 8], [6, 6], [2, 4]]}, 0)
    assert mdl.get_dynamic_batch(api.desc) == ({"batchCount": 0, "batch": []}, 0)
    assert mdl.get_input_dims(api.desc, 0)[0]["dims"] == [1, 1, -1, -1]
    assert mdl.get_input_dims_range(api.desc, 0) == ({"rangeCount": 0, "range": []}, 0)
    assert mdl.get_input_index_by_name(api.desc, "ascend_mbatch_shape_data") == (1, 0)


@pytest.mark.parametrize(
    ("format_", "picture"),
    [("RGB888_U8", lambda height, width: (1, height, width, 3)), ("YUV400_U8", lambda h, w: (1, h, w, 1))],
)
def test_pixels_have_the_size_of_the_gear(compile_om, program, tmp_path, format_, picture):
    """A block without a source size, before image gears."""
    (tmp_path / "aipp.cfg").write_text(f"aipp_op {{ aipp_mode: static input_format: {format_} var_reci_chn_0: 0.5 }}")
    channels = picture(1, 1)[3]
    relu = helper.make_node("Relu", ["x"], ["y"], name="relu")
    gears = ("--dynamic_image_size=4,8;6,6", f"--input_shape=x:1,{channels},-1,-1", "--input_format=NCHW")
    ports = {"x": [1, channels, "h", "w"]}, {"y": [1, channels, "h", "w"]}
    api = program(compile_om(relu, *ports, *gears, f"--insert_op_conf={tmp_path / 'aipp.cfg'}"))
    mdl = api.acl.mdl
    assert mdl.get_input_size_by_index(api.desc, 0) == 36 * channels
    inputs, outputs = api.dataset(36 * channels, 8), api.dataset(4 * 36 * channels)
    for height, width in ((4, 8), (6, 6)):
        pixels = np.random.default_rng(0).integers(0, 256, picture(height, width), np.uint8)
        api.put(inputs, 0, pixels)
        assert mdl.set_dynamic_hw_size(api.model, inputs, 1, height, width) == 0
        assert mdl.execute(api.model, inputs, outputs) == 0
        found = api.get(outputs, 0, (1, channels, height, width))
        np.testing.assert_array_equal(found[:, 0], pixels[..., 0] * np.float32(0.5))


def test_a_gear_that_the_graph_cannot_run_is_refused_at_compile_time(compile_om):
    """A Reshape to a fixed size fits one height only."""
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [1, 32])
    node = helper.make_node("Reshape", ["x", "shape"], ["y"], name="flat")
    with pytest.raises(AssertionError, match=r"E19999: Inner Error! the graph fails: .*"):
        compile_om(
            node, {"x": [1, 1, "h", "w"]}, {"y": [1, 32]}, *OPTIONS["image"], initializers=[shape]
        )  # 6 × 6 is no 32
