"""The words of errors are one row each, as long as they are."""
# ruff: noqa: E501

import json

import pytest

from ascendc.recipe import json_schema

RECIPE = """\
version: 1
model: {plugin: toy, source: x}
targets:
  - soc: 310P
    parts: {main: {batch: [1, 2]}}
  - {soc: Ascend310B4, cann: "8.1", batch: 4, precision: mixed}
"""


@pytest.fixture
def write(tmp_path, monkeypatch, toy_plugin):
    monkeypatch.chdir(tmp_path)

    def write(text):
        (tmp_path / "r.yaml").write_text(text)

    return write


def test_the_schema_is_printed(ascendc):
    ran = ascendc("recipe", "schema")
    assert (ran.code, json.loads(ran.out)) == (0, json_schema())


def test_a_good_recipe_is_said_back(ascendc, write):
    write(RECIPE)
    ran = ascendc("recipe", "check", "r.yaml", "--set", "targets[1].batch=8")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "note: r.yaml:4: `310P` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo",
        "r.yaml: ascend310p3: Ascend310P3, CANN unknown: main at 1,2 in fp16",
        "r.yaml: ascend310b4: Ascend310B4, CANN 8.1: main at 8 in mixed",
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("plugin: toy", "plugin: tyo", "ASC1301 r.yaml:2: model.plugin: unknown model plugin `tyo` (did you mean `toy`?); allowed: "),
        ("source: x", "source: x, options: {sise: 1}", "ASC1105 r.yaml:2: model.options.sise: unknown key (did you mean `size`?); allowed: size\n"),
        ("version: 1", "version: 1\npasses: {drop: [fold-constants, fold-constant]}", "ASC1301 r.yaml:2: passes.drop[1]: unknown pass `fold-constant` (did you mean `fold-constants`?); allowed: "),
        ("version: 1", "version: 1\npasses: {options: {fold: {}}}", "ASC1301 r.yaml:2: passes.options.fold: unknown pass `fold`"),
        ("{main:", "{mian:", "ASC1131 r.yaml:5: targets[0].parts.mian: there is no such part in this build; allowed: main\n"),
        ("batch: 4", "aipp: rgb, parts: {main: {aipp: rgb}}", "ASC1132 r.yaml:6: targets[1].parts.main.aipp: must not be rgb: part `main` has no image input; allowed: none\n"),
        ("version: 1", "version: 1\nversion: 1", "ASC1104 r.yaml:2: version: must not be given twice; it is at line 1 already; allowed: once\n"),
    ],
)  # fmt: skip
def test_a_bad_one_exits_2(ascendc, write, old, new, words):
    write(RECIPE.replace(old, new))
    ran = ascendc("recipe", "check", "r.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"ascendc: {words}")


def test_everything_that_is_wrong_is_said_at_once(ascendc, write, tmp_path):
    write(
        """\
version: 1
verson: 1
model:
  plugin: clip
  source: ViT-B/32
  options: {labels: nope.txt, foo: 1}
passes: {add: [fold]}
targets:
  - soc: Ascend310B
    batchs: 1
    toolchain: lcoal
"""
    )
    ran = ascendc("recipe", "check", "r.yaml")
    assert ran.code == 2
    found = [line.split("; allowed: ")[0] for line in ran.err.splitlines()]
    assert found == [
        "ascendc: ASC1105 r.yaml:2: verson: unknown key (did you mean `version`?)",
        "r.yaml:6: model.options.foo: unknown key",
        f"r.yaml:6: model.options.labels: `{tmp_path}/nope.txt` does not exist",
        "r.yaml:7: passes.add[0]: unknown pass `fold`",
        "r.yaml:9: targets[0].soc: `Ascend310B` names a family, not a chip",
        "r.yaml:10: targets[0].batchs: unknown key (did you mean `batch`?)",
        "r.yaml:11: targets[0].toolchain: unknown toolchain `lcoal` (did you mean `local`?)",
    ]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (
            (("plugin: toy", "plugin: tyo"), ("version: 1", "verson: 1"), ("batch: 4", "batchs: 4")),
            [
                "ascendc: ASC1105 r.yaml:1: verson: unknown key (did you mean `version`?)",
                "r.yaml:2: model.plugin: unknown model plugin `tyo` (did you mean `toy`?)",
                "r.yaml:6: targets[1].batchs: unknown key (did you mean `batch`?)",
            ],
        ),
        (
            (("source: x", "source: ./x"), ("batch: 4", "batch: 0")),
            [
                "ascendc: ASC1111 r.yaml:2: model.source: `./x`: there is no such file or folder",
                "r.yaml:6: targets[1].batch: must not be the number 0",
            ],
        ),
        (
            (("source: x", "source: x, parts: [mian]"), ("batch: 4", "batch: 0, parts: {main: {aipp: rgb}, b: {}}")),
            [
                "ascendc: ASC1307 r.yaml:2: model.parts[0]: unknown part `mian`",
                "r.yaml:6: targets[1].batch: must not be the number 0",
                "r.yaml:6: targets[1].parts.main.aipp: must not be rgb: part `main` has no image input",
                "r.yaml:6: targets[1].parts.b: there is no such part in this build",
            ],
        ),
        (
            (("source: x", "source: x, options: {size: 0}"), ("batch: 4", "batch: 0")),
            ["ascendc: ASC1108 r.yaml:6: targets[1].batch: must not be the number 0"],
        ),
    ],
    ids=["plugin", "source", "parts", "a plugin that raises"],
)
def test_what_is_right_is_checked_further(ascendc, write, changes, found):
    text = RECIPE
    for old, new in changes:
        text = text.replace(old, new)
    write(text)
    ran = ascendc("recipe", "check", "r.yaml")
    assert ran.code == 2
    assert [line.split("; allowed: ")[0] for line in ran.err.splitlines()] == found


def test_an_error_of_the_plugin_s_own_names_the_model_and_comes_with_all_else(ascendc, write):
    write(RECIPE.replace("{plugin: toy, source: x}", "{plugin: clip, source: x}").replace("batch: 4", "batch: 0"))
    ran = ascendc("recipe", "check", "r.yaml")
    assert [line.split("; allowed: ")[0] for line in ran.err.splitlines()] == [
        "ascendc: ASC1331 r.yaml:2: model: `x` is neither a folder nor a hub id",
        "r.yaml:6: targets[1].batch: must not be the number 0",
    ]


def test_a_missing_file(ascendc, write):
    ran = ascendc("recipe", "check", "none.yaml")
    assert (ran.code, ran.err) == (2, "ascendc: ASC1101 none.yaml: cannot be read: No such file or directory\n")
