"""Long use of OmSession on the simulated device; the short forms run in `make test`."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest

from ascendc.runtime import SessionError
from ascendc.runtime.om import OmSession

FAULTS = (("device-lost", 12), ("oom", 3), ("exec", 3), ("load", 1))
"""What fails, and at how many calls of a session's life it can."""


def resident():
    """Bytes of memory of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.parametrize("runs", [2_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_memory_is_steady_over_mixed_gears(simulated, write_om, runs):
    from ascendc.sim.session import machine

    simulated()
    feeds = {n: np.full((n, 3), n, np.float32) for n in (1, 2, 4)}
    order = np.random.default_rng(0).choice((1, 2, 4), runs)
    with OmSession(str(write_om(gears=(1, 2, 4)))) as session:
        for n in order[:1000]:
            session.run({"x": feeds[n]})
        made, sizes = machine().memory.allocations, [resident()]
        for window in np.split(order, 4):
            for n in window:
                assert session.run({"x": feeds[n]})["y"][0, 0] == 2 * n
            sizes.append(resident())
        # A leak grows in every window; what the rest of this process keeps or gives back does not.
        assert min(np.diff(sizes)) < 500 * len(order) // 4, sizes
        assert machine().memory.allocations == made
    assert machine().leaks() == ()


@pytest.mark.parametrize("runs", [50, pytest.param(2_000, marks=pytest.mark.soak)])
def test_eight_threads_on_two_devices(simulated, write_om, runs):
    simulated(devices=2)
    path, failures = str(write_om(gears=(1, 2, 4))), []

    def work(seed):
        try:
            with OmSession(path, seed % 2) as session:
                for n in np.random.default_rng(seed).choice((1, 2, 4), runs):
                    if (session.run({"x": np.full((n, 3), seed, np.float32)})["y"] != 2 * seed).any():
                        failures.append((seed, n))
        except SessionError as error:
            failures.append((seed, str(error)))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("faults", [40, pytest.param(1_000, marks=pytest.mark.soak)])
def test_every_fault_is_a_typed_error_and_leaves_nothing(simulated, write_om, faults, monkeypatch):
    """At every call that can fail, opening and running: the session is usable afterwards, or closed."""
    from ascendc.runtime import acl as api
    from ascendc.sim import session as sim

    path = str(write_om(gears=(1, 2, 4)))
    simulated()
    errors: list[str] = []
    for number in range(faults):
        name, calls = FAULTS[number % 4]
        monkeypatch.setenv("ASCENDC_SIM_FAULT", f"{name}@{number // 4 % calls}x1")
        try:
            with OmSession(path) as session:
                for n in (1, 2, 4):
                    try:
                        session.run({"x": np.full((n, 3), n, np.float32)})
                    except SessionError as error:
                        errors.append(str(error))
                        assert session.run({"x": np.full((n, 3), n, np.float32)})["y"].shape == (n, 3)
        except SessionError as error:
            errors.append(str(error))
        for made in api._only.values():
            made._end()  # finalize raises if anything is left
        api._only.clear()
        assert sim._machine is None
    assert len(errors) == faults
    assert [error for error in errors if "simulated fault" not in error] == []
