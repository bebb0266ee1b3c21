"""What AscendCL tells of a process, a device and a model."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from onnx import helper

RELU = helper.make_node("Relu", ["x"], ["y"], name="relu")


@pytest.fixture
def om(compile_om):
    return compile_om(RELU, {"x": [1, 2]}, {"y": [1, 2]})


def test_the_configuration_must_be_there_and_be_json(simulated, tmp_path):
    acl = simulated()
    assert acl.get_soc_name() == "Ascend310P3"  # before init too
    path = tmp_path / "acl.json"
    assert acl.init(str(path)) == 100003
    path.write_text("{")
    assert acl.init(str(path)) == 100006
    path.write_text("{}")
    assert acl.init(str(path)) == 0
    assert acl.get_version() == (1, 13, 0, 0)
    assert (acl.get_soc_name(), acl.rt.get_device_count()) == ("Ascend310P3", (1, 0))
    assert acl.finalize() == 0
    assert (acl.get_soc_name(), acl.rt.get_device_count()) == ("Ascend310P3", (0, 100001))


def test_the_status_of_a_device(acl):
    api = acl(fault="device-lost@1")
    assert api.rt.query_device_status(0) == (1, 0)
    assert api.rt.query_device_status(1) == (65535, 107001)
    assert api.rt.malloc(8, 0) == (0, 507899)


def test_a_long_name_is_replaced_in_records_and_can_be_asked_for(compile_om, program):
    name = "layer/" * 30
    node = helper.make_node("Relu", [name], ["y"], name="relu")
    api = program(compile_om(node, {name: [1, 2]}, {"y": [1, 2]}))
    mdl = api.acl.mdl
    told = mdl.get_input_dims(api.desc, 0)[0]["name"]
    assert told.startswith(f"acl_modelId_{api.model}_input_0_")
    assert mdl.get_tensor_real_name(api.desc, told) == name
    assert mdl.get_tensor_real_name(api.desc, "sim_0:0:y") == "sim_0:0:y"
    assert mdl.get_tensor_real_name(api.desc, "none") is None
    assert mdl.get_input_name_by_index(api.desc, 0) == name
    assert mdl.get_input_index_by_name(api.desc, name) == (0, 0)


def test_a_yuv_picture_has_two_kinds_of_dimensions(compile_om, program, tmp_path):
    config = "aipp_op { aipp_mode: static input_format: YUV420SP_U8 src_image_size_w: 6 src_image_size_h: 4 "
    (tmp_path / "aipp.cfg").write_text(config + "csc_switch: false }")
    options = (f"--insert_op_conf={tmp_path / 'aipp.cfg'}", "--input_format=NCHW")
    api = program(compile_om(RELU, {"x": [1, 3, 4, 6]}, {"y": [1, 3, 4, 6]}, *options))
    mdl = api.acl.mdl
    assert mdl.get_input_dims(api.desc, 0)[0]["dims"] == [1, 4, 6, 3]
    assert mdl.get_input_dims_v2(api.desc, 0)[0]["dims"] == [1, 6, 6, 1]
    assert mdl.get_input_size_by_index(api.desc, 0) == 36
    told, code = mdl.get_first_aipp_info(api.model, 0)
    assert code == 0
    assert {
        name: told[name] for name in ("inputFormat", "srcImageSizeW", "cscSwitch", "varReciChn0", "matrixR2C2")
    } == {
        "inputFormat": 1,
        "srcImageSizeW": 6,
        "cscSwitch": 0,
        "varReciChn0": 1.0,
        "matrixR2C2": 409,
    }
    assert (told["srcFormat"], told["srcDatatype"], told["srcDimNum"], told["shapeCount"]) == (0, 0, 4, 1)
    assert told["outDims"] == [
        {
            "srcDims": {"name": "x", "dimCount": 4, "dims": [1, 6, 6, 1]},
            "srcSize": 36,
            "aippOutdims": {"name": "x", "dimCount": 4, "dims": [1, 3, 4, 6]},
            "aippOutSize": 144,
        }
    ]
    assert "matrixR0C2" not in told
    assert mdl.get_first_aipp_info(api.model, 1) == (None, 100000)


def test_a_model_in_memory_of_the_program(acl, om):
    api = acl()
    work, weights, code = api.mdl.query_size(str(om))
    assert (code, weights) == (0, om.stat().st_size)
    assert api.mdl.query_size("none.om") == (0, 0, 100003)
    places = [api.rt.malloc(size, 0)[0] for size in (work, weights)]
    model, code = api.mdl.load_from_file_with_mem(str(om), places[0], work, places[1], weights)
    assert code == 0
    assert api.mdl.unload(model) == 0
    assert api.mdl.load_from_file_with_mem(str(om), places[0], work, places[1], weights - 1) == (0, 145000)
    content = om.read_bytes()
    buffer = ctypes.create_string_buffer(content, len(content))
    address = ctypes.addressof(buffer)
    assert api.mdl.query_size_from_mem(address, len(content)) == (work, weights, 0)
    assert api.mdl.load_from_mem(address, len(content))[1] == 0
    assert api.mdl.load_from_mem_with_mem(address, len(content), *(0, 0, 0, 0))[1] == 0


def test_buffers_can_be_pointed_elsewhere(om, program):
    api = program(om)
    inputs, outputs = api.dataset(8), api.dataset(8)
    other, _ = api.acl.rt.malloc(8, 0)
    array = np.array([[-1, 5]], np.float32)
    api.acl.rt.memcpy(other, 8, array.ctypes.data, 8, 1)
    assert api.acl.update_data_buffer(api.acl.mdl.get_dataset_buffer(inputs, 0), other, 8) == 0
    assert api.acl.mdl.execute(api.model, inputs, outputs) == 0
    assert api.get(outputs, 0, (1, 2)).tolist() == [[0.0, 5.0]]
    assert api.acl.mdl.get_dataset_buffer(inputs, 1) == 0


def test_types_of_elements(simulated):
    acl = simulated()
    assert [acl.data_type_size(code) for code in (0, 1, 3, 4, 9, 27, 29, 99)] == [4, 2, 4, 1, 8, 2, 0, 0]
    assert acl.float16_to_float(acl.float_to_float16(0.333)) == float(np.float16(0.333))


def test_memory_by_numpy_and_bytes(acl):
    api = acl()
    array = np.arange(6, dtype=np.int64).reshape(2, 3)[:, ::2]
    with pytest.warns(Warning, match="numpy_contiguous_to_ptr will be deprecated"):
        address, copy = api.util.numpy_contiguous_to_ptr(array)
    with pytest.warns(Warning, match="ptr_to_numpy will be deprecated") as warned:
        found = api.util.ptr_to_numpy(address, (2, 2), 7)
    assert found.tolist() == copy.tolist() == [[0, 2], [3, 5]]
    assert warned[0].filename == __file__
    with pytest.warns(Warning, match="numpy_to_ptr will be deprecated|The input ndarray is discontiguous") as warned:
        assert api.util.numpy_to_ptr(array) == array.ctypes.data
    assert len(warned) == 2
    target = bytes(4)
    place, _ = api.rt.malloc(4, 0)
    assert api.rt.memset(place, 4, 7, 4) == 0
    assert api.rt.memset(place, 4, 7, 5) == 107000
    assert api.rt.memcpy(api.util.bytes_to_ptr(target), 4, place, 4, 2) == 0
    assert target == b"\7" * 4


@pytest.mark.parametrize("part", ["media", "himpi", "op", "blas", "prof", "fv"])
def test_parts_that_are_not_simulated_say_so(acl, part):
    with pytest.raises(NotImplementedError, match=rf"acl\.{part}\.anything is not simulated \(called with 2\)"):
        getattr(acl(), part).anything(1, 2)
