"""Events, callbacks, and what else is in streams."""

from __future__ import annotations

import threading

import numpy as np
import pytest

H2D = 1


def test_an_event_is_reached_when_its_stream_comes_to_it(acl):
    api = acl()
    stream, _ = api.rt.create_stream()
    source, (address, _) = np.arange(4, dtype=np.float32), api.rt.malloc(16, 0)
    event, code = api.rt.create_event()
    assert (code, api.rt.query_event(event), api.rt.query_event_status(event)) == (0, (0, 0), (0, 0))
    api.rt.memcpy_async(address, 16, source.ctypes.data, 16, H2D, stream)
    assert api.rt.record_event(event, stream) == 0
    assert api.rt.query_event(event) == (1, 0)
    assert api.rt.synchronize_event(event) == 0
    assert (api.rt.query_event(event), api.rt.query_event_status(event)) == ((0, 0), (1, 0))
    assert api.util.ptr_to_bytes(address, 16) == source.tobytes()
    assert [api.rt.destroy_event(event), api.rt.destroy_event(event)] == [0, 107017]


def test_a_stream_waits_for_an_event_in_another(acl):
    api = acl()
    (first, _), (second, _) = api.rt.create_stream(), api.rt.create_stream()
    address, _ = api.rt.malloc(4, 0)
    event, _ = api.rt.create_event()
    api.rt.memset_async(address, 4, 1, 4, first)
    api.rt.record_event(event, first)
    assert api.rt.stream_wait_event(second, event) == 0
    api.rt.memset_async(address, 4, 2, 4, second)
    assert api.rt.synchronize_stream(second) == 0
    assert api.util.ptr_to_bytes(address, 4) == b"\2" * 4
    assert api.rt.query_event(event) == (0, 0)


def test_time_between_events_needs_both(acl):
    api = acl()
    stream, _ = api.rt.create_stream()
    start, end = api.rt.create_event()[0], api.rt.create_event_with_flag(1)[0]
    api.rt.record_event(start, stream)
    api.rt.record_event(end, stream)
    assert api.rt.event_elapsed_time(start, end) == (0.0, 107000)
    assert api.rt.synchronize_stream_with_timeout(stream, 1000) == 0
    elapsed, code = api.rt.event_elapsed_time(start, end)
    assert (code, elapsed >= 0) == (0, True)
    assert api.rt.reset_event(end, stream) == 0
    api.rt.synchronize_stream(stream)
    assert api.rt.event_elapsed_time(start, end)[1] == 107000


def test_every_stream_of_a_device_is_waited_for(acl):
    api = acl()
    address, _ = api.rt.malloc(8, 0)
    streams = [api.rt.create_stream()[0] for _ in range(2)]
    for place, stream in enumerate(streams):
        api.rt.memset_async(address + 4 * place, 4, place + 1, 4, stream)
    assert api.rt.synchronize_device() == 0
    assert api.util.ptr_to_bytes(address, 8) == b"\1" * 4 + b"\2" * 4


def test_callbacks_run_in_the_thread_that_is_subscribed(acl):
    api = acl()
    stream, _ = api.rt.create_stream()
    context, _ = api.rt.get_context()
    seen, stop = [], []

    def work(arguments):
        assert arguments == [context, 20]
        api.rt.set_context(arguments[0])
        while not stop:
            api.rt.process_report(arguments[1])

    assert api.rt.launch_callback(seen.append, 0, 1, stream) == 107015
    thread, code = api.util.start_thread(work, [context, 20])
    assert code == 0
    assert api.rt.subscribe_report(thread, stream) == 0
    assert api.rt.subscribe_report(thread, stream) == 107016
    assert api.rt.launch_callback(lambda data: seen.append((data, threading.get_ident())), "data", 1, stream) == 0
    assert seen == []  # nobody waits for the stream yet
    assert api.rt.synchronize_stream(stream) == 0
    assert seen == [("data", thread)]
    assert api.rt.unsubscribe_report(thread, stream) == 0
    assert api.rt.unsubscribe_report(thread, stream) == 107015
    stop.append(True)
    assert [api.util.stop_thread(thread), api.util.stop_thread(thread)] == [0, 3]


def test_a_thread_that_waits_for_no_callback_is_told(acl):
    assert acl().rt.process_report(1) == 107020


def test_who_asks_again_and_again_sees_the_work_end(acl):
    api = acl()
    stream, _ = api.rt.create_stream_with_config(0, 1)
    address, _ = api.rt.malloc(8, 0)
    event, _ = api.rt.create_event()
    assert api.rt.stream_query(stream) == (0, 0)
    api.rt.memset_async(address, 8, 1, 4, stream)
    api.rt.memset_async(address + 4, 4, 2, 4, stream)
    api.rt.record_event(event, stream)
    assert api.rt.stream_query(stream) == (1, 0)
    assert [api.rt.query_event_status(event) for _ in range(3)] == [(0, 0), (0, 0), (1, 0)]
    assert api.rt.stream_query(stream) == (0, 0)
    assert api.util.ptr_to_bytes(address, 8) == b"\1" * 4 + b"\2" * 4
    assert api.rt.stream_query(event) == (65535, 107017)
    assert api.rt.set_op_wait_timeout(3) == 0


def test_a_thread_without_arguments_and_one_that_raises(acl, capsys):
    api, seen = acl(), []
    thread, _ = api.util.start_thread(lambda: seen.append("called"), None)
    assert (api.util.stop_thread(thread), seen) == (0, ["called"])
    thread, _ = api.util.start_thread([].index, 7)
    with pytest.raises(RuntimeError, match=r"^exception=ValueError,msg=thread call failed;$"):
        api.util.stop_thread(thread)
    assert "ValueError: 7 is not in list" in capsys.readouterr().err
    with pytest.raises(TypeError, match="parameter must be callable"):
        api.util.start_thread("no function", [])
