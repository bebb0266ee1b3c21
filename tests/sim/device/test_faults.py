"""Every fault, where it shows."""

from __future__ import annotations

import pytest
from onnx import helper


@pytest.mark.parametrize(
    ("fault", "call", "code"),
    [
        ("oom", lambda api: api.rt.malloc(8, 0)[1], 207018),
        ("host-oom", lambda api: api.rt.malloc_host(8)[1], 207001),
        ("streams", lambda api: api.rt.create_stream()[1], 207008),
        ("handle", lambda api: api.rt.synchronize_stream(0), 107017),
        ("load", lambda api: api.mdl.load_from_file("any.om")[1], 545001),
    ],
)
def test_a_call_fails_once_and_then_goes_on(acl, fault, call, code):
    api = acl(fault=f"{fault}@0x1")
    assert call(api) == code
    assert api.get_recent_err_msg() == f"EZ9999: simulated fault: {fault} (simulated)"
    assert call(api) in (0, 100003)


@pytest.mark.parametrize(("fault", "code"), [("exec", 507015), ("timeout", 507014), ("device-lost", 507899)])
def test_a_run_fails_where_it_is_waited_for(compile_om, program, fault, code):
    om = compile_om(helper.make_node("Relu", ["x"], ["y"], name="relu"), {"x": [1, 2]}, {"y": [1, 2]})
    after = 4 if fault == "device-lost" else 0  # set_device, load, and two buffers come before
    api = program(om, fault=f"{fault}@{after}x1")
    inputs, outputs = api.dataset(8), api.dataset(8)
    assert api.acl.mdl.execute_async(api.model, inputs, outputs, 0) == 0
    assert api.acl.rt.synchronize_stream(0) == code
    assert api.acl.mdl.execute(api.model, inputs, outputs) == 0
