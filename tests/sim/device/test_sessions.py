"""OmSession on models whose shapes are open, or come in gears of heights and widths or of all sizes."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from ascendc import testing
from ascendc.runtime import SessionError
from ascendc.runtime.om import OmSession


@pytest.fixture
def open_om(compile_om):
    """y = x + z, of any rows and columns."""
    faces = {"x": ["rows", "columns"], "z": ["rows", "columns"]}, {"y": ["rows", "columns"]}
    node = helper.make_node("Add", ["x", "z"], ["y"], name="add")
    return lambda: str(compile_om(node, *faces, "--input_shape=x:-1,-1;z:-1,-1"))


def pair(n, m):
    x = np.arange(n * m, dtype=np.float32).reshape(n, m)
    return {"x": x, "z": 2 * x}


@pytest.mark.parametrize("mode", [1, 0], ids=["on a host", "on a board"])
@pytest.mark.parametrize("check", testing.SESSION_CHECKS, ids=lambda check: check.__name__)
def test_open_shapes_conform(simulated, open_om, check, mode):
    simulated(run_mode=mode)
    path = open_om()
    check(lambda: OmSession(path), pair(2, 5))


def test_open_shapes_take_any_size_and_keep_memory_of_the_largest(simulated, open_om):
    from ascendc.sim.session import machine

    simulated()
    with OmSession(open_om()) as session:
        assert [spec.shape for spec in (*session.inputs, *session.outputs)] == [(None, None)] * 3
        live = []
        for n, m in ((1, 1), (4, 7), (2, 2), (4, 7)):
            feeds = pair(n, m)
            np.testing.assert_array_equal(session.run(feeds)["y"], 3 * feeds["x"])
            live.append(len(machine().memory.live))
        assert live == [2, 2, 2, 2]
        found = [answer["y"].shape for answer in session.run_many(pair(n, 2) for n in (3, 1, 2))]
        assert found == [(3, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize("fault", ["device-lost@9x1", "exec@0x1", "oom@0x1"])
def test_open_shapes_survive_faults(simulated, open_om, fault):
    simulated(fault=fault)
    with OmSession(open_om()) as session:
        errors = []
        for _ in range(3):
            try:
                session.run(pair(2, 2))
            except SessionError as error:
                errors.append(str(error))
        assert ["simulated fault" in error for error in errors] == [True]


POOL = helper.make_node("MaxPool", ["x"], ["y"], name="pool", kernel_shape=[2, 2], strides=[2, 2])
GEARS = {
    "image": (("--dynamic_image_size=4,8;6,6", "--input_shape=x:1,1,-1,-1"), ((1, 1, 4, 8), (1, 1, 6, 6))),
    "dims": (
        ("--dynamic_dims=1,4,8;3,2,2;4,2,2", "--input_shape=x:-1,1,-1,-1", "--input_format=ND"),
        ((1, 1, 4, 8), (3, 1, 2, 2), (4, 1, 2, 2)),
    ),
}


@pytest.fixture
def pool_om(compile_om):
    """Pictures of half the height and width, in gears."""
    faces = {"x": ["n", 1, "h", "w"]}, {"y": ["n", 1, "h2", "w2"]}
    return lambda kind: str(compile_om(POOL, *faces, *GEARS[kind][0]))


@pytest.mark.parametrize("kind", GEARS)
@pytest.mark.parametrize("check", testing.SESSION_CHECKS, ids=lambda check: check.__name__)
def test_gears_of_sizes_conform(simulated, pool_om, check, kind):
    simulated()
    path, shape = pool_om(kind), GEARS[kind][1][0]
    check(lambda: OmSession(path), {"x": np.arange(np.prod(shape), dtype=np.float32).reshape(shape)})


@pytest.mark.parametrize("kind", GEARS)
def test_each_gear_of_sizes_gives_its_own(simulated, pool_om, kind):
    simulated()
    with OmSession(pool_om(kind)) as session:
        feeds = [{"x": np.random.default_rng(0).integers(0, 99, s).astype(np.float32)} for s in GEARS[kind][1] * 2]
        for one, answer in zip(feeds, session.run_many(feeds), strict=True):
            n, _, height, width = one["x"].shape
            wanted = one["x"].reshape(n, 1, height // 2, 2, width // 2, 2).max((3, 5))
            np.testing.assert_array_equal(answer["y"], wanted)
            np.testing.assert_array_equal(session.run(one)["y"], wanted)
        if kind == "dims":  # two gears differ in their rows alone
            two = {"x": np.arange(40, dtype=np.float32).reshape(10, 1, 2, 2)}
            np.testing.assert_array_equal(session.run_batched(two)["y"], two["x"][..., -1:, -1:])
        with pytest.raises(SessionError, match="the model was not compiled for 1×1×2×8; allowed: "):
            session.run({"x": np.zeros((1, 1, 2, 8), np.float32)})
