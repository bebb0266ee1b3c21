"""Results made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ascendc.bench.clock import WarmUp
from ascendc.bench.distribution import distribution
from ascendc.bench.footprint import Footprint
from ascendc.bench.result import Case, Results, Subject, Validation
from ascendc.bench.setting import Machine, Setting
from ascendc.bench.work import ColdStart


@pytest.fixture
def case():
    """A row measured on a CPU, from rounds of milliseconds; keyword arguments change it."""

    def make(*rounds, **changes):
        found = Case(
            runtime="onnx",
            device="cpu",
            precision="fp32",
            target="card",
            part="image",
            batch=1,
            state="measured",
            reason="",
            origin="measured",
            engine="onnxruntime 1.0 CPUExecutionProvider",
            inputs="golden",
            latency=None,
            compute=None,
            whole=None,
            loads=(),
            memory=Footprint("measured", None, None, None, 80_000_000, process_peak_of_case=True),
            cold_starts=(ColdStart("measured", 0.5, 0.25, 12.0),),
            warm_up=WarmUp("measured", 10, 0.1, steady=True),
            validation=Validation(16, 1e-6, 2e-4, "", ok=True),
            roofline=None,
            samples_ms=tuple(tuple(map(float, one)) for one in rounds),
        )
        found = replace(found, **changes)
        return replace(found, latency=distribution(rounds, found.batch)) if rounds else found

    return make


@pytest.fixture
def results():
    """Results that hold rows; keyword arguments change them."""

    def make(*cases, **changes):
        found = Results(
            command="ascendc bench b",
            complete=True,
            model=Subject("tiny", "clip", "tiny-clip", "pretrained"),
            machine=Machine("a chip", 4, 8 << 30, "Linux x86_64"),
            setting=Setting(
                "2026-01-01T00:00:00Z", "3.11.7", "6.1", {"numpy": "2.0"}, None, None, None, None, 0.1, 0.9
            ),
            runs=100,
            rounds=1,
            client_processes=False,
            cases=cases,
            scaling=(),
            notes=(),
        )
        return replace(found, **changes)

    return make
