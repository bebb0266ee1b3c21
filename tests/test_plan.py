from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from PIL import Image

from ascendc import driver, keys, registry
from ascendc.dag import key_of, order
from ascendc.errors import StageError, UsageError
from ascendc.model import Use
from ascendc.plan import TargetSteps, make_plan

RECIPES = Path(__file__).parents[1] / "recipes"


@pytest.fixture
def plan_of(store, tmp_path):
    """Plan a recipe of the tiny CLIP with other targets."""

    def make(targets, until="package", text=""):
        path = tmp_path / "recipe.yaml"
        path.write_text(
            f"version: 1\nmodel: {{plugin: clip, source: {RECIPES / 'tiny-clip'}}}\ntargets:\n{targets}{text}"
        )
        steps = TargetSteps(driver.prepare(path, (), store, registry.load()))
        return steps, make_plan(steps, until)

    return make


def stages(plan):
    return [step.stage for step in order(plan.goals)]


def test_one_target_runs_each_stage_once_per_part(plan_of):
    _, plan = plan_of("  - soc: Ascend310\n")
    found = stages(plan)
    assert {stage: found.count(stage) for stage in found} == {
        "export": 2, "fix": 2, "golden": 2, "verify": 2, "check": 2, "forecast": 2, "assets": 1, "judge": 1,
        "package": 1,
    }  # fmt: skip


def test_targets_that_need_the_same_graph_share_it(plan_of):
    _, plan = plan_of("  - soc: Ascend310\n  - {soc: Ascend310P3, batch: [1, 8]}\n  - {soc: Ascend310B4, aipp: rgb}\n")
    assert stages(plan).count("export") == 2
    assert stages(plan).count("verify") == 2
    assert stages(plan).count("check") == 6
    assert stages(plan).count("forecast") == 2


@pytest.mark.parametrize("section", ["forecast: {damage: off}", ""])
def test_what_loses_no_digits_is_not_foretold(plan_of, section):
    precision = "fp16" if section else "origin"
    _, plan = plan_of(f"  - {{soc: Ascend310, precision: {precision}}}\n", text=section)
    assert "forecast" not in stages(plan)


def test_graphs_and_precisions_share_forecasts(plan_of):
    a, b, c = "name: a, soc: Ascend310", "name: b, soc: Ascend310P3, precision: mixed", "name: c, soc: Ascend310B4"
    _, plan = plan_of("".join(f"  - {{{target}}}\n" for target in (a, b, c)))
    found = [(s.label, s.spec.targets, s.spec.mode) for s in order(plan.goals) if s.stage == "forecast"]
    assert sorted(found) == [
        ("image", "a, c", "force_fp16"),
        ("image", "b", "allow_mix_precision"),
        ("text", "a, c", "force_fp16"),
        ("text", "b", "allow_mix_precision"),
    ]


def test_two_opsets_are_exported_apart_and_share_the_golden_record(plan_of):
    _, plan = plan_of('  - {soc: Ascend310, cann: "5.1"}\n  - {soc: Ascend310P3, cann: "8.1"}\n')
    assert stages(plan).count("export") == 4
    assert stages(plan).count("verify") == 4
    assert stages(plan).count("judge") == 2
    assert stages(plan).count("golden") == 2


@pytest.mark.parametrize(("until", "last"), [("export", {"export"}), ("fix", {"export", "fix"})])
def test_until_plans_no_more(plan_of, until, last):
    _, plan = plan_of("  - soc: Ascend310\n", until)
    assert set(stages(plan)) == last
    assert [name for name, _ in plan.graphs] == ["image", "text"]


def test_graphs_of_two_opsets_get_names_apart(plan_of):
    _, plan = plan_of('  - {soc: Ascend310, cann: "5.1"}\n  - {soc: Ascend310P3, cann: "8.1"}\n', "export")
    assert [name for name, _ in plan.graphs] == ["image-opset11", "text-opset11", "image-opset13", "text-opset13"]


def test_a_toolchain_that_is_absent_defers_every_target(plan_of):
    steps, _ = plan_of("  - soc: Ascend310\n  - {soc: Ascend310P3, toolchain: none}\n")
    reasons = [deferred.reason for deferred in steps.deferrals(Path("out"))]
    assert reasons[0].startswith("no CANN toolkit was found")
    assert reasons[1] == "target `ascend310p3` asks for no toolchain"


def test_with_an_atc_every_artefact_is_compiled(plan_of, cann):
    cann("true")
    steps, plan = plan_of("  - soc: Ascend310\n  - {soc: Ascend310P3, toolchain: none}\n")
    assert [(a.target.name, a.compiled is not None) for a in steps.artefacts] == [
        ("ascend310", True),
        ("ascend310", True),
        ("ascend310p3", False),
        ("ascend310p3", False),
    ]
    assert stages(plan).count("compile") == 2


@pytest.mark.parametrize(
    ("targets", "text", "message"),
    [
        (
            "  - {soc: Ascend310, toolchain: make}\n",
            "",
            r"recipe.yaml:4: targets\[0\].toolchain: unknown toolchain `make`",
        ),
        ("  - {soc: Ascend310, parts: {video: {batch: 2}}}\n", "", r"recipe.yaml:4: targets\[0\].parts.video: "),
    ],
)
def test_what_only_the_plugin_can_know(plan_of, targets, text, message):
    with pytest.raises(UsageError, match=message):
        plan_of(targets, text=text)


def test_an_unknown_part_names_its_line(store, tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(
        f"version: 1\nmodel:\n  plugin: clip\n  source: {RECIPES / 'tiny-clip'}\n  parts: [image, audio]\n"
        "targets:\n  - soc: Ascend310\n"
    )
    with pytest.raises(UsageError) as caught:
        driver.prepare(path, (), store, registry.load())
    assert caught.value.message == f"{path}:5: model.parts[1]: unknown part `audio`; allowed: image, text"


def test_models_that_share_a_labels_file_share_no_step(store, tmp_path):
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    keys = []
    for source in ("ViT-B/32", "ViT-B/16"):
        path = tmp_path / "recipe.yaml"
        path.write_text(
            f"version: 1\nmodel: {{plugin: clip, source: {source}, weights: random, options: {{labels: labels.txt}}}}\n"
            "targets: [{soc: Ascend310}]\n"
        )
        steps = TargetSteps(driver.prepare(path, (), store, registry.load()))
        keys.append([key_of(step, ())[0] for step in order(make_plan(steps, "export").goals) if not step.inputs])
    assert len(keys[0]) == len(keys[1]) == 1
    assert keys[0] != keys[1]


def test_a_pass_that_the_plugin_misnames_is_the_plugin_s_fault(plan_of):
    steps, _ = plan_of("  - soc: Ascend310\n")
    with pytest.raises(StageError) as caught:
        steps.parts.known((Use("fold-constant"),), "fixes('image')")
    assert caught.value.message.startswith(
        "model plugin `clip` of ascendc 0.1.0: fixes('image') names the unknown pass `fold-constant`; allowed: assert-"
    )


@pytest.fixture
def bundle_step(tmp_path, store, monkeypatch):
    """The package step of a recipe of an ONNX model with everything a key is made of; `change` is made first."""
    source = RECIPES / "colors"
    for name in ("colors.onnx", "labels.txt"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    (tmp_path / "samples").mkdir()
    for i in range(2):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(tmp_path / "samples" / f"{i}.png")
    options = {"labels": "./labels.txt", "inputs": {"pixels": {"image": {"mean": [0.5] * 3, "std": [0.5] * 3}}}}
    recipe = {
        "version": 1,
        "model": {"plugin": "onnx", "source": "./colors.onnx", "options": options},
        "targets": [{"soc": "Ascend310"}],
        "verify": {"samples": 4, "seed": 0},
    }

    def make(change=lambda recipe: None):
        document = json.loads(json.dumps(recipe))
        change(document)
        (tmp_path / "recipe.yaml").write_text(json.dumps(document))
        return TargetSteps(driver.prepare(tmp_path / "recipe.yaml", (), store, registry.load())).packaged

    make.folder = tmp_path
    return make


CHANGES = {
    "an option of the plugin": lambda r: r["model"]["options"]["inputs"]["pixels"]["image"].update(mean=[0.4] * 3),
    "the seed of the samples": lambda r: r["verify"].update(seed=1),
    "the user's samples": lambda r: r["verify"].update(folder="./samples"),
    "the threshold": lambda r: r["verify"].update(threshold=1e-3),
    "the batch": lambda r: r["targets"][0].update(batch=4),
    "the precision": lambda r: r["targets"][0].update(precision="mixed"),
    "a pass": lambda r: r.update(passes={"add": ["fold-scale"]}),
    "an ATC option": lambda r: r["targets"][0].update(atc={"log": "info"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_recipe_says_is_in_the_key(bundle_step, change):
    assert bundle_step() == bundle_step()
    assert bundle_step() != bundle_step(change)


@pytest.mark.parametrize("name", ["labels.txt", "colors.onnx"])
def test_the_content_of_the_model_s_files_is_in_the_key(bundle_step, name):
    before = bundle_step()
    path = bundle_step.folder / name
    path.write_bytes(path.read_bytes() + b"\n" if name.endswith("txt") else path.read_bytes() + b"\x92\x01\x00")
    assert bundle_step() != before


def test_the_content_of_the_user_s_samples_is_in_the_key(bundle_step):
    before = bundle_step(CHANGES["the user's samples"])
    Image.new("RGB", (8, 8), (9, 9, 9)).save(bundle_step.folder / "samples" / "0.png")
    assert bundle_step(CHANGES["the user's samples"]) != before


@pytest.mark.parametrize("package", ["ascendc_plugins", "ascendc"])
def test_the_code_of_plugins_and_passes_is_in_the_key(bundle_step, monkeypatch, package):
    from ascendc import keys

    before = bundle_step()
    real = keys.code
    monkeypatch.setattr(keys, "code", lambda name: "edited" if name == package else real(name))
    assert bundle_step(CHANGES["a pass"] if package == "ascendc" else lambda r: None) != before


def test_the_compiler_s_build_is_in_the_key(bundle_step, cann):
    cann("true")
    before = bundle_step()
    cann("true", version="8.2.RC1")
    assert bundle_step() != before


@pytest.mark.parametrize(
    ("model", "notes"),
    [
        (f"plugin: clip, source: {RECIPES / 'tiny-clip'}, weights: random, seed: 3", ("seed 3",)),
        (f"plugin: clip, source: {RECIPES / 'tiny-clip'}", ()),
        (f"plugin: onnx, source: {RECIPES / 'colors' / 'colors.onnx'}, weights: random", ()),
    ],
    ids=["random", "pretrained", "of an ONNX file"],
)
def test_random_weights_are_noted_whatever_the_plugin_says(store, tmp_path, model, notes):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"version: 1\nmodel: {{{model}}}\ntargets: [{{soc: Ascend310}}]\n")
    steps = TargetSteps(driver.prepare(path, (), store, registry.load()))
    assert steps.packaged.spec.notes == tuple(f"weights are random ({seed}): answers mean nothing" for seed in notes)


def test_the_code_of_both_halves_enters_every_key(plan_of):
    _, plan = plan_of("  - soc: Ascend310\n")
    for step in order(plan.goals):
        reads = dict(step.reads)
        assert len(reads) == len(step.reads)
        assert reads["plugin"] == "clip"
        for package in ("ascendc", "ascendc_plugins", "ascendc_runtime", "ascendc_templates"):
            assert reads[f"code of {package}"] == keys.code(package)


def test_the_code_of_a_guest_s_pass_enters_the_key_of_the_steps_that_use_it(plan_of, monkeypatch):
    """All of its distribution, beside what every step reads."""
    from ascendc.registry import Owner

    steps, _ = plan_of("  - soc: Ascend310\n")
    (part, *_) = steps.parts.parts
    before = steps.parts.portable(part, 13)
    table = {name: dataclasses.replace(r, owner=Owner("guest", "1")) for name, r in steps.parts.registry.passes.items()}
    registry_of_guests = dataclasses.replace(steps.parts.registry, passes=table)
    monkeypatch.setattr(keys, "packages", lambda name: ("json",) if name == "guest" else ())
    after = dataclasses.replace(steps.parts, registry=registry_of_guests).portable(part, 13)
    assert ("code of json", keys.code("json")) in after.reads
    assert not any(name == "code of json" for name, _ in before.reads)
