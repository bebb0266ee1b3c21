import sys
import threading
import time
from contextlib import closing

import pytest

from ascendc.runtime.ahead import ahead


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


def halves(item):
    return 100 // item


def test_results_come_in_order_whatever_ends_first():
    first_may_end = threading.Event()

    def work(item):
        if item == 0:
            assert first_may_end.wait(10)
        if item == 3:
            first_may_end.set()
        return item * item

    assert [(item, future.result()) for item, future in ahead(work, range(20), 8, workers=3)] == [
        (n, n * n) for n in range(20)
    ]


@pytest.mark.parametrize("window", [1, 3])
def test_no_more_than_a_window_is_in_flight(window):
    asked = []
    most = 0
    items = (asked.append(n) or n for n in range(50))
    for handed_out, (_, future) in enumerate(ahead(abs, items, window)):
        future.result()
        most = max(most, len(asked) - handed_out)
    assert most == window
    assert len(asked) == 50


def test_work_is_done_while_the_caller_is_busy():
    done = [threading.Event() for _ in range(4)]
    with closing(ahead(lambda n: done[n].set(), range(4), 4, workers=2)) as found:
        next(found)
        assert all(event.wait(10) for event in done)


def test_an_error_belongs_to_its_item():
    said = []
    for item, future in ahead(halves, (5, 0, 4), 2):
        try:
            said.append((item, future.result()))
        except ZeroDivisionError as error:
            said.append((item, str(error)))
    assert said == [(5, 20), (0, "integer division or modulo by zero"), (4, 25)]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_has_not_begun_is_cancelled(error):
    begun = []

    def work(item):
        begun.append(item)
        time.sleep(0.01)

    found = ahead(work, range(100), 90, workers=1)
    next(found)
    with pytest.raises(error):
        found.throw(error())
    assert len(begun) < 90


def test_an_iteration_that_was_left_may_be_collected_by_its_own_worker(monkeypatch):
    left, done = [], threading.Event()
    failed = []
    monkeypatch.setattr(sys, "unraisablehook", failed.append, raising=False)

    def work(item):
        done.wait(10)
        left.clear()
        return item

    left.append(ahead(work, range(9), 4, workers=1))
    next(left[0])
    (worker,) = [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")]
    done.set()
    worker.join(10)
    assert (worker.is_alive(), failed, left) == (False, [], [])


def test_items_that_fail_end_it():
    def items():
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(ahead(halves, items(), 4))
