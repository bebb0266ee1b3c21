from __future__ import annotations

import os
import re
import sys
import threading

import numpy as np
import pytest

from ascendc import testing
from ascendc.cann.soc import table
from ascendc.runtime import SessionError
from ascendc.runtime.om import OmSession
from ascendc.runtime.om_checks import OtherChipError, TooLittleMemoryError, family


def rows(n, value=None):
    return np.arange(3 * n, dtype=np.float32).reshape(n, 3) if value is None else np.full((n, 3), value, np.float32)


@pytest.mark.parametrize("mode", [1, 0], ids=["on a host", "on a board"])
@pytest.mark.parametrize("gears", [None, (1, 2, 4)], ids=["static", "gears"])
@pytest.mark.parametrize("check", testing.SESSION_CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(simulated, write_om, check, gears, mode):
    simulated(run_mode=mode)
    path = write_om(gears=gears)
    check(lambda: OmSession(str(path)), {"x": rows(2)})


def test_a_batch_that_was_not_compiled_is_filled_up_and_cut(simulated, write_om):
    simulated()
    with OmSession(str(write_om(gears=(1, 2, 4)))) as session:
        np.testing.assert_array_equal(session.run_batched({"x": rows(7)})["y"], 2 * rows(7))
        with pytest.raises(SessionError, match="input `x` must have one of 1, 2, 4 rows, not 3"):
            session.run({"x": rows(3)})


def test_runs_overlap_and_answers_keep_their_order_and_shape(simulated, write_om):
    """Each answer has the shape of its own gear, though the next was chosen before it was fetched."""
    simulated()
    sizes = (1, 2, 4, 2, 1)
    with OmSession(str(write_om(gears=(1, 2, 4)))) as session:
        found = [answer["y"] for answer in session.run_many({"x": rows(n, n)} for n in sizes)]
    assert [array.shape[0] for array in found] == list(sizes)
    for array, n in zip(found, sizes, strict=True):
        np.testing.assert_array_equal(array, 2.0 * n)


def test_the_next_inputs_go_to_the_device_before_the_last_answer_is_waited_for(simulated, write_om, monkeypatch):
    acl = simulated()
    order = []
    wait, copy = acl.rt.synchronize_stream, acl.rt.memcpy
    monkeypatch.setattr(acl.rt, "synchronize_stream", lambda stream: order.append("wait") or wait(stream))
    monkeypatch.setattr(acl.rt, "memcpy", lambda *a: order.append({1: "to device", 2: "to host"}[a[4]]) or copy(*a))
    with OmSession(str(write_om())) as session:
        list(session.run_many({"x": rows(2)} for _ in range(3)))
        running = order[: order.index("to host") + 1]
    assert running == ["to device", "to device", "wait", "to host"]


def test_between_two_answers_the_session_may_be_used_otherwise(simulated, write_om):
    simulated()
    with OmSession(str(write_om(gears=(1, 2, 4)))) as session:
        found = []
        for answer, n in zip(session.run_many({"x": rows(n, n)} for n in (1, 2, 4)), (1, 2, 4), strict=True):
            np.testing.assert_array_equal(session.run({"x": rows(2, 50)})["y"], 100.0)
            found += [(n, *set(answer["y"].ravel().tolist()), len(answer["y"]))]
    assert found == [(1, 2.0, 1), (2, 4.0, 2), (4, 8.0, 4)]


def test_two_streams_of_runs_do_not_disturb_each_other(simulated, write_om):
    simulated()
    with OmSession(str(write_om())) as session:
        one = session.run_many({"x": rows(2, n)} for n in (1, 2, 3))
        other = session.run_many({"x": rows(2, n)} for n in (10, 20, 30))
        found = [(a["y"][0, 0], b["y"][1, 2]) for a, b in zip(one, other, strict=True)]
    assert found == [(2, 20), (4, 40), (6, 60)]


def test_a_run_that_fails_is_told_to_who_started_it_whoever_waited(simulated, write_om):
    simulated(fault="exec@1x1")
    with OmSession(str(write_om())) as session:
        one = session.run_many({"x": rows(2, n)} for n in (1, 2, 3, 4))
        np.testing.assert_array_equal(next(one)["y"], 2.0)  # the second runs by now, and fails
        np.testing.assert_array_equal(session.run({"x": rows(2, 50)})["y"], 100.0)
        with pytest.raises(SessionError, match="failed with 507015"):
            next(one)
        np.testing.assert_array_equal(session.run({"x": rows(2, 5)})["y"], 10.0)


@pytest.mark.parametrize("broken", ["wrong", "raises"])
def test_an_answer_goes_out_before_what_is_wrong_with_the_next_inputs(simulated, write_om, broken):
    def feeds():
        yield {"x": rows(2, 1)}
        yield {"x": rows(2, 2)}
        if broken == "raises":
            raise LookupError("no more")
        yield {"x": rows(5)}

    simulated()
    with OmSession(str(write_om())) as session:
        answers = session.run_many(feeds())
        assert [next(answers)["y"][0, 0] for _ in range(2)] == [2.0, 4.0]
        with pytest.raises((LookupError, SessionError), match=r"no more|must have the shape 2×3, not 5×3"):
            next(answers)


def test_other_code_keeps_its_context(simulated, write_om):
    acl = simulated()
    path = str(write_om())
    with OmSession(path) as kept:
        mine, _ = acl.rt.create_context(0)
        session = OmSession(path)
        assert acl.rt.get_context() == (mine, 0)
        session.run({"x": rows(2)})
        assert acl.rt.get_context() == (mine, 0)
        stream = session.run_many({"x": rows(2)} for _ in range(3))
        next(stream)
        del stream
        assert acl.rt.get_context() == (mine, 0)
        session.close()
        assert acl.rt.get_context() == (mine, 0)
        kept.run({"x": rows(2)})
        acl.rt.destroy_context(mine)


def test_a_fork_does_not_touch_what_its_parent_opened(simulated, write_om):
    simulated()
    with OmSession(str(write_om())) as session, session._lock:
        child = os.fork()
        if not child:
            try:
                session.run({"x": rows(2)})
            except SessionError as error:
                session.close()
                os._exit(40 if "opened before this process was forked" in str(error) else 41)
            os._exit(42)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 40


def test_an_input_of_one_size_may_stand_beside_gears(simulated, write_om):
    simulated()
    with OmSession(str(write_om(gears=(1, 2, 4), beside="w"))) as session:
        assert [spec.gears for spec in session.inputs] == [(1, 2, 4), ()]
        found = session.run({"x": rows(4), "w": np.zeros((3, 5), np.float32)})
        np.testing.assert_array_equal(found["y"], 2 * rows(4))


def test_runs_that_nobody_reads_to_the_end_hold_nothing(simulated, write_om):
    from ascendc.sim.session import machine

    simulated()
    with OmSession(str(write_om())) as session:
        for _ in range(3):
            next(session.run_many({"x": rows(2)} for _ in range(9)))
        made = machine().memory.allocations
        next(session.run_many({"x": rows(2)} for _ in range(9)))
        assert machine().memory.allocations == made
        np.testing.assert_array_equal(session.run({"x": rows(2)})["y"], 2 * rows(2))
        waiting = session.run_many({"x": rows(2)} for _ in range(9))
        next(waiting)
    with pytest.raises(SessionError, match="the session is closed"):
        next(waiting)


def test_wrong_inputs_end_the_runs_and_not_the_session(simulated, write_om):
    simulated()
    with OmSession(str(write_om())) as session:
        with pytest.raises(SessionError, match="input `x` must have the shape 2×3, not 5×3"):
            list(session.run_many({"x": rows(n)} for n in (2, 5)))
        assert len(list(session.run_many({"x": rows(2)} for _ in range(3)))) == 3


def test_a_run_allocates_nothing_and_copies_no_more_than_it_must(simulated, write_om):
    from ascendc.sim.session import machine

    simulated()
    with OmSession(str(write_om())) as session:
        session.run({"x": rows(2)})
        memory = machine().memory
        made, copied = memory.allocations, memory.copied
        for _ in range(5):
            session.run({"x": rows(2)})
        assert memory.allocations == made
        assert memory.copied - copied == 5 * (24 + 24)


@pytest.mark.parametrize("fault", ["device-lost@6x1", "exec@0x1"])
def test_a_fault_is_a_typed_error_and_the_session_goes_on(simulated, write_om, fault):
    simulated(fault=fault)
    with OmSession(str(write_om())) as session:
        errors = []
        for _ in range(6):
            try:
                np.testing.assert_array_equal(session.run({"x": rows(2)})["y"], 2 * rows(2))
            except SessionError as error:
                errors.append(str(error))
        assert ["AscendCL says: EZ9999: simulated fault" in error for error in errors] == [True]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("oom", "acl.rt.malloc failed with 207018: the memory of the device is full"),
        ("load", "acl.mdl.load_from_file failed with 545001: the model cannot be loaded"),
        ("device-lost", "acl.rt.set_device failed with 507899: the driver failed"),
    ],
)
def test_what_fails_while_it_opens_is_given_back(simulated, write_om, fault, message):
    simulated(fault=fault)
    with pytest.raises(SessionError, match=message):
        OmSession(str(write_om()))


@pytest.mark.parametrize("call", ["load_from_file", "get_input_dims_v2", "add_dataset_buffer"])
def test_an_interrupt_while_it_opens_leaves_nothing_either(simulated, write_om, monkeypatch, call):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(simulated().mdl, call, interrupted)
    with pytest.raises(KeyboardInterrupt):
        OmSession(str(write_om()))


def test_a_session_that_nobody_closes_is_closed_at_the_end(simulated, write_om):
    simulated()
    OmSession(str(write_om())).run({"x": rows(2)})  # gone at once
    session = OmSession(str(write_om()))  # gone after the end
    session.run({"x": rows(2)})
    simulated.keep = session


def test_sessions_on_devices_and_threads(simulated, write_om):
    simulated(devices=2)
    path = str(write_om(gears=(1, 2, 4)))
    failures = []

    def work(session, seed):
        for n in np.random.default_rng(seed).choice((1, 2, 4), 20):
            found = session.run({"x": rows(int(n), seed)})["y"]
            if found.shape != (n, 3) or (found != 2 * seed).any():
                failures.append((seed, n))

    sessions = [OmSession(path, device) for device in (0, 1)]
    threads = [threading.Thread(target=work, args=(sessions[seed % 2], seed)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for session in sessions:
        session.close()
    assert failures == []


def test_another_chip_is_refused_before_it_is_loaded(simulated, write_om):
    simulated(soc="Ascend310B4")
    with pytest.raises(
        OtherChipError, match="was compiled for Ascend310P3, and this is Ascend310B4: choose the target"
    ):
        OmSession(str(write_om()))


def test_a_chip_that_the_file_does_not_say_is_left_to_ascendcl(simulated, write_om):
    simulated(soc="Ascend310B4")
    OmSession(str(write_om(soc=""))).close()


@pytest.mark.parametrize(("here", "refused"), [("7.3.0.1.231", True), ("7.6.0.1.100", False), ("8.1.0.1.1", False)])
def test_an_om_that_is_newer_than_the_cann_is_refused(simulated, write_om, monkeypatch, tmp_path, here, refused):
    simulated()
    info = tmp_path / "cann" / "runtime" / "version.info"
    info.parent.mkdir(parents=True)
    info.write_text(f"Version={here}\nversion_dir=8.0\n")
    monkeypatch.setenv("ASCEND_HOME_PATH", str(tmp_path / "cann"))
    path = str(write_om(atc="7.6.0.1.220"))
    if refused:
        said = (
            f"was compiled by ATC 7.6.0.1.220, and the CANN in {tmp_path / 'cann'} is older, {here}: compile with its"
        )
        with pytest.raises(SessionError, match=re.escape(said)):
            OmSession(path)
    else:
        OmSession(path).close()


def test_a_real_device_is_not_offered_what_was_simulated(simulated, write_om, monkeypatch):
    acl = simulated()
    monkeypatch.delattr(acl, "SIMULATED")
    with pytest.raises(SessionError, match="was made by the simulated ATC: no device can run it"):
        OmSession(str(write_om()))
    OmSession(str(write_om()), allow_simulated=True).close()


def test_too_little_memory_is_said_in_figures(simulated, write_om):
    simulated(memory=1000)
    with pytest.raises(TooLittleMemoryError, match=r"needs 1 MB on the device, which has 0 of 0 MB free"):
        OmSession(str(write_om()))


def test_without_pyacl_it_says_what_to_source(write_om, monkeypatch):
    from ascendc.runtime import acl as api

    monkeypatch.setattr(api, "_only", {})
    monkeypatch.setitem(sys.modules, "acl", None)
    with pytest.raises(SessionError, match=r"an \.om needs CANN's Python module acl .*: source its set_env\.sh"):
        OmSession(str(write_om()))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ascend310P3", "Ascend310P"),
        ("Ascend310B4", "Ascend310B"),
        ("Ascend310", "Ascend310"),
        ("Ascend910B", "Ascend910"),
        ("Ascend910ProB", "Ascend910"),
        ("Ascend910B4-1", "Ascend910B"),
        ("Ascend910_9391", "Ascend910_93"),
        ("Ascend950PR", ""),
        ("", ""),
    ],
)
def test_families(name, expected):
    assert family(name) == expected


def test_families_are_those_of_the_host_s_table():
    socs = [(family(name), soc.short) for name, soc in table().items() if family(name)]
    assert len(socs) > 25
    assert [(one, other) for one in socs for other in socs if (one[0] == other[0]) != (one[1] == other[1])] == []


def test_dynamic_aipp_is_refused_in_words(simulated, write_om):
    simulated()
    with pytest.raises(
        SessionError, match="takes AIPP's settings with each picture; compile it with `aipp_mode: static`"
    ):
        OmSession(str(write_om(extra="ascend_dynamic_aipp_data")))


@pytest.mark.parametrize("gears", [None, (1, 2, 4)], ids=["static", "gears"])
def test_it_computes_on_inputs_that_are_on_the_device(simulated, write_om, monkeypatch, gears):
    acl = simulated()
    with OmSession(str(write_om(gears=gears))) as session:
        compute = session.resident({"x": rows(2)})
        copy, run, calls = acl.rt.memcpy, acl.mdl.execute_async, []
        monkeypatch.setattr(acl.rt, "memcpy", lambda *a: calls.append("copy") or copy(*a))
        monkeypatch.setattr(acl.mdl, "execute_async", lambda *a: calls.append("run") or run(*a))
        assert (compute(), compute()) == (None, None)
        assert calls == ["run", "run"]
        np.testing.assert_array_equal(session.run({"x": rows(2, 5)})["y"], np.full((2, 3), 10))
        compute()
