from __future__ import annotations

import os
import re
import signal
import threading
import time

import pytest

from ascendc.toolchain import process


def run(tmp_path, script, **more):
    lines = []
    settings = {"time_limit": 30.0, "say": lines.append, **more}
    outcome = process.run(["bash", "-c", script], cwd=tmp_path, log=tmp_path / "log", **settings)
    return outcome, lines


def test_output_of_both_streams_is_kept_and_said_in_lines(tmp_path):
    outcome, lines = run(tmp_path, "echo one; echo two >&2; printf 'three\\xff'; exit 7")
    assert (outcome.status, outcome.timed_out) == (7, False)
    assert lines == ["one", "two", "three\ufffd"]
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\nthree\xff"


def test_a_signal_is_a_negative_status(tmp_path):
    outcome, _ = run(tmp_path, "kill -9 $$")
    assert outcome.status == -signal.SIGKILL


def test_silence_is_broken_in_the_log_and_aloud(tmp_path):
    _, lines = run(tmp_path, "echo start; sleep 1", heartbeat=0.4)
    assert lines[0] == "start"
    assert len(lines) >= 2
    assert all(re.fullmatch(r"ascendc: running for \d+ s, silent for \d+ s", line) for line in lines[1:])
    assert (tmp_path / "log").read_text().splitlines() == lines


def test_a_child_that_closes_its_output_is_still_waited_for(tmp_path):
    outcome, _ = run(tmp_path, "exec >/dev/null 2>&1; sleep 0.3; exit 4")
    assert outcome.status == 4


def test_the_time_limit_ends_the_whole_group(tmp_path, gone):
    outcome, lines = run(tmp_path, "sleep 60 & echo $! >child; echo up; wait", time_limit=0.5)
    assert outcome.timed_out
    assert lines == ["up"]
    assert outcome.seconds < 10
    assert gone(tmp_path / "child")


def test_a_group_that_ignores_the_polite_signal_is_ended_too(tmp_path, gone, monkeypatch):
    monkeypatch.setattr(process, "GRACE", 0.2)
    outcome, _ = run(tmp_path, "trap '' TERM; echo $$ >child; while :; do sleep 0.1; done", time_limit=0.5)
    assert outcome.timed_out
    assert gone(tmp_path / "child")


def test_what_a_finished_child_leaves_behind_is_ended(tmp_path, gone):
    outcome, _ = run(tmp_path, "sleep 60 & echo $! >child; exit 0")
    assert outcome.status == 0
    assert outcome.seconds < 10
    assert gone(tmp_path / "child")


def test_an_interrupt_ends_the_group_and_goes_on(tmp_path, gone):
    stopped = []

    def interrupt(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, "sleep 60 & echo $! >child; echo up; wait", say=interrupt, stop=lambda: stopped.append(1))
    assert gone(tmp_path / "child")
    assert stopped == [1]


def test_stop_all_ends_what_another_thread_runs(tmp_path):
    up = threading.Event()
    results = []
    thread = threading.Thread(
        target=lambda: results.append(run(tmp_path, "echo up; sleep 60", say=lambda _: up.set())[0])
    )
    thread.start()
    assert up.wait(10)
    process.stop_all()
    thread.join(10)
    assert results[0].status == -signal.SIGTERM


def fail():
    raise OSError("cannot stop")


def test_a_stop_that_fails_leaves_no_child_behind(tmp_path, gone):
    started = time.monotonic()
    with pytest.raises(OSError, match="cannot stop"):
        run(tmp_path, "echo $$ >child; sleep 20 & wait", time_limit=0.5, stop=fail)
    assert time.monotonic() - started < 10
    assert gone(tmp_path / "child")


def test_stop_all_ends_the_others_where_one_stop_fails(tmp_path):
    up = [threading.Event() for _ in range(3)]
    results = {}

    def work(i):
        outcome, _ = run(tmp_path / str(i), "echo up; sleep 20", say=lambda _: up[i].set(), stop=stops[i])
        results[i] = outcome.status

    stops = [fail, fail, lambda: None]
    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for i, thread in enumerate(threads):
        (tmp_path / str(i)).mkdir()
        thread.start()
        assert up[i].wait(10)
    with pytest.raises(OSError, match="cannot stop"):
        process.stop_all()
    for thread in threads:
        thread.join(10)
    assert results == dict.fromkeys(range(3), -signal.SIGTERM)


def test_a_program_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        process.run(["no-such-program"], cwd=tmp_path, log=tmp_path / "log", time_limit=1, say=print)


def test_the_child_is_in_a_group_of_its_own(tmp_path):
    _, lines = run(tmp_path, "ps -o pgid= -p $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat")
    assert int(lines[0]) != os.getpgrp()
