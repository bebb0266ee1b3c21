"""Every bad recipe, and the exact words it gets: one row each, as long as its words are."""
# ruff: noqa: E501

import pytest

from ascendc.errors import UsageError
from ascendc.recipe import load

GOOD = """\
version: 1
model:
  plugin: clip
  source: ViT-B/32
targets:
  - soc: Ascend310P3
    cann: "8.1"
"""

TARGET_KEYS = "batch, precision, aipp, name, soc, cann, board, toolchain, python, atc, parts"
NAMES = "letters, digits, `.`, `_` and `-`, a letter or digit first, at most 64"
GEARS = "a whole number from 1 or a list of 2 to 100, each a whole number from 1"


@pytest.fixture
def refusal(tmp_path, monkeypatch):
    """The error of a recipe: `GOOD` with one text replaced, or another text added behind it."""
    monkeypatch.chdir(tmp_path)

    def refusal(old, new="", *settings):
        text = GOOD.replace(old, new) if new else GOOD + old
        assert text != GOOD or settings
        (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(UsageError) as caught:
            load((tmp_path / "r.yaml").relative_to(tmp_path), settings)
        assert caught.value.exit_code == 2
        assert caught.value.id.startswith("ASC1")
        return caught.value.message

    return refusal


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("version: 1", "version: 2", "1: version: must not be the number 2; allowed: 1"),
        ("version: 1", "version: true", "1: version: must not be the truth value true; allowed: 1"),
        ("version: 1", "version: 1.0", "1: version: must not be the number 1.0; allowed: 1"),
        ("version: 1", "verson: 1", "1: verson: unknown key (did you mean `version`?); allowed: version, model, targets, export, passes, verify, check, forecast, bundle, benchmark"),
        ("targets:", "targtes:", "5: targtes: unknown key (did you mean `targets`?); allowed: version, model, targets, export, passes, verify, check, forecast, bundle, benchmark"),
        ("source: ViT", "sorce: ViT", "4: model.sorce: unknown key (did you mean `source`?); allowed: plugin, source, revision, weights, seed, parts, options, allow_pickle"),
        ("version: 1", "x: 1", "1: version: must be given; allowed: 1\nr.yaml:1: x: unknown key; allowed: version, model, targets, export, passes, verify, check, forecast, bundle, benchmark"),
        ("plugin: clip", "plugin: $(reboot)", f"3: model.plugin: must not be the text `$(reboot)`; allowed: {NAMES}"),
        ("plugin: clip", "plugin:", "3: model.plugin: must not be empty; allowed: text"),
        ("source: ViT-B/32", "weights: random", "2: model.source: must be given; allowed: text"),
        ("source: ViT-B/32", "source: ./none", "4: model.source: `./none`: there is no such file or folder; allowed: a path relative to the recipe, a hub id, a name"),
        ("source: ViT-B/32", "source: ~nobody-at-all/x", "4: model.source: `~nobody-at-all/x`: there is no such file or folder; allowed: a path relative to the recipe, a hub id, a name"),
        ("source: ViT-B/32", f"source: ./{'x' * 300}", f"4: model.source: `./{'x' * 300}`: there is no such file or folder; allowed: a path relative to the recipe, a hub id, a name"),
        ("version: 1", "version: 1\npasses: {options: {fold-scale: {y: {a: 1}}}}", "2: passes.options: fold-scale.y must not be a mapping; allowed: a number, a text, true, false, a list"),
        ("source: ViT-B/32", "source: none.onnx", "4: model.source: `none.onnx`: there is no such file or folder; allowed: a path relative to the recipe, a hub id, a name"),
        ("source: ViT-B/32", 'source: "a\\nb"', "4: model.source: must not hold line breaks or control characters; allowed: text of one line"),
        ("source: ViT-B/32", "source: ' '", "4: model.source: must not be an empty text; allowed: text"),
        ("source: ViT-B/32", "source: x\n  revision: 1234567", '5: model.revision: must be text, not the number 1234567; allowed: "1234567" in quotes'),
        ("source: ViT-B/32", "source: x\n  weights: trained", "5: model.weights: must not be the text `trained`; allowed: pretrained, random"),
        ("source: ViT-B/32", "source: x\n  seed: -1", "5: model.seed: must not be the number -1; allowed: a whole number from 0"),
        ("source: ViT-B/32", "source: x\n  parts: image", "5: model.parts: must not be the text `image`; allowed: a list, each text"),
        ("source: ViT-B/32", "source: x\n  allow_pickle: yes", "5: model.allow_pickle: must not be the text `yes`; allowed: true, false"),
        ("soc: Ascend310P3", "soc: 310", '6: targets[0].soc: must be text, not the number 310; allowed: "310" in quotes'),
        ("soc: Ascend310P3", "soc: Ascend310B", "6: targets[0].soc: `Ascend310B` names a family, not a chip; allowed: Ascend310B1, Ascend310B2, Ascend310B3, Ascend310B4"),
        ("soc: Ascend310P3", "name: x", "6: targets[0].soc: must be given; allowed: an exact SoC name such as Ascend310P3, or `board`"),
        ("soc: Ascend310P3", "sco: Ascend310P3", f"6: targets[0].sco: unknown key (did you mean `soc`?); allowed: {TARGET_KEYS}"),
        ('cann: "8.1"', "cann: 8.10", '7: targets[0].cann: must be text, not the number 8.1; allowed: "8.10" in quotes'),
        ('cann: "8.1"', "cann: newest", '7: targets[0].cann: must not be `newest`; allowed: a version such as "8.1" or "8.0.RC2", unknown'),
        ('cann: "8.1"', 'cann: "3.3"', "7: targets[0].cann: must not be 3.3; allowed: 5.0 and newer, unknown"),
        ('cann: "8.1"', 'cann: "8.1;reboot"', '7: targets[0].cann: must not be `8.1;reboot`; allowed: a version such as "8.1" or "8.0.RC2", unknown'),
        ('cann: "8.1"', "name: a;rm -rf /", f"7: targets[0].name: must not be the text `a;rm -rf /`; allowed: {NAMES}"),
        ('cann: "8.1"', "name: ../x", f"7: targets[0].name: must not be the text `../x`; allowed: {NAMES}"),
        ('cann: "8.1"', "batch: 0", f"7: targets[0].batch: must not be the number 0; allowed: {GEARS}"),
        ('cann: "8.1"', "batch: 1.5", f"7: targets[0].batch: must not be the number 1.5; allowed: {GEARS}"),
        ('cann: "8.1"', "batch: true", f"7: targets[0].batch: must not be the truth value true; allowed: {GEARS}"),
        ('cann: "8.1"', "batch: 1,2,4", f"7: targets[0].batch: must not be the text `1,2,4`; allowed: {GEARS}"),
        ('cann: "8.1"', "batch: []", f"7: targets[0].batch: must not be a list of 0; allowed: {GEARS}"),
        ('cann: "8.1"', "batch: [8]", "7: targets[0].batch: must not be a list of 1; allowed: 8 for a static batch, or a list of at least 2 gears"),
        ('cann: "8.1"', "batch: [1, 2, 2]", "7: targets[0].batch: must not hold 2 twice; allowed: a list of 2 to 100 different gears"),
        ('cann: "8.1"', "batch: [1, 0]", f"7: targets[0].batch: must not hold the number 0; allowed: {GEARS}"),
        ('cann: "8.1"', "batch: [1, x]", f"7: targets[0].batch: must not hold the text `x`; allowed: {GEARS}"),
        ('cann: "8.1"', f"batch: {list(range(1, 102))}", "7: targets[0].batch: must not hold 101 gears; allowed: 2 to 100 (ATC's documents, --dynamic_batch_size)"),
        ('cann: "8.1"', "precision: int8", "7: targets[0].precision: must not be the text `int8`; allowed: fp16, mixed, origin, auto"),
        ('cann: "8.1"', "parts: {image: {aipp: bgr}}", "7: targets[0].parts.image.aipp: must not be the text `bgr`; allowed: none, rgb"),
        ('cann: "8.1"', "parts: {image: {soc: x}}", "7: targets[0].parts.image.soc: unknown key (did you mean `targets[0].soc`?); allowed: batch, precision, aipp"),
        ('cann: "8.1"', "parts: {a b: {}}", f"7: targets[0].parts.a b: must not be the text `a b`; allowed: {NAMES}"),
        ('cann: "8.1"', "parts: [image]", "7: targets[0].parts: must not be a list; allowed: a mapping"),
        ('cann: "8.1"', "atc: {framwork: 5}", "7: targets[0].atc.framwork: `framwork` is not an option of ATC (did you mean `framework`?)"),
        ('cann: "8.1"', "atc:\n      log: info\n      soc_version: x", "9: targets[0].atc.soc_version: `soc_version` must not be given: ascendc sets it from `soc`"),
        ('cann: "8.1"', 'atc: {log: "info\\nx"}', "7: targets[0].atc.log: must not hold line breaks or control characters; allowed: text of one line"),
        ('cann: "8.1"', "atc: {log: [info]}", "7: targets[0].atc.log: must not be a list; allowed: text or a whole number or true, false"),
        ('cann: "8.1"', "board: x/../none.yaml", "7: targets[0].board: none.yaml: cannot be read: No such file or directory"),
    ],
)  # fmt: skip
def test_a_bad_value(refusal, old, new, words):
    assert refusal(old, new) == f"r.yaml:{words}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("verify: {samples: many}", "8: verify.samples: must not be the text `many`; allowed: a whole number from 2 to 10000"),
        ("verify: {threshold: 2}", "8: verify.threshold: must not be the number 2; allowed: a number above 0 up to 1"),
        ("verify: {threshold: .nan}", "8: verify.threshold: must not be the number nan; allowed: a number above 0 up to 1"),
        ("verify: {folder: none}", "8: verify.folder: `none`: there is no such folder; allowed: a folder, relative to the recipe"),
        ("check: {findings: pass}", "8: check.findings: must not be the text `pass`; allowed: stop, warn"),
        ("bundle:", "8: bundle: must not be empty; allowed: a mapping with name"),
        ("bundle: {name: 'a\"b'}", f'8: bundle.name: must not be the text `a"b`; allowed: {NAMES}'),
        ("bundle: {name: -x}", f"8: bundle.name: must not be the text `-x`; allowed: {NAMES}"),
        ("benchmark: {runs: 0}", "8: benchmark.runs: must not be the number 0; allowed: a whole number from 1 to 10000000"),
        ("passes: {add: fold}", "8: passes.add: must not be the text `fold`; allowed: a list, each text"),
        ("passes: {options: {fold: 1}}", "8: passes.options.fold: must not be the number 1; allowed: a mapping"),
        ("export: {opset: new}", "8: export.opset: must not be the text `new`; allowed: a whole number from 1 or auto"),
        ("export: {exporter: fx}", "8: export.exporter: must not be the text `fx`; allowed: auto, torchscript, dynamo"),
        ("export: {attention: flash}", "8: export.attention: must not be the text `flash`; allowed: eager, sdpa"),
        ("export: {opset: 19}", "8: export.opset: must not be 19: target `ascend310p3` has CANN 8.1; allowed: 11 to 18 (ATC documents of CANN 8), auto"),
        ("model: {plugin: x, source: y}", "8: model: must not be given twice; it is at line 2 already; allowed: once"),
        ("verify:\n  seed: 1\n  seed: 2", "10: verify.seed: must not be given twice; it is at line 9 already; allowed: once"),
        ("verify:\n\tseed: 1", "9: a tab where spaces must be; allowed: spaces"),
    ],
)  # fmt: skip
def test_a_bad_section(refusal, text, words):
    assert refusal(text + "\n") == f"r.yaml:{words}"


def test_an_opset_that_an_old_or_unknown_cann_may_not_take(refusal):
    words = refusal('    cann: "8.1"', '    cann: "6.0.1"\n  - soc: Ascend310\nexport: {opset: 17}')
    assert words == (
        "r.yaml:9: export.opset: must not be 17: target `ascend310p3` has CANN 6.0.1; "
        "allowed: 9 to 13 (ATC documents of CANN 5.0.4 to 6.0.1, onnx 1.8), auto\n"
        "r.yaml:9: export.opset: must not be 17: target `ascend310` has an unknown CANN; "
        "allowed: 11 to 13 (which every CANN from 5.0.4 on takes), auto"
    )


def test_two_targets_of_one_name(refusal):
    words = refusal("targets:", "targets:\n  - soc: Ascend310\n    name: Ascend310P3")
    assert (
        words == "r.yaml:8: targets[1].name: must differ from that of targets[0], `ascend310p3`; allowed: another name"
    )


def test_no_targets(refusal):
    words = refusal(GOOD[GOOD.index("targets:") :], "targets: []\n")
    assert words.startswith(
        "r.yaml:5: targets: must not be a list; allowed: a list of at least 1, each a mapping with "
    )


def test_aipp_on_a_chip_without_it(refusal):
    words = refusal("soc: Ascend310P3", "soc: Ascend035\n    parts: {image: {aipp: rgb}}")
    assert (
        words == "r.yaml:7: targets[0].parts.image.aipp: must not be rgb: Ascend035 has no static AIPP; allowed: none"
    )


def test_options_of_atc_that_exclude_each_other(refusal):
    words = refusal('cann: "8.1"', "atc: {is_output_adjust_hw_layout: true}")
    assert words == "r.yaml:7: targets[0].atc: `is_output_adjust_hw_layout` must go together with `out_nodes`"


def test_an_override_is_named_instead_of_a_line(refusal):
    assert refusal("", "", "targets[0].batch=[2, 2]") == (
        "--set targets[0].batch=[2, 2]: targets[0].batch: must not hold 2 twice; "
        "allowed: a list of 2 to 100 different gears"
    )


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("batch=4", "batch: unknown key (did you mean `targets[0].batch`?); allowed: version, model, targets, export, passes, verify, check, forecast, bundle, benchmark"),
        ("seed=4", "seed: unknown key (did you mean `model.seed` or `verify.seed`?); allowed: version, model, targets, export, passes, verify, check, forecast, bundle, benchmark"),
        ("targets.soc=X", "targets: must be a mapping, not a list (did you mean `targets[0].soc`?)"),
    ],
)  # fmt: skip
def test_a_setting_of_a_field_that_is_elsewhere(refusal, setting, words):
    assert refusal("", "", setting) == f"--set {setting}: {words}"


def test_what_is_right_is_checked_further_where_something_else_is_wrong(refusal):
    words = refusal(
        "source: ViT-B/32\ntargets:\n  - soc: Ascend310P3\n",
        "source: ./none\nverson: 1\ntargets:\n  - soc: Ascend310B\n    batchs: 0\n"
        "  - {soc: Ascend035, aipp: rgb}\n  - soc: Ascend310\n",
    )
    assert words.splitlines() == [
        "r.yaml:4: model.source: `./none`: there is no such file or folder; allowed: a path relative to the recipe, a hub id, a name",
        "r.yaml:5: verson: unknown key (did you mean `version`?); allowed: version, model, targets, export, passes, verify, check, forecast, bundle, benchmark",
        "r.yaml:7: targets[0].soc: `Ascend310B` names a family, not a chip; allowed: Ascend310B1, Ascend310B2, Ascend310B3, Ascend310B4",
        f"r.yaml:8: targets[0].batchs: unknown key (did you mean `batch`?); allowed: {TARGET_KEYS}",
        "r.yaml:9: targets[1].aipp: must not be rgb: Ascend035 has no static AIPP; allowed: none",
    ]


def test_every_problem_of_a_file_is_said_at_once_in_its_order(refusal):
    words = refusal(
        '    cann: "8.1"\n', "    cann: 8.10\n    batch: [4]\nbundle: {nmae: x}\nverify: {seed: a}\nverify: {}\n"
    )
    assert words.splitlines() == [
        'r.yaml:7: targets[0].cann: must be text, not the number 8.1; allowed: "8.10" in quotes',
        "r.yaml:8: targets[0].batch: must not be a list of 1; allowed: 4 for a static batch, or a list of at least 2 gears",
        "r.yaml:9: bundle.nmae: unknown key (did you mean `name`?); allowed: name",
        "r.yaml:10: verify.seed: must not be the text `a`; allowed: a whole number from 0",
        "r.yaml:11: verify: must not be given twice; it is at line 10 already; allowed: once",
    ]
