from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from ascendc.account import sampler
from ascendc.account.sampler import Sampler, resident

MIB = 1 << 20
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what is resident")

HOLDS_64_MIB = "import time; held = b'x' * (64 << 20); print('up', flush=True); time.sleep(60)"


def test_descendants_count():
    before = resident(os.getpid())
    with subprocess.Popen([sys.executable, "-c", HOLDS_64_MIB], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        grown = resident(os.getpid()) - before
        child.kill()
    assert grown > 60 * MIB


def test_a_child_of_another_thread_counts(tmp_path):
    done, found = threading.Event(), []

    def work():
        with subprocess.Popen([sys.executable, "-c", HOLDS_64_MIB], stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            found.append(child.pid)
            done.wait(30)
            child.kill()

    thread = threading.Thread(target=work)
    before = resident(os.getpid())
    thread.start()
    while not found and thread.is_alive():
        thread.join(0.01)
    grown = resident(os.getpid()) - before
    done.set()
    thread.join()
    assert grown > 60 * MIB


def test_a_system_that_does_not_say(tmp_path, monkeypatch):
    assert resident(os.getpid(), tmp_path) is None
    monkeypatch.setattr(sampler, "resident", lambda pid: resident(pid, tmp_path))
    watching = Sampler()
    watching.start("a")
    assert watching.finish("a") is None
    assert watching.peak is None
    watching.close()


def test_a_step_gets_the_most_that_was_seen_while_it_ran(monkeypatch):
    seen = iter([10, 70, 30, 20, 5])
    monkeypatch.setattr(sampler, "resident", lambda _: next(seen))
    monkeypatch.setattr(sampler, "PERIOD", 1e6)
    watching = Sampler()
    watching.start("first")  # 10
    watching.start("second")  # 70: they overlap
    assert watching.finish("first") == 70  # at 30
    watching.start("third")  # 20
    assert watching.finish("third") == 20  # at 5
    assert watching.peak == 70
    watching.close()


def test_memory_that_came_and_went_between_start_and_finish_is_seen():
    watching = Sampler()
    watching.start("step")
    held = bytearray(os.urandom(1)) * (64 * MIB)
    high = resident(os.getpid())
    while watching.peak < high - 8 * MIB:  # until the thread has looked
        threading.Event().wait(0.01)
    del held
    assert watching.finish("step") > high - 8 * MIB
    watching.close()


def test_a_build_that_runs_nothing_has_no_thread():
    watching = Sampler()
    before = threading.active_count()
    watching.close()
    assert threading.active_count() == before
    assert watching.peak is None
