"""Dynamic AIPP: inputs that atc adds, what a program sets, and the pixels that the graph gets."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from ascendc.cann.aipp.emulate import emulate
from ascendc.cann.aipp.op import AippOp
from ascendc.cann.om.file import read
from ascendc.cann.soc import table

RGB, GREY, NV12 = 3, 4, 1
CONFIG = "aipp_op { aipp_mode: dynamic related_input_rank: 0 max_src_image_size: 400 }"
P3 = table()["Ascend310P3"]


@pytest.fixture
def om(compile_om, tmp_path):
    """y = max(x, 0) for two pictures of 4 × 6."""

    def make(*options, shape="x:2,3,4,6", config=CONFIG):
        (tmp_path / "aipp.cfg").write_text(config)
        relu = helper.make_node("Relu", ["x"], ["y"], name="relu")
        more = (f"--insert_op_conf={tmp_path / 'aipp.cfg'}", "--input_format=NCHW", f"--input_shape={shape}")
        return compile_om(relu, {"x": ["n", 3, 4, 6]}, {"y": ["n", 3, 4, 6]}, *more, *options)

    return make


@pytest.fixture
def ready(om, program):
    """A program with its datasets, and a setting that fits: two pictures of 4 × 6 RGB."""

    def make():
        api = program(om())
        inputs = api.dataset(*(api.acl.mdl.get_input_size_by_index(api.desc, index) for index in (0, 1)))
        outputs = api.dataset(api.acl.mdl.get_output_size_by_index(api.desc, 0))
        setting = api.acl.mdl.create_aipp(2)
        assert api.acl.mdl.set_aipp_input_format(setting, RGB) == 0
        assert api.acl.mdl.set_aipp_src_image_size(setting, 6, 4) == 0
        return api, inputs, outputs, setting

    return make


def test_the_om_has_an_input_for_the_settings(om, program):
    path = om()
    found = read(path)
    assert [(port.name, port.shape, port.size) for port in found.inputs] == [
        ("x", (2, -1, -1, -1), 400),
        ("ascend_dynamic_aipp_data", (352,), 352),
    ]
    assert [(one.input, one.mode) for one in found.aipp] == [("x", "dynamic_aipp")]
    api = program(path)
    mdl = api.acl.mdl
    assert [mdl.get_aipp_type(api.model, index) for index in (0, 1)] == [(2, 1, 0), (3, 0xFFFFFFFF, 0)]
    assert mdl.get_aipp_type(api.model, 2) == (0, 0, 100000)
    assert mdl.get_aipp_type(77, 0) == (0, 0, 100011)
    assert mdl.get_input_index_by_name(api.desc, "ascend_dynamic_aipp_data") == (1, 0)
    assert mdl.get_input_dims(api.desc, 0)[0]["dims"] == [2, -1, -1, -1]
    assert mdl.get_input_size_by_index(api.desc, 0) == 400
    told, code = mdl.get_first_aipp_info(api.model, 0)
    assert (code, told["inputFormat"], told["varReciChn0"], told["matrixR0C0"]) == (0, 0, 0.0, 0)
    assert (told["srcDimNum"], told["shapeCount"]) == (4, 1)
    assert [(one["srcSize"], one["aippOutdims"]["dims"]) for one in told["outDims"]] == [(400, [2, 3, 4, 6])]
    assert mdl.get_first_aipp_info(api.model, 1)[1] == 145015


def test_the_graph_gets_what_each_pictures_setting_makes_of_it(ready):
    """The second is larger than the network, is cut, and is normalised otherwise."""
    api, inputs, outputs, setting = ready()
    mdl = api.acl.mdl
    assert mdl.set_aipp_src_image_size(setting, 8, 6) == 0
    assert mdl.set_aipp_rbuv_swap_switch(setting, 1) == 0
    for index, start in enumerate((0, 2)):
        assert mdl.set_aipp_crop_params(setting, 1, start, 1, 6, 4, index) == 0
    assert mdl.set_aipp_dtc_pixel_mean(setting, 10, 20, 30, 0, 1) == 0
    assert mdl.set_aipp_dtc_pixel_min(setting, 0.5, 0.25, 0.125, 0, 1) == 0
    assert mdl.set_aipp_pixel_var_reci(setting, 0.5, 0.25, 2, 1, 1) == 0
    assert mdl.set_input_aipp(api.model, inputs, 1, setting) == 0
    assert mdl.destroy_aipp(setting) == 0  # it was copied
    pixels = np.random.default_rng(0).integers(0, 256, (2, 6, 8, 3), np.uint8)
    api.put(inputs, 0, pixels)
    assert mdl.execute(api.model, inputs, outputs) == 0
    common = {"aipp_mode": "static", "input_format": "RGB888_U8", "src_image_size_w": 8, "src_image_size_h": 6}
    common |= {"rbuv_swap_switch": True, "crop": True, "load_start_pos_h": 1, "crop_size_w": 6, "crop_size_h": 4}
    second = {"mean_chn_0": 10, "mean_chn_1": 20, "mean_chn_2": 30, "min_chn_0": 0.5, "min_chn_1": 0.25}
    second |= {"min_chn_2": 0.125, "var_reci_chn_0": (0.5,), "var_reci_chn_1": (0.25,), "var_reci_chn_2": (2.0,)}
    ops = (AippOp(**common), AippOp(**common, load_start_pos_w=2, **second))
    expected = np.concatenate([emulate(op, picture[None], P3) for op, picture in zip(ops, pixels, strict=True)])
    np.testing.assert_array_equal(api.get(outputs, 0, (2, 3, 4, 6)), np.maximum(expected.astype(np.float32), 0))


def test_colours_are_converted_and_borders_are_added(ready):
    api, inputs, outputs, setting = ready()
    mdl, matrix = api.acl.mdl, (256, 0, 359, 256, -88, -183, 256, 454, 0)
    assert mdl.set_aipp_input_format(setting, NV12) == 0
    assert mdl.set_aipp_src_image_size(setting, 4, 2) == 0
    assert mdl.set_aipp_csc_params(setting, 1, *matrix, 0, 0, 0, 0, 128, 128) == 0
    for index in (0, 1):
        assert mdl.set_aipp_padding_params(setting, 1, 1, 1, 0, 2, index) == 0
    assert mdl.set_aipp_by_input_index(api.model, inputs, 0, setting) == 0
    pixels = np.random.default_rng(1).integers(0, 256, (2, 12), np.uint8)
    api.put(inputs, 0, pixels)
    assert mdl.execute(api.model, inputs, outputs) == 0
    names = [f"matrix_r{row}c{column}" for row in range(3) for column in range(3)]
    op = AippOp(
        aipp_mode="static",
        input_format="YUV420SP_U8",
        src_image_size_w=4,
        src_image_size_h=2,
        **{name: (value,) for name, value in zip(names, matrix, strict=True)},
        csc_switch=True,
        input_bias_0=(0,),
        input_bias_1=(128,),
        input_bias_2=(128,),
        padding=True,
        top_padding_size=1,
        bottom_padding_size=1,
        right_padding_size=2,
    )
    np.testing.assert_array_equal(api.get(outputs, 0, (2, 3, 4, 6)), emulate(op, pixels, P3).astype(np.float32))


def test_it_must_be_set_before_a_run(ready):
    api, inputs, outputs, _ = ready()
    assert api.acl.mdl.execute(api.model, inputs, outputs) == 507015
    assert "dynamic AIPP of input x was not set: call set_input_aipp" in api.acl.get_recent_err_msg()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("set_aipp_src_image_size", 12, 12), "the pictures have 864 bytes, and max_src_image_size is 400"),
        (("set_aipp_src_image_size", 4, 4), "AIPP makes 2 of 4×4 (height×width), and the model wants 2 of 4×6"),
        (("set_aipp_crop_params", 1, 2, 0, 6, 4, 1), "what is cut out must lie within the source"),
        (("set_aipp_crop_params", 1, 0, 0, 5, 4, 1), "every picture must come out in one size"),
    ],
)
def test_settings_that_do_not_fit_the_model(ready, call, said):
    api, inputs, _, setting = ready()
    assert getattr(api.acl.mdl, call[0])(setting, *call[1:]) == 0
    assert api.acl.mdl.set_input_aipp(api.model, inputs, 1, setting) == 100000
    assert said in api.acl.get_recent_err_msg()


@pytest.mark.parametrize(
    "call",
    [
        ("set_aipp_input_format", 7),
        ("set_aipp_src_image_size", 1, 4),
        ("set_aipp_src_image_size", 6, 4097),
        ("set_aipp_csc_params", 2, *[0] * 15),
        ("set_aipp_csc_params", 1, -32700, *[0] * 14),
        ("set_aipp_rbuv_swap_switch", 2),
        ("set_aipp_ax_swap_switch", 3),
        ("set_aipp_crop_params", 1, 0, 0, 0, 4, 0),
        ("set_aipp_crop_params", 0, 0, 0, 0, 0, 2),
        ("set_aipp_padding_params", 1, 33, 0, 0, 0, 0),
        ("set_aipp_dtc_pixel_mean", 256, 0, 0, 0, 0),
        ("set_aipp_dtc_pixel_min", 0, -1, 0, 0, 0),
        ("set_aipp_pixel_var_reci", 65505, 1, 1, 1, 0),
    ],
    ids=str,
)
def test_values_out_of_range_are_refused_when_they_are_set(ready, call):
    api, _, _, setting = ready()
    assert getattr(api.acl.mdl, call[0])(setting, *call[1:]) == 100000


def test_the_wrong_input_or_buffer(ready):
    api, inputs, _, setting = ready()
    mdl = api.acl.mdl
    assert mdl.create_aipp(0) == 0
    assert mdl.set_input_aipp(api.model, inputs, 0, setting) == 100000
    assert mdl.set_aipp_by_input_index(api.model, inputs, 1, setting) == 500001
    assert mdl.set_input_aipp(api.model, api.dataset(400, 100), 1, setting) == 145012
    assert mdl.set_input_aipp(api.model, inputs, 1, 1234) == 100000
    assert mdl.destroy_aipp(1234) == 100000


def test_with_batch_gears_the_largest_batch_is_set_and_the_chosen_one_runs(om, program):
    api = program(om("--dynamic_batch_size=1,2", shape="x:-1,3,4,6"))
    mdl = api.acl.mdl
    names = [mdl.get_input_name_by_index(api.desc, index) for index in range(3)]
    config, gear = names.index("ascend_dynamic_aipp_data"), names.index("ascend_mbatch_shape_data")
    inputs = api.dataset(*(mdl.get_input_size_by_index(api.desc, index) for index in range(3)))
    outputs = api.dataset(mdl.get_output_size_by_index(api.desc, 0))
    setting = mdl.create_aipp(2)
    mdl.set_aipp_input_format(setting, RGB)
    mdl.set_aipp_src_image_size(setting, 6, 4)
    assert mdl.set_input_aipp(api.model, inputs, config, setting) == 0
    pixels = np.random.default_rng(2).integers(0, 256, (2, 4, 6, 3), np.uint8)
    api.put(inputs, 0, pixels)
    for n in (2, 1):
        assert mdl.set_dynamic_batch_size(api.model, inputs, gear, n) == 0
        assert mdl.execute(api.model, inputs, outputs) == 0
        np.testing.assert_array_equal(api.get(outputs, 0, (n, 3, 4, 6)), pixels[:n].transpose(0, 3, 1, 2))
