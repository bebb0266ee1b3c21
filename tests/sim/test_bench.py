"""The benchmark on the simulated device."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema

from ascendc.sim.settings import Settings
from ascendc.sim.tree import plant

ROOT = Path(__file__).parents[2]


def test_the_simulated_device_has_no_figures(built, tmp_path):
    """Its OMs run, and answer right; how long that took says nothing of a chip."""
    script = plant(tmp_path / "cann", Settings("Ascend310P3"))
    command = [sys.executable, "-m", "ascendc", "bench", str(built.output), "--runtimes", "om", "--batches", "1", "4"]
    done = subprocess.run(
        ["bash", "-c", f'source "{script}" && "$@"', "bash", *command, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert (
        "ASC2608 nothing could be measured: om npu fp16 @ ascend310p3, image: it ran on the simulated device, whose "
        "times are not a chip's; "
    ) in done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads((ROOT / "docs/bench.schema.json").read_text(encoding="utf-8")))
    rows = {}
    for case in document["cases"]:
        rows[case["part"], case["batch"]] = case["state"]
        for figures in ("latency", "compute", "whole", "loads", "memory", "cold_starts", "roofline", "samples_ms"):
            assert not case[figures]
        if case["state"] == "simulated":
            assert case["origin"] == "simulated"
            assert case["validation"]["ok"]
            assert case["engine"] == "pyACL Ascend310P3 SIMULATED"
    assert rows == {
        ("image", 1): "simulated",
        ("image", 4): "unavailable",  # compiled for one picture
        ("text", 1): "simulated",
        ("text", 4): "simulated",  # a gear
        ("image+text", 1): "simulated",
        ("image+text", 4): "simulated",  # pictures one by one, as the bundle answers
    }
