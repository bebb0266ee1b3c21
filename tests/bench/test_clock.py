import threading
import time

import pytest

from ascendc.bench import clock
from ascendc.bench.clock import in_turns, load_of, timed, under_load, warm_up


@pytest.fixture
def times(monkeypatch):
    """Runs take what is said here, in milliseconds; then the last for ever."""

    def begin(*milliseconds):
        left = list(milliseconds)
        monkeypatch.setattr(clock, "timed", lambda run, runs: [left.pop(0) if len(left) > 1 else left[0]])

    return begin


def test_warm_up_ends_when_two_windows_agree(times):
    times(100, 50, 20, 10, 10, 10)
    warm = warm_up(lambda: None, least=0)
    # 100 50 20 10 10 | 10 10 10 10 10: medians 20 and 10; then 50 20 10 10 10 | …: 10 and 10
    assert (warm.runs, warm.steady) == (11, True)
    assert warm.seconds == pytest.approx((100 + 50 + 20 + 8 * 10) / 1e3)


def test_warm_up_lasts_at_least_as_asked(times):
    times(10)
    assert warm_up(lambda: None, least=25).runs == 25


def test_warm_up_gives_up_and_says_so(monkeypatch):
    taken = [0.0]

    def ever_slower(run, runs):
        taken[0] = 1.2 * taken[0] + 1
        return [taken[0]]

    monkeypatch.setattr(clock, "timed", ever_slower)
    warm = warm_up(lambda: None, least=10)
    assert (warm.runs, warm.steady) == (100, False)


def test_timed_runs_are_each_timed():
    taken = timed(lambda: time.sleep(0.002), 3)
    assert len(taken) == 3
    assert min(taken) >= 2


def test_ways_take_turns():
    order = []
    taken = in_turns((lambda: order.append("a"), None, lambda: order.append("b")), 50)
    assert [len(one) for one in taken] == [50, 0, 50]
    assert "".join(order) == "b" * clock.WARM + ("a" * 20 + "b" * 20) * 2 + "a" * 10 + "b" * 10


def test_clients_call_at_once():
    together = threading.Barrier(3)  # it breaks, and the run fails, unless three calls wait at the same time
    run = under_load(lambda: together.wait(timeout=10), clients=3, runs=6)
    assert (run.clients, len(run.calls_ms), run.by_client) == (3, 6, (2, 2, 2))
    load = load_of([run, run], items=4)
    assert load.latency.runs == 12
    assert load.per_second == pytest.approx(48 / load.seconds)
    assert load.seconds == 2 * run.seconds
    assert load.evenness == 1


def test_a_client_that_waits_leaves_its_runs_to_the_others_and_that_is_told():
    held, others = threading.Semaphore(1), threading.Event()

    def run():
        if held.acquire(blocking=False):  # the first call of all waits for the last of the others
            assert others.wait(timeout=10)
        elif left.pop() == 0:
            others.set()

    left = list(range(6))
    one = under_load(run, clients=3, runs=7)
    assert sorted(one.by_client)[0] == 1
    assert (sum(one.by_client), len(one.calls_ms)) == (7, 7)
    assert one.calls_ms[-1] == max(one.calls_ms)  # it ended last
    assert load_of([one], items=1).evenness == 1 / max(one.by_client)


def test_each_client_calls_once_at_least():
    assert under_load(lambda: None, clients=4, runs=2).by_client == (1, 1, 1, 1)


def test_what_a_client_raises_is_raised():
    def fail():
        raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        under_load(fail, clients=2, runs=2)
