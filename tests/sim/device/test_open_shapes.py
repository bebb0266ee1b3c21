"""Models whose shapes are open: what atc writes, and what AscendCL then wants and tells."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from onnx import helper

from ascendc.cann.om.container import read as read_container
from ascendc.cann.om.file import read
from ascendc.sim.session import machine

MIXED = helper.make_node("MatMul", ["x", "w"], ["y"], name="mix")
"""y [rows, columns] = x [rows, 3] · w [3, columns]."""


@pytest.fixture
def om(compile_om):
    def make(*options):
        return compile_om(
            MIXED, {"x": ["rows", 3], "w": [3, "columns"]}, {"y": ["rows", "columns"]}, *(options or (SHAPE,))
        )

    return make


SHAPE = "--input_shape=x:-1,3;w:3,1~4"


def test_the_om_says_that_its_shapes_are_open_and_in_which_ranges(om):
    path = om()
    found = read(path)
    assert (found.dynamic, found.gears, path.name) == (True, None, f"m0_{found.host}.om")
    assert [(port.name, port.shape) for port in found.inputs] == [("x", (-1, 3)), ("w", (3, -1))]
    assert [port.shape for port in found.outputs] == [(-1, -1)]
    data = path.read_bytes()
    part = next(part for part in read_container(data).models[0] if part.number == 8)
    listed = data[part.start : part.end]
    assert struct.pack("<4q", 1, -1, 3, 3) in listed
    assert struct.pack("<4q", 3, 3, 1, 4) in listed


def test_the_older_option_opens_shapes_too(om, program):
    api = program(om("--input_shape_range=x:[-1,3];w:[3,1~4]"))
    assert api.acl.mdl.get_input_dims_range(api.desc, 1) == ({"rangeCount": 2, "range": [[3, 3], [1, 4]]}, 0)


def test_sizes_are_not_known_before(om, program):
    api = program(om())
    mdl = api.acl.mdl
    assert [mdl.get_input_size_by_index(api.desc, index) for index in (0, 1)] == [0, 0]
    assert mdl.get_output_size_by_index(api.desc, 0) == 0
    assert mdl.get_input_dims(api.desc, 0) == ({"name": "x", "dimCount": 2, "dims": [-1, 3]}, 0)
    assert mdl.get_input_dims_range(api.desc, 0) == ({"rangeCount": 2, "range": [[1, -1], [3, 3]]}, 0)
    assert mdl.get_cur_output_dims(api.desc, 0)[1] == 200001


def test_every_open_input_must_be_described_within_its_range(om, program):
    api = program(om())
    execute, said = api.acl.mdl.execute, api.acl.get_recent_err_msg
    inputs, outputs = api.dataset(24, 48), api.dataset(100)
    assert execute(api.model, inputs, outputs) == 100000
    assert "input x is out of its range [[1, -1], [3, 3]]: set_dataset_tensor_desc was not called for it" in said()
    assert api.say(inputs, 0, (2, 3)) == (inputs, 0)
    assert api.say(inputs, 1, (3, 5)) == (inputs, 0)
    assert execute(api.model, inputs, outputs) == 100000
    assert "the shape [3, 5] of input w is out of its range [[3, 3], [1, 4]]" in said()
    assert api.say(inputs, 1, (3, 4, 1)) == (inputs, 0)
    assert execute(api.model, inputs, outputs) == 100000
    assert api.say(inputs, 1, (3, 4)) == (inputs, 0)
    assert execute(api.model, inputs, outputs) == 0
    assert api.acl.mdl.set_dataset_tensor_desc(inputs, 0, 1) == (inputs, 0)  # takes it away again
    assert execute(api.model, inputs, outputs) == 100000
    assert api.say(inputs, 2, (3, 4)) == (inputs, 100000)


def test_outputs_tell_their_shape_after_each_run(om, program):
    api = program(om())
    inputs, outputs = api.dataset(60, 48), api.dataset(100)
    assert api.acl.mdl.get_dataset_tensor_desc(outputs, 0) == 0
    w = np.arange(12, dtype=np.float32).reshape(3, 4)
    api.put(inputs, 1, w)
    api.say(inputs, 1, w.shape)
    for rows in (2, 5, 1):
        x = np.arange(3 * rows, dtype=np.float32).reshape(rows, 3)
        api.put(inputs, 0, x)
        api.say(inputs, 0, x.shape)
        assert api.acl.mdl.execute(api.model, inputs, outputs) == 0
        assert api.told(outputs, 0) == [(rows, 0), (4, 0)]
        desc = api.acl.mdl.get_dataset_tensor_desc(outputs, 0)
        assert api.acl.get_tensor_desc_size(desc) == 16 * rows
        assert (api.acl.get_tensor_desc_type(desc), api.acl.get_tensor_desc_element_count(desc)) == (0, 4 * rows)
        np.testing.assert_array_equal(api.get(outputs, 0, (rows, 4)), x @ w)
    assert api.acl.get_tensor_desc_dim_v2(desc, 2) == (0, 100000)


def test_the_descriptions_of_a_dataset_go_with_it(om, program):
    api = program(om())
    inputs, outputs = api.dataset(24, 12), api.dataset(8)
    api.say(inputs, 0, (2, 3))
    api.say(inputs, 1, (3, 1))
    assert api.acl.mdl.execute(api.model, inputs, outputs) == 0
    desc = api.acl.mdl.get_dataset_tensor_desc(outputs, 0)
    api.acl.destroy_tensor_desc(desc)
    assert "belongs to a dataset" in api.acl.get_recent_err_msg()
    assert "tensor description" not in " ".join(machine().leaks())
    for dataset in (inputs, outputs):
        assert api.acl.mdl.destroy_dataset(dataset) == 0
    assert len(machine().tensors) == 0


def test_a_buffer_that_is_too_small_is_refused_to_the_byte(om, program):
    api = program(om())
    inputs = api.dataset(24, 48)
    api.say(inputs, 0, (2, 3))
    api.say(inputs, 1, (3, 4))
    assert api.acl.mdl.execute(api.model, inputs, api.dataset(31)) == 500002
    assert "output sim_0:0:y has 32 bytes, and its buffer 31" in api.acl.get_recent_err_msg()
    assert api.acl.mdl.execute(api.model, inputs, api.dataset(32)) == 0


def test_a_buffer_without_an_address_is_made_and_the_program_frees_it(om, program):
    api = program(om())
    inputs, outputs = api.dataset(24, 48), api.dataset(0)
    x, w = np.ones((2, 3), np.float32), np.ones((3, 4), np.float32)
    api.put(inputs, 0, x)
    api.put(inputs, 1, w)
    api.say(inputs, 0, x.shape)
    api.say(inputs, 1, w.shape)
    before = machine().memory.used(0)
    assert api.acl.mdl.execute(api.model, inputs, outputs) == 0
    address, size = api.place(outputs, 0)
    assert (size, machine().memory.used(0) - before) == (32, 32)
    np.testing.assert_array_equal(api.get(outputs, 0, (2, 4)), x @ w)
    buffer = api.acl.mdl.get_dataset_buffer(outputs, 0)
    assert api.acl.rt.free(address) == 0
    assert api.acl.update_data_buffer(buffer, 0, 0) == 0
    assert machine().memory.used(0) == before


def test_asynchronous_runs_tell_shapes_on_return_and_make_no_buffers(om, program):
    api = program(om())
    stream, _ = api.acl.rt.create_stream()
    inputs, outputs, none = api.dataset(24, 48), api.dataset(64), api.dataset(0)
    x, w = np.ones((2, 3), np.float32), np.ones((3, 4), np.float32)
    api.put(inputs, 0, x)
    api.put(inputs, 1, w)
    api.say(inputs, 0, x.shape)
    api.say(inputs, 1, w.shape)
    assert api.acl.mdl.execute_async(api.model, inputs, outputs, stream) == 0
    assert api.told(outputs, 0) == [(2, 0), (4, 0)]
    assert api.acl.rt.synchronize_stream(stream) == 0
    np.testing.assert_array_equal(api.get(outputs, 0, (2, 4)), x @ w)
    assert api.acl.mdl.execute_async(api.model, inputs, none, stream) == 0
    assert api.acl.rt.synchronize_stream(stream) == 107000
