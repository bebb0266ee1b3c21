from __future__ import annotations

import os
import signal
import sys
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, save

from ascendc.bench import child
from ascendc.bench.child import ask
from ascendc.bench.clients import in_processes
from ascendc.bench.configuration import FIXED, Configuration
from ascendc.bench.feeds import Given, Half
from ascendc.bench.work import Done, Opened, Protocol, Request, Undone, Wanted
from ascendc.runtime import SessionError

GOLDEN = np.arange(15, dtype=np.float32).reshape(5, 3)


@pytest.fixture
def request_for(tmp_path):
    """A request for y = x + x on onnxruntime, of a fixed or any batch; keyword arguments change its protocol."""

    def make(batch="batch", parts=("main",), **changes):
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, 3]) for name in ("x", "y")]
        graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", values[:1], values[1:])
        path = tmp_path / "m.onnx"
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), path)
        protocol = {"batches": (1,), "runs": 10, "warmup": 1, "clients": (), **changes}
        return Request(
            Configuration("onnx", "cpu", FIXED, "card"),
            tuple(Wanted(part, path, {"x": GOLDEN}) for part in parts),
            (),
            Protocol(**protocol),
            Half("nothing", None, tmp_path),
            Given(),
            started=0.0,
        )

    return make


def test_each_batch_is_timed_and_answers_on_all_samples(request_for):
    asked = request_for(batches=(1, 4), clients=(2,))
    opened, *done = ask(asked)
    assert isinstance(opened, Opened)
    assert (opened.engine.split()[0], opened.simulated, opened.inputs) == ("onnxruntime", False, "golden")
    assert opened.cold_start.process_s > 0
    assert [answer.batch for answer in done] == [1, 4]
    for answer in done:
        np.testing.assert_array_equal(answer.answers["main"]["y"], 2 * GOLDEN)
        assert len(answer.timed.latency_ms) == len(answer.timed.compute_ms) == 10
        assert answer.timed.whole_ms == ()
        assert answer.timed.memory.process_peak > 10_000_000
        assert [(load.clients, len(load.calls_ms)) for load in answer.timed.loads] == [(2, 10)]


def test_parts_run_together_and_answer_each_in_whatever_batch_they_were_made_for(request_for):
    opened, done = ask(request_for(batch=4, parts=("one", "other"), batches=(2,)))
    assert opened.engine.count("onnxruntime") == 1
    assert set(done.answers) == {"one", "other"}
    for answer in done.answers.values():
        np.testing.assert_array_equal(answer["y"], 2 * GOLDEN)
    assert len(done.timed.latency_ms) == 10
    assert done.timed.compute_ms == ()  # two rows are no run of an engine that takes four
    [_, exact] = ask(request_for(batch=4, parts=("one", "other"), batches=(4,)))
    assert len(exact.timed.compute_ms) == 10


def test_a_batch_that_the_engine_was_not_made_for_is_told(request_for):
    _, undone, done = ask(request_for(batch=4, batches=(1, 4)))
    assert undone == Undone(1, "unavailable", "it was compiled for a batch of 4, not 1")
    assert (type(done), done.batch) == (Done, 4)
    assert list(ask(request_for(batch=4, batches=(1, 2)))) == [
        Undone(n, "unavailable", f"it was compiled for a batch of 4, not {n}") for n in (1, 2)
    ]


def test_clients_may_be_processes(request_for):
    _, done = ask(request_for(batches=(2,), clients=(2,), client_processes=True))
    [load] = done.timed.loads
    assert load.clients == len(load.by_client) == 2
    assert min(load.by_client) >= 1
    assert len(load.calls_ms) == sum(load.by_client)
    assert load.seconds > 0


def test_a_client_that_fails_or_dies_fails_the_row(request_for, monkeypatch):
    asked = request_for()
    asked.parts[0].model.write_bytes(b"no model")
    with pytest.raises(SessionError, match=r"^a client's process failed: .*cannot be loaded by onnxruntime"):
        in_processes(asked, 1, clients=2, seconds=0.01)
    monkeypatch.setattr(child, "_PROGRAM", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(SessionError, match=r"^a client's process died; what it said stands above$"):
        in_processes(asked, 1, clients=1, seconds=0.01)


def test_a_batch_that_memory_cannot_hold_fails_alone(request_for):
    _, done, undone = ask(request_for(batches=(1, 1 << 45)))
    assert done.batch == 1
    assert (undone.batch, undone.state) == (1 << 45, "failed")
    assert undone.reason.startswith("there is not the memory for it: ")


def test_a_file_that_cannot_be_opened_is_told(request_for):
    asked = request_for()
    asked.parts[0].model.write_bytes(b"no model")
    [undone] = ask(asked)
    assert (undone.batch, undone.state) == (None, "unavailable")
    assert "cannot be loaded by onnxruntime" in undone.reason


@pytest.mark.parametrize(
    ("ends", "reason"),
    [
        ("sys.exit(7)", "its process ended with status 7; what it said stands above"),
        ("os.kill(os.getpid(), 9)", "its process was killed, as the system does for lack of memory"),
        ("os.kill(os.getpid(), 15)", "its process died by signal 15 (SIGTERM)"),
    ],
)
def test_a_process_that_dies_is_an_answer(request_for, monkeypatch, ends, reason):
    monkeypatch.setattr(child, "_PROGRAM", f"import os, sys; {ends}")
    assert list(ask(request_for())) == [Undone(None, "failed", reason)]


def test_the_process_ends_with_the_iteration(request_for):
    """As an interrupt ends it."""
    before = _children()
    with closing(ask(request_for(runs=10_000_000))) as answers:
        next(answers)
        [pid] = _children() - before
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def test_clients_end_with_the_process_that_measures(request_for, monkeypatch):
    """An interrupt must leave none behind: they stay in its group, which ends with it."""
    monkeypatch.setattr(child, "_PROGRAM", "import time; time.sleep(60)")
    with child.started(replace(request_for(), client=1)) as (client, _):
        assert os.getpgid(client.pid) == os.getpgid(0)
    monkeypatch.setattr(child, "_PROGRAM", "import subprocess; subprocess.run(['sleep', '60'])")
    with child.started(request_for()) as (process, _):
        while len(_group(process.pid)) < 2:
            assert process.poll() is None
    assert _group(process.pid) == set()


def test_a_module_in_the_current_folder_is_not_taken_for_another(request_for, tmp_path, monkeypatch):
    (tmp_path / "onnxruntime.py").write_text("raise SystemExit('taken')")
    monkeypatch.chdir(tmp_path)
    assert isinstance(next(ask(request_for())), Opened)


def _group(leader):
    """Those that live."""
    stats = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            stats.append(path.read_text().rpartition(")")[2].split())
    return {n for n, (state, _, group, *_) in enumerate(stats) if int(group) == leader and state not in "ZX"}


def _children():
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


def test_a_bundle_that_is_on_the_path_lends_no_modules(request_for, tmp_path, monkeypatch):
    """It has a runtime of its own, whose errors are not those that a measuring process knows."""
    (tmp_path / "ascendc_device").mkdir()
    (tmp_path / "numpy.py").write_text("raise SystemExit(3)")
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])
    opened, done = ask(request_for())
    assert (type(opened), type(done)) == (Opened, Done)
