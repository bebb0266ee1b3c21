"""``ascendc compare`` with OMs: on the simulated device, and said so."""

import numpy as np
import pytest

from ascendc.errors import EnvironmentLacksError, UsageError
from ascendc.judge.opened import side
from ascendc.judge.verdict import compare
from ascendc.runtime import acl as api


def judged(one, other, **options):
    with side(one, "reference") as reference, side(other, "candidate") as candidate:
        return compare(reference, candidate, **options)


def om_and_onnx(built, part):
    [onnx] = built.output.glob(f"models/**/{part}.onnx")
    [om] = built.output.glob(f"models/**/{part}.om")
    return om, onnx


def test_a_bundles_oms_against_its_golden_outputs(simulated, built):
    """Pixels go to the OM with AIPP; the task is judged over both towers."""
    simulated()
    verdict = judged(built.output, built.output)
    assert verdict.ok
    assert {answered.engine for answered in verdict.candidate.answered} == {"pyACL Ascend310P3 SIMULATED"}
    assert all(answered.simulated for answered in verdict.candidate.answered)
    assert [(output.name, output.limit) for output in verdict.outputs] == [
        ("image_embeds", 3e-2),
        ("text_embeds", 3e-2),
    ]
    assert verdict.task.plugin == "clip"
    assert all(1e-5 < output.figures.error < 3e-2 for output in verdict.outputs)


def test_an_om_layer_by_layer_through_dumps(simulated, built):
    """The OM with AIPP, batch 1, and the one with gears up to 8."""
    simulated()
    for part, total in (("image", 213), ("text", 164)):
        om, _ = om_and_onnx(built, part)
        verdict = judged(built.output, om, part=part, layered=True)
        [found] = verdict.layers
        assert (verdict.ok, found.simulated, found.first) == (True, True, None)
        assert (found.matched, found.total) == (total, total)


def test_the_tower_of_another_is_refused(simulated, built):
    """The text tower's OM for the picture's: what it takes says so."""
    simulated()
    om, _ = om_and_onnx(built, "text")
    with pytest.raises(UsageError) as caught:
        judged(built.output, om, part="image")
    assert caught.value.id == "ASC2805"
    assert caught.value.message == (
        f"`{om}` takes the input `input_ids`; the samples (the golden inputs of {built.output}) hold `pixel_values`"
    )


def test_without_cann_an_om_cannot_be_run(write_om, tmp_path, monkeypatch):
    monkeypatch.setattr(api, "_only", {})
    om = write_om()
    np.savez(tmp_path / "x.npz", x=np.ones((2, 3), np.float32))
    with pytest.raises(EnvironmentLacksError) as caught:
        judged(om, om, samples=tmp_path / "x.npz")
    assert caught.value.id == "ASC2808"
    assert caught.value.message.startswith(f"`{om}` cannot be run here: an .om needs CANN's Python module acl")
