"""What is Python's in pyACL: its names, the arguments that it takes, and what it answers where a call fails."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest
from onnx import helper

RELU = helper.make_node("Relu", ["x"], ["y"], name="relu")

NAMES = {
    "acl": """app_log blas create_data_buffer create_tensor_desc data_type_size destroy_data_buffer destroy_tensor_desc
        finalize float16_to_float float_to_float16 fv get_data_buffer_addr get_data_buffer_size get_data_buffer_size_v2
        get_recent_err_msg get_soc_name get_tensor_desc_dim get_tensor_desc_dim_v2 get_tensor_desc_element_count
        get_tensor_desc_format get_tensor_desc_num_dims get_tensor_desc_size get_tensor_desc_type get_version himpi init
        mdl media op prof rt set_tensor_const update_data_buffer util""",
    "acl.media": "dvpp_free dvpp_malloc",
    "acl.mdl": """add_dataset_buffer create_aipp create_config_handle create_dataset create_desc destroy_aipp
        destroy_config_handle destroy_dataset destroy_desc execute execute_async finalize_dump get_aipp_type
        get_cur_output_dims get_dataset_buffer get_dataset_num_buffers get_dataset_tensor_desc get_desc
        get_dynamic_batch get_dynamic_hw get_first_aipp_info get_input_data_type get_input_dims get_input_dims_range
        get_input_dims_v2 get_input_dynamic_dims get_input_dynamic_gear_count get_input_format get_input_index_by_name
        get_input_name_by_index get_input_size_by_index get_num_inputs get_num_outputs get_output_data_type
        get_output_dims get_output_format get_output_index_by_name get_output_name_by_index get_output_size_by_index
        get_tensor_real_name init_dump load_from_file load_from_file_with_mem load_from_mem load_from_mem_with_mem
        load_with_config query_size query_size_from_mem set_aipp_ax_swap_switch set_aipp_by_input_index
        set_aipp_crop_params set_aipp_csc_params set_aipp_dtc_pixel_mean set_aipp_dtc_pixel_min set_aipp_input_format
        set_aipp_padding_params set_aipp_pixel_var_reci set_aipp_rbuv_swap_switch set_aipp_src_image_size set_config_opt
        set_dataset_tensor_desc set_dump set_dynamic_batch_size set_dynamic_hw_size set_input_aipp
        set_input_dynamic_dims unload""",
    "acl.rt": """create_context create_event create_event_with_flag create_stream create_stream_with_config
        destroy_context destroy_event destroy_stream device_can_access_peer device_enable_peer_access
        event_elapsed_time free free_host get_context get_device get_device_count get_device_id_from_exception_info
        get_device_utilization_rate get_error_code_from_exception_info get_mem_info get_run_mode
        get_stream_id_from_exception_info get_task_id_from_exception_info get_thread_id_from_exception_info
        launch_callback malloc malloc_align32 malloc_cached malloc_host mem_flush mem_invalidate memcpy memcpy2d
        memcpy2d_async memcpy_async memset memset_async process_report query_device_status query_event
        query_event_status record_event reset_device reset_event set_context set_device set_exception_info_callback
        set_op_wait_timeout stream_query stream_wait_event subscribe_report synchronize_device synchronize_event
        synchronize_stream synchronize_stream_with_timeout unsubscribe_report""",
    "acl.util": """bytes_to_ptr numpy_contiguous_to_ptr numpy_to_ptr ptr_to_bytes ptr_to_numpy start_thread
        stop_thread""",
}
"""Of each module, those names that CANN's binding has and that are simulated."""


@pytest.mark.parametrize("name", NAMES)
def test_names_are_the_bindings(simulated, name):
    simulated()
    module = importlib.import_module(name)
    found = {one for one in dir(module) if not one.startswith("_")}
    assert found - {"SIMULATED"} == set(NAMES[name].split())


def test_an_error_names_the_function_as_programs_do(simulated):
    """Whatever takes arguments refuses a hundred."""
    simulated()
    for name in NAMES:
        for one in NAMES[name].split():
            function = getattr(importlib.import_module(name), one)
            if isinstance(function, FunctionType) and inspect.signature(function).parameters:
                with pytest.raises(TypeError, match=f"^{name}.{one} args parse failed$"):
                    function(*["text"] * 100)


@pytest.mark.parametrize("part", ["blas", "fv", "himpi", "mdl", "media", "op", "prof", "rt", "util"])
def test_parts_can_be_imported(simulated, part):
    assert importlib.import_module(f"acl.{part}") is getattr(simulated(), part)


def test_names_that_the_binding_has_not(simulated):
    acl = simulated()
    assert not any(hasattr(*one) for one in ((acl, "tdt"), (acl.rt, "get_version"), (acl.mdl, "set_aipp_scf_params")))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("create_data_buffer", (None, 0)),
        ("create_data_buffer", (0, np.int64(64))),
        ("rt.memcpy", (1, np.int64(1), 1, 1, 1)),
        ("rt.memcpy", (1, 1, 1.0, 1, 1)),
        ("rt.synchronize_stream", (None,)),
        ("rt.set_context", (None,)),
        ("rt.set_device", ("0",)),
        ("rt.set_device", (2**31,)),
        ("rt.malloc", (8,)),
        ("rt.set_exception_info_callback", (3,)),
        ("mdl.load_from_file", (Path("m.om"),)),
        ("mdl.query_size", (b"m.om",)),
        ("mdl.set_aipp_csc_params", (1, 1)),
        ("mdl.set_aipp_ax_swap_switch", (1, -1)),
        ("mdl.set_aipp_dtc_pixel_mean", (1, 0.5, 0, 0, 0, 0)),
        ("init", (None,)),
        ("init", (Path("acl.json"),)),
        ("app_log", (1, "text", "more")),
    ],
    ids=str,
)
def test_arguments_that_are_refused(acl, name, arguments):
    function = acl()
    for part in name.split("."):
        function = getattr(function, part)
    with pytest.raises(TypeError, match=rf"^acl\.{name} args parse failed$"):
        function(*arguments)


def test_arguments_that_are_taken(acl):
    api = acl()
    address, _ = api.rt.malloc(8, np.int64(0))
    assert api.rt.memcpy(address, 8, address, True, np.int32(3)) == 0
    assert api.rt.set_device(np.uint8(0)) == 0
    assert api.rt.get_run_mode("ignored", None) == (1, 0)
    assert api.get_data_buffer_size_v2(api.create_data_buffer(address, -1)) == 2**64 - 1
    assert api.mdl.get_desc(api.mdl.create_desc(), -1) == 100011
    with pytest.raises(TypeError, match="keyword"):
        api.rt.malloc(size=8, policy=0)


def test_shapes_are_lists_of_integers(acl):
    api = acl()
    desc = api.create_tensor_desc(0, [2, 3], 2)
    assert api.get_tensor_desc_num_dims(desc) == 2
    assert api.get_tensor_desc_num_dims(api.create_tensor_desc(0, [], 2)) == 0
    with pytest.raises(TypeError, match="argument 2 is not list"):
        api.create_tensor_desc(0, (2, 3), 2)
    with pytest.raises(TypeError, match="invalid data type"):
        api.create_tensor_desc(0, [np.int64(2)], 2)
    assert [api.set_tensor_const(desc, 64, 8), api.set_tensor_const(desc, 64, 0)] == [0, 100000]


def test_what_is_answered_where_a_call_fails(acl):
    api = acl()
    mdl, dataset = api.mdl, api.mdl.create_dataset()
    for name in ("get_input_dims", "get_input_dims_v2", "get_output_dims", "get_cur_output_dims", "get_dynamic_hw"):
        assert getattr(mdl, name)(1, 0) == ({}, 100000)
    assert mdl.get_dynamic_batch(1) == ({}, 100000)
    assert mdl.get_input_dims_range(1, 0) == ({"rangeCount": 0, "range": []}, 100000)
    assert mdl.add_dataset_buffer(dataset, 1) == (dataset, 100000)
    assert api.get_recent_err_msg() == "EZ9999: 1 is no live data buffer (simulated)"
    assert api.get_recent_err_msg() is None
    first = mdl.get_input_dims(1, 0)[0]
    first["name"] = "the program's own"
    assert mdl.get_input_dims(1, 0) == ({}, 100000)


def test_only_bytes_and_arrays_have_addresses(acl):
    api = acl()
    with pytest.raises(ValueError, match="needs an byte as argument"):
        api.util.bytes_to_ptr(bytearray(4))
    for name in ("numpy_to_ptr", "numpy_contiguous_to_ptr"):
        with pytest.warns(Warning, match="deprecated"), pytest.raises(ValueError, match="needs an ndarray as argument"):
            getattr(api.util, name)([1, 2])
    wrong = (([2], 1, ValueError, "shape is empty"), ((2.0,), 1, TypeError, "is not list of int"))
    for shape, number, kind, said in (*wrong, ((2,), 99, ValueError, "Invalid data-type for array")):
        with pytest.warns(Warning, match="deprecated"), pytest.raises(kind, match=said):
            api.util.ptr_to_numpy(64, shape, number)


@pytest.fixture
def geared(compile_om, program):
    """A model with two gears of two axes, and a dataset for its inputs."""
    options = ("--dynamic_dims=1,2;3,4", "--input_shape=x:-1,-1", "--input_format=ND")
    api = program(compile_om(RELU, {"x": ["n", "m"]}, {"y": ["n", "m"]}, *options))
    return api, api.dataset(48, 8)


@pytest.mark.parametrize(
    ("dims", "kind", "said"),
    [
        ([3, 4], TypeError, "argument 4 is not dict"),
        ({"dimCount": 2, "dims": (3, 4)}, TypeError, "The dims of parameter 4 is not a list."),
        ({"dimCount": 3, "dims": [3, 4]}, TypeError, "the dims of fourth parameter is not list of int"),
        ({"dimCount": 2, "dims": [np.int64(3), 4]}, TypeError, "the dims of fourth parameter is not list of int"),
        ({"dims": [3, 4]}, TypeError, "the dims of fourth parameter is not list of int"),
        ({"name": 7, "dimCount": 2, "dims": [3, 4]}, RuntimeError, "PyUnicode_AsUTF8String failed"),
    ],
)
def test_gears_are_set_by_a_dictionary(geared, dims, kind, said):
    api, inputs = geared
    assert api.acl.mdl.set_input_dynamic_dims(api.model, inputs, 1, {"dimCount": 2, "dims": [3, 4, "unread"]}) == 0
    with pytest.raises(kind, match=said):
        api.acl.mdl.set_input_dynamic_dims(api.model, inputs, 1, dims)


def test_gears_are_listed_for_all_inputs_at_once(geared):
    api, _ = geared
    mdl = api.acl.mdl
    assert mdl.get_input_dynamic_gear_count(api.desc, -1) == (2, 0)
    assert mdl.get_input_dynamic_gear_count(api.desc, 0) == (0, 100000)
    gears = [{"name": "", "dimCount": 2, "dims": dims} for dims in ([1, 2], [3, 4])]
    assert mdl.get_input_dynamic_dims(api.desc, -1, 2) == (gears, 0)
    assert mdl.get_input_dynamic_dims(api.desc, -1, 3) == ([*gears, {"name": "", "dimCount": 0, "dims": []}], 0)
    assert mdl.get_input_dynamic_dims(api.desc, -1, 1)[1] == 100000
    assert mdl.get_input_dynamic_dims(api.desc, 0, 2)[1] == 100000
    assert mdl.get_input_dynamic_dims(api.desc, -1, 4097) == (None, 100000)


def test_batches_are_no_such_gears(compile_om, program):
    options = ("--dynamic_batch_size=1,2", "--input_shape=x:-1,3")
    api = program(compile_om(RELU, {"x": ["n", 3]}, {"y": ["n", 3]}, *options))
    assert api.acl.mdl.get_input_dynamic_gear_count(api.desc, -1) == (0, 0)
    assert api.acl.mdl.get_input_dynamic_dims(api.desc, -1, 0) == ([], 0)
