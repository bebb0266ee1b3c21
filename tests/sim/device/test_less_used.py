"""What programs use beside loading and running a model."""

from __future__ import annotations

import ctypes
import threading

import numpy as np
import pytest
from onnx import helper

TYPE, PATH, MODEL, MODEL_SIZE, WEIGHTS, WEIGHTS_SIZE = range(1, 7)


@pytest.fixture
def om(compile_om):
    return compile_om(helper.make_node("Relu", ["x"], ["y"], name="relu"), {"x": [1, 2]}, {"y": [1, 2]})


def test_a_model_is_loaded_as_a_configuration_says(acl, om):
    api = acl()
    mdl, content = api.mdl, om.read_bytes()
    handle = mdl.create_config_handle()
    assert mdl.load_with_config(handle) == (0, 100000)
    assert "the type of loading (1) was not set" in api.get_recent_err_msg()
    assert [mdl.set_config_opt(handle, TYPE, kind) for kind in (0, 7, 1)] == [100000, 100000, 0]
    assert mdl.load_with_config(handle) == (0, 100000)
    assert "the type of loading 1 needs the attributes [2]" in api.get_recent_err_msg()
    assert mdl.set_config_opt(handle, PATH, str(om)) == 0
    model, code = mdl.load_with_config(handle)
    assert (code, mdl.unload(model)) == (0, 0)
    small, _ = api.rt.malloc(8, 0)
    assert [mdl.set_config_opt(handle, WEIGHTS, small), mdl.set_config_opt(handle, WEIGHTS_SIZE, 8)] == [0, 0]
    assert mdl.load_with_config(handle) == (0, 145000)
    assert mdl.set_config_opt(handle, WEIGHTS, 0) == 0
    buffer = ctypes.create_string_buffer(content, len(content))
    for attribute, value in ((TYPE, 3), (MODEL, ctypes.addressof(buffer)), (MODEL_SIZE, len(content))):
        assert mdl.set_config_opt(handle, attribute, value) == 0
    assert mdl.load_with_config(handle)[1] == 0
    assert mdl.set_config_opt(handle, MODEL, 0) == 100000
    assert mdl.set_config_opt(handle, 99, 0) == 100000
    with pytest.raises(TypeError, match=r"^acl\.mdl\.set_config_opt args parse failed$"):
        mdl.set_config_opt(handle, PATH, 1)
    assert [mdl.destroy_config_handle(handle), mdl.destroy_config_handle(handle)] == [0, 100000]


def test_rows_are_copied_with_what_lies_between_them(acl):
    api = acl()
    source = np.arange(12, dtype=np.uint8).reshape(3, 4)
    address, code = api.rt.malloc_align32(16, 0)
    assert (code, api.rt.memset(address, 16, 0, 16)) == (0, 0)
    assert api.rt.memcpy2d(address, 5, source.ctypes.data, 4, 2, 3, 1) == 0
    assert api.util.ptr_to_bytes(address, 16) == bytes([0, 1, 0, 0, 0, 4, 5, 0, 0, 0, 8, 9, 0, 0, 0, 0])
    assert api.rt.memcpy2d(address, 5, source.ctypes.data, 4, 5, 3, 1) == 100000
    assert api.rt.memcpy2d(address, 5, source.ctypes.data, 4, 2, 0, 1) == 100000
    assert api.rt.memcpy2d(address, 8, source.ctypes.data, 4, 2, 3, 1) == 107000
    assert api.rt.memcpy2d_async(address, 4, source.ctypes.data, 4, 4, 3, 1, 0) == 0
    assert api.rt.synchronize_stream(0) == 0
    assert api.util.ptr_to_bytes(address, 12) == source.tobytes()


def test_a_program_is_told_of_a_run_that_fails(om, program):
    api = program(om, fault="exec@0x2")
    rt, seen = api.acl.rt, []

    def told(info):
        names = ("error_code", "device_id", "thread_id", "stream_id", "task_id")
        seen.append((info, [getattr(rt, f"get_{name}_from_exception_info")(info) for name in names]))

    inputs, outputs = api.dataset(8), api.dataset(8)
    assert rt.set_exception_info_callback(told) == 0
    assert api.acl.mdl.execute_async(api.model, inputs, outputs, 0) == 0
    assert seen == []
    assert rt.synchronize_stream(0) == 507015
    [(info, facts)] = seen
    assert facts == [507015, 0, threading.get_native_id(), 0, 1]
    assert rt.get_error_code_from_exception_info(info) == 0xFFFFFFFF  # it is over
    assert rt.set_exception_info_callback() == 0
    assert api.acl.mdl.execute(api.model, inputs, outputs) == 507015
    assert len(seen) == 1
    assert api.acl.mdl.execute(api.model, inputs, outputs) == 0


def test_devices_reach_each_other(acl):
    rt = acl(devices=2).rt
    assert [rt.device_can_access_peer(0, peer) for peer in (1, 0, 2)] == [(1, 0), (0, 100000), (0, 107001)]
    assert [rt.device_enable_peer_access(1, flags) for flags in (0, 1)] == [0, 200006]
    assert rt.device_enable_peer_access(0, 0) == 100000


def test_the_memory_of_a_device_is_in_use(acl):
    api = acl(memory=1000)
    api.rt.malloc(250, 0)
    idle = dict.fromkeys(("cube_utilization", "vector_utilization", "aicpu_utilization", "utilization_extend"), 0)
    assert api.rt.get_device_utilization_rate(0) == ({**idle, "memory_utilization": 25}, 0)
    assert api.rt.get_device_utilization_rate(7) == ({**idle, "memory_utilization": 0}, 107001)
