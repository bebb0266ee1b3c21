"""Buffers of datasets that are too many, too few, too large or too small, by kind of model."""

from __future__ import annotations

import pytest
from onnx import helper

from ascendc.sim.session import machine

RELU = helper.make_node("Relu", ["x"], ["y"], name="relu")
WANTS = 4 * 30


@pytest.fixture
def load(compile_om, program):
    """A model that takes and gives 30 numbers."""

    def make(*options):
        options = options or ("--input_shape=x:1,30",)
        return program(compile_om(RELU, {"x": ["n", 30]}, {"y": ["n", 30]}, *options))

    return make


def run(api, inputs, outputs):
    """The code and the words of a run with buffers of these sizes, of the first gear if there are any."""
    datasets = api.dataset(*inputs), api.dataset(*outputs)
    if len(inputs) == 2:
        assert api.acl.mdl.set_dynamic_batch_size(api.model, datasets[0], 1, 1) == 0
    return api.acl.mdl.execute(api.model, *datasets), api.acl.get_recent_err_msg()


@pytest.mark.parametrize("size", [WANTS, WANTS - 64])
def test_a_fixed_model_lets_64_bytes_pass(load, size):
    api = load()
    assert run(api, [size], [size])[0] == 0
    assert machine().warnings == []


@pytest.mark.parametrize(("inputs", "outputs", "name"), [(55, 120, "input x"), (120, 55, "output sim_0:0:y")])
def test_and_not_one_more(load, inputs, outputs, name):
    api = load()
    code, said = run(api, [inputs], [outputs])
    assert code == 145000
    assert f"E13025: {name} needs 120 bytes, and its buffer has 55" in said


def test_larger_buffers_are_a_warning(load):
    api = load()
    assert run(api, [WANTS + 1], [WANTS])[0] == 0
    assert machine().warnings == ["the buffer of input x has 121 bytes, and the model 120"]


def test_with_gears_the_chip_runs_into_what_is_not_its_own(load):
    api = load("--dynamic_batch_size=1,2", "--input_shape=x:-1,30")
    assert run(api, [WANTS, 4], [WANTS])[0] == 0
    code, said = run(api, [WANTS, 4], [WANTS - 1])
    assert (code, "output sim_0:0:y has 120 bytes, and its buffer 119" in said) == (507015, True)
    assert run(api, [WANTS - 1, 4], [WANTS])[0] == 507015


def test_too_few_buffers_and_too_many(load):
    api = load()
    assert run(api, [], [WANTS]) == (500002, "EZ9999: the model has 1 inputs, and 0 are given (simulated)")
    assert run(api, [WANTS], [WANTS, 4])[0] == 0
    assert machine().warnings == ["the model has 1 outputs, and 2 are given"]


def test_a_fixed_model_makes_its_outputs_too(load):
    api = load()
    assert run(api, [WANTS], [0])[0] == 0
    assert machine().memory.used(0) == 2 * WANTS


@pytest.mark.parametrize(
    "options",
    [("--input_shape=x:1,30",), ("--dynamic_batch_size=1,2", "--input_shape=x:-1,30"), ("--input_shape=x:-1,30",)],
)
def test_a_malloc_that_failed_is_not_made_good(load, options):
    """It leaves an address of 0 beside the size that was asked for."""
    api = load(*options)
    inputs = api.dataset(WANTS, *([4] if len(options) == 2 else []))
    if len(options) == 2:
        assert api.acl.mdl.set_dynamic_batch_size(api.model, inputs, 1, 1) == 0
    api.say(inputs, 0, (1, 30))
    outputs = api.acl.mdl.create_dataset()
    api.acl.mdl.add_dataset_buffer(outputs, api.acl.create_data_buffer(0, WANTS))
    assert api.acl.mdl.execute(api.model, inputs, outputs) == 107000
    assert "an output is null" in api.acl.get_recent_err_msg()


def test_gear_arguments(compile_om, program):
    options = ("--dynamic_dims=1,2;3,4", "--input_shape=x:-1,-1", "--input_format=ND")
    api = program(compile_om(RELU, {"x": ["n", "m"]}, {"y": ["n", "m"]}, *options))
    mdl, dims = api.acl.mdl, {"name": "", "dimCount": 2, "dims": [3, 4]}
    inputs = api.dataset(48, 8)
    assert mdl.set_input_dynamic_dims(api.model, inputs, 1, dims) == 0
    assert mdl.set_input_dynamic_dims(api.model, inputs, 1, {**dims, "dimCount": 0}) == 100000
    assert mdl.set_input_dynamic_dims(api.model, inputs, 1, {**dims, "dims": [1, 4]}) == 145013
    assert mdl.set_input_dynamic_dims(api.model, inputs, 2, dims) == 100000
    assert mdl.set_input_dynamic_dims(api.model, api.dataset(48, 4), 1, dims) == 145012
    assert mdl.set_dynamic_batch_size(api.model, inputs, 1, 1) == 145013
    empty = api.acl.mdl.create_dataset()
    for address in (api.place(inputs, 0)[0], 0):
        mdl.add_dataset_buffer(empty, api.acl.create_data_buffer(address, 8))
    assert mdl.set_input_dynamic_dims(api.model, empty, 1, dims) == 100000
    assert api.acl.util.ptr_to_bytes(api.place(inputs, 1)[0], 8) == bytes([3, 0, 0, 0, 4, 0, 0, 0])
    wide = api.dataset(48, 16)
    assert mdl.set_input_dynamic_dims(api.model, wide, 1, dims) == 0
    assert api.acl.util.ptr_to_bytes(api.place(wide, 1)[0], 16) == bytes([3, *[0] * 7, 4, *[0] * 7])
