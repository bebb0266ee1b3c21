"""What a report is made of, made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ascendc.account import findings as found
from ascendc.account.record import Machine, Record, StepRecord
from ascendc.bench import gears
from ascendc.bench import setting as settings
from ascendc.bench.distribution import distribution
from ascendc.bench.footprint import Footprint
from ascendc.bench.result import Case, Results, Subject, Validation
from ascendc.outlook import Outlook
from ascendc.precision.damage import Damage
from ascendc.precision.forecast import Culprit


@pytest.fixture
def record():
    """The record of a build; keyword arguments change it."""
    before, after = {"Add": 3, "Constant": 9}, {"Add": 3, "MatMul": 1}
    change = found.GraphChange(
        "image",
        found.GraphFacts(13, 2_000_000, before),
        found.GraphFacts(13, 1_500_000, after),
        (found.PassReceipt("fold-constants", "ATC folds little.", 9), found.PassReceipt("clamp-mask", "-inf.", 0)),
    )
    group = found.CheckedGroup("aicpu", {"ArgMax": 2, "TopK": 1}, "no kernel for int64", "int32-ids", "/a", "text.pool")
    checked = found.CheckedSoc("image @ card", "Ascend310", "bundled: tables", {"aicore": 7, "aicpu": 3}, (group,))
    made = Record(
        status="done",
        ascendc="0.1.0",
        command="ascendc build tiny.yaml",
        recipe="tiny.yaml",
        recipe_sha256="ab" * 32,
        overrides=("model.weights=random",),
        until="package",
        output="build/tiny",
        bundle_digest=None,
        changed=True,
        started="2026-01-01T00:00:00+00:00",
        seconds=12.3,
        peak_rss_bytes=500_000_000,
        machine=Machine("Linux", 2, 8_000_000_000),
        tools={"python": "3.11.7"},
        steps=(
            StepRecord("export", "image", "done", False, 8.5, "k1", 400_000_000, "torchscript"),
            StepRecord("fix", "image", "done", True, 0.0, "k2", None, "9 rewrites"),
        ),
        log=None,
        benchmark=None,
        error=None,
        notes=(),
        findings=found.Findings((change,), (checked,)),
    )
    return lambda **changes: replace(made, **changes)


@pytest.fixture
def outlook():
    """A forecast; keyword arguments change it."""

    def culprit(node, own, accumulated):
        return Culprit(node, "Softmax", node.strip("/").replace("/", "."), own, own, accumulated, 1.0, False, None)

    made = Outlook(
        ok=True,
        mode="force_fp16",
        bound="fused",
        limit=0.03,
        end_to_end={"y": Damage(0.999, 0.01, 0.002, 0.0021)},
        culprits=(
            culprit("/model/layers.10/attn", 0.002, 0.003),
            culprit("/model/layers.2/attn", 0.001, 0.0015),
            culprit("/model/layers.2/mlp", 0.0004, 0.0016),
        ),
        overflow=(),
        model="image @ card",
        samples="the recipe's",
        count=16,
        unfused=None,
        kept=None,
        rewrites=(),
    )
    return lambda **changes: replace(made, **changes)


@pytest.fixture
def case():
    """A measured row, from milliseconds; keyword arguments change it."""

    def make(*taken, **changes):
        made = Case(
            runtime="onnx",
            device="cpu",
            precision="fp32",
            target="card",
            part="image",
            batch=1,
            state="measured",
            reason="",
            origin="measured",
            engine="onnxruntime",
            inputs="golden",
            latency=None,
            compute=None,
            whole=None,
            loads=(),
            memory=Footprint("measured", None, None, None, 80_000_000, process_peak_of_case=True),
            cold_starts=(),
            warm_up=None,
            validation=Validation(16, 1e-6, 2e-4, "", ok=True) if taken else None,
            roofline=None,
            samples_ms=(taken,) if taken else (),
        )
        made = replace(made, **changes)
        return replace(made, latency=distribution([taken], made.batch)) if taken else made

    return make


@pytest.fixture
def results(case):
    """A benchmark; keyword arguments change it."""
    points = gears.points({1: 2.0, 4: 4.0, 8: 8.0})
    made = Results(
        command="ascendc bench tiny",
        complete=True,
        model=Subject("tiny", "clip", "tiny-clip", "pretrained"),
        machine=settings.Machine("a chip", 4, 8 << 30, "Linux x86_64"),
        setting=settings.Setting("2026-01-01", "3.11", "6.1", {"numpy": "2"}, None, None, None, None, 0.1, 0.9),
        runs=4,
        rounds=1,
        client_processes=False,
        cases=(
            case(2.0, 2.2, 1.9, 2.4),
            case(1.0, 1.1, 0.9, 1.2, runtime="torch"),
            case(runtime="om", device="npu", precision="fp16", state="unavailable", reason="the bundle holds no OM"),
        ),
        scaling=(
            gears.Scaling("measured", "onnx", "cpu", "fp32", "card", "image", points, gears.gears(points), gears.RULE),
        ),
        notes=(),
    )
    return lambda **changes: replace(made, **changes)
