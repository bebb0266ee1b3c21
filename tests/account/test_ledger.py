from __future__ import annotations

import pytest

from ascendc.account.ledger import Ledger
from ascendc.events import StepFinished, StepStarted


@pytest.fixture
def ledger():
    ledger = Ledger()
    yield ledger
    ledger.close()


def states(ledger, *, failed=False):
    return [(s.stage, s.label, s.state, s.cached, s.key) for s in ledger.steps(failed=failed)]


def test_steps_stand_in_the_order_in_which_they_began(ledger):
    ledger.hear(StepStarted("export", "image", "k1"))
    ledger.hear(StepStarted("export", "text", "k2"))
    ledger.hear(StepFinished("export", "text", False, 1.5, "", "k2"))
    ledger.hear(StepFinished("golden", "text", True, 0.0, "", "k3"))
    assert ledger.running == ("export image",)
    assert states(ledger) == [
        ("export", "image", "running", False, "k1"),
        ("export", "text", "done", False, "k2"),
        ("golden", "text", "done", True, "k3"),
    ]
    assert states(ledger, failed=True)[0] == ("export", "image", "failed", False, "k1")
    assert ledger.steps(failed=False)[1].seconds == 1.5


def test_memory_is_that_of_steps_that_ran(ledger):
    ledger.hear(StepFinished("golden", "text", True, 0.0, "", "k"))
    assert ledger.peak_rss_bytes is None
    ledger.hear(StepStarted("export", "text", "k"))
    ledger.hear(StepStarted("export", "image", "k2"))
    ledger.hear(StepFinished("export", "text", False, 1.5, "", "k"))
    stored, done, running = ledger.steps(failed=False)
    assert stored.peak_rss_bytes is None
    if ledger.peak_rss_bytes is not None:
        assert 0 < done.peak_rss_bytes <= running.peak_rss_bytes <= ledger.peak_rss_bytes


def test_steps_with_one_label_are_told_apart_by_their_keys(ledger):
    ledger.hear(StepStarted("verify", "image", "k1"))
    ledger.hear(StepStarted("verify", "image", "k2"))
    ledger.hear(StepFinished("verify", "image", False, 1.0, "", "k2"))
    assert states(ledger) == [("verify", "image", "running", False, "k1"), ("verify", "image", "done", False, "k2")]
