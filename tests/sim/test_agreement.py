"""One model, four ways to run it: PyTorch in fp32 and fp16, onnxruntime, and an OM on the simulated device."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from ascendc import driver, registry
from ascendc.runtime import open_session, relative_error
from ascendc.runtime.bundle import open_bundle
from ascendc.stages.package import OM_LIMITS
from ascendc.store import Store
from ascendc.torch_session import session_for

TINY = Path(__file__).parents[2] / "recipes" / "tiny-clip.yaml"
HALF = OM_LIMITS["fp16"]
"""What answers in fp16 may differ by, relative to the distance between samples."""


@pytest.fixture
def torch_session(tmp_path):
    """Open a part of the recipe's PyTorch model."""
    planner = driver.prepare(TINY, (), Store(tmp_path), registry.load())
    weights, attention = planner.recipe.model.weights, planner.recipe.export.attention
    parts = {part.name: part for part in planner.parts}
    return lambda part, precision: session_for(
        planner.model.module(part, weights, attention), parts[part], "cpu", precision
    )


@pytest.mark.parametrize("part", ["image", "text"])
def test_every_runtime_gives_the_same_answer(simulated, built, torch_session, part):
    """The image part of the OM takes pixels, and its AIPP prepares them: that is within the bound as well."""
    simulated()
    bundle = open_bundle(built.output)
    golden, artefact = bundle.golden(part), bundle.artefact(part)
    floats, fed = (
        {tensor.name: np.load(bundle.path(tensor.array)) for tensor in tensors}
        for tensors in (golden.inputs, golden.pixels or golden.inputs)
    )
    sessions = {
        "torch fp32": torch_session(part, "fp32"),
        "onnxruntime": open_session(bundle.path(artefact.onnx), "cpu"),
        "torch fp16": torch_session(part, "fp16"),
        "OM": open_session(bundle.om(artefact)),
    }
    answers = {}
    for name, session in sessions.items():
        with session:
            [answers[name]] = session.run_batched(fed if name == "OM" else floats).values()
            assert ("SIMULATED" in session.engine) == (name == "OM")
    for one, other in combinations(answers, 2):
        bound = golden.limit if (one, other) == ("torch fp32", "onnxruntime") else HALF
        error = relative_error(answers[one], answers[other])
        assert error <= bound, f"{one} and {other} differ by {error:.1e} of the sample distance"
    # What the bound is for: the answer to another sample is far outside.
    assert relative_error(answers["torch fp32"], np.roll(answers["OM"], 1, axis=0)) > 10 * HALF
