from __future__ import annotations

import numpy as np
import pytest

from ascendc.errors import StageError
from ascendc.model import Judgement, Model, Options, Part, Samples, Source, Tensor, Weights
from ascendc.stages.assets import AssetsSpec, assets, lay_out_assets
from ascendc.stages.golden import GoldenSpec, golden, read
from ascendc.stages.judge import JudgeSpec, judge
from ascendc.stages.verify import Verified

PART = Part("main", (Tensor("x", "float32", ("batch", 2)),), (Tensor("y", "float32", ("batch", 2)),))
SPEC = GoldenSpec(PART, Weights("random"), "eager", 20, 0)
SAMPLES = Samples(arrays=tuple({"x": np.full(2, i, np.float32)} for i in range(20)))


class Doubler(Model):
    NAME = "doubler"
    DEVICE = "nowhere"
    dtype, scale, agrees, rows, twice = "float32", 2.0, True, None, False

    def parts(self):
        return (PART,)

    def module(self, part, weights, attention="eager"):
        import torch

        class Double(torch.nn.Module):
            scale, twice = self.scale, self.twice

            def forward(self, x):
                return (x * self.scale, x) if self.twice else x * self.scale

        return Double().eval()

    def samples(self, n, seed):
        return SAMPLES

    def inputs(self, part, samples, weights):
        return {"x": np.stack([item["x"] for item in samples.arrays[: self.rows]]).astype(self.dtype)}

    def judge(self, reference, candidate):
        assert reference["main"]["y"].shape == candidate["main"]["y"].shape
        return Judgement(self.agrees, "it agrees" if self.agrees else "it does not agree")

    def assets(self, folder, weights):
        (folder / "sub").mkdir()
        (folder / "sub" / "labels.txt").write_text(weights.kind)


@pytest.fixture
def model():
    return Doubler(Source("x"), Options())


def test_the_reference_is_run_in_chunks_over_all_samples(model, workspace):
    record = golden(SPEC, model, SAMPLES, workspace)
    assert read(record.inputs, workspace.store)["x"].shape == (20, 2)
    assert read(record.outputs, workspace.store)["y"][:, 0].tolist() == [2.0 * i for i in range(20)]


def test_inputs_of_another_dtype_are_the_plugin_s_fault(model, workspace):
    model.dtype = "float64"
    with pytest.raises(StageError) as caught:
        golden(SPEC, model, SAMPLES, workspace)
    assert caught.value.message == (
        "model plugin `doubler`: parts() declares input `x` of `main` as float32 batch×2; "
        "inputs('main') returned float64 20×2"
    )


def test_too_few_rows_are_the_plugin_s_fault(model, workspace):
    model.rows = 3
    with pytest.raises(StageError) as caught:
        golden(SPEC, model, SAMPLES, workspace)
    assert caught.value.message == (
        "model plugin `doubler`: inputs('main') must return a row for each of 20 samples, not 3 rows"
    )


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            Tensor("y", "float32", ("batch", 5)),
            "parts() declares output `y` of `main` as float32 batch×5; module('main') returned float32 20×2",
        ),
        (
            Tensor("y", "float16", ("batch", 2)),
            "parts() declares output `y` of `main` as float16 batch×2; module('main') returned float32 20×2",
        ),
    ],
)
def test_outputs_other_than_declared_are_refused(model, workspace, declared, message):
    import dataclasses

    spec = dataclasses.replace(SPEC, part=dataclasses.replace(PART, outputs=(declared,)))
    with pytest.raises(StageError) as caught:
        golden(spec, model, SAMPLES, workspace)
    assert caught.value.message == f"model plugin `doubler`: {message}"


def test_more_outputs_than_declared_are_refused(model, workspace):
    model.twice = True
    with pytest.raises(StageError) as caught:
        golden(SPEC, model, SAMPLES, workspace)
    assert caught.value.message == (
        "model plugin `doubler`: parts() declares the outputs y of `main`; module('main') returned y, #1"
    )


def test_a_module_that_raises_is_named(model, workspace):
    model.scale = "two"
    with pytest.raises(StageError) as caught:
        golden(SPEC, model, SAMPLES, workspace)
    assert caught.value.message.startswith("model plugin `doubler`: module('main') raised in forward(): TypeError: ")


def test_a_reference_that_is_not_finite(model, workspace):
    model.scale = float("inf")
    with pytest.raises(StageError) as caught:
        golden(SPEC, model, SAMPLES, workspace)
    assert caught.value.message == "the reference output `y` of part `main` holds NaN or infinity"


def test_assets_are_kept_and_laid_out(model, workspace, tmp_path):
    kept = assets(AssetsSpec(Weights("random")), model, workspace)
    assert [file.name for file in kept.files] == ["sub/labels.txt"]
    assert (lay_out_assets(kept, workspace.store, tmp_path / "a") / "sub" / "labels.txt").read_text() == "random"


@pytest.mark.parametrize("agrees", [True, False])
def test_the_task_verdict(model, workspace, agrees):
    record = golden(SPEC, model, SAMPLES, workspace)
    model.agrees = agrees
    verified = (Verified("main", (), record.outputs),)
    if agrees:
        assert judge(JudgeSpec(("main",)), model, (record,), verified, workspace).summary == "it agrees"
        return
    with pytest.raises(Exception, match="the task verdict on main is no: it does not agree") as caught:
        judge(JudgeSpec(("main",)), model, (record,), verified, workspace)
    assert caught.value.exit_code == 4


def test_a_weight_that_holds_nan_is_named(model, workspace, monkeypatch):
    import torch

    layer = torch.nn.Linear(2, 2).eval()
    with torch.no_grad():
        layer.weight[0, 0] = torch.nan
    monkeypatch.setattr(model, "module", lambda part, weights, attention: layer)
    with pytest.raises(StageError) as caught:
        golden(SPEC, model, SAMPLES, workspace)
    assert (caught.value.id, caught.value.message) == (
        "ASC1603",
        "the reference output `y` of part `main` holds NaN or infinity, as does the weight `weight`",
    )


def test_an_output_without_an_axis_of_samples(model, workspace, monkeypatch):
    import torch

    class Total(torch.nn.Module):
        def forward(self, x):
            return x.sum()

    monkeypatch.setattr(model, "module", lambda part, weights, attention: Total())
    with pytest.raises(StageError) as caught:
        golden(SPEC, model, SAMPLES, workspace)
    assert caught.value.id == "ASC1614"
    assert "output `y` of `main` is one number for all samples; its first axis must be the samples" in str(caught.value)
