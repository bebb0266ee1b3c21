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


def test_a_missing_file(ascendc, write):
    ran = ascendc("recipe", "check", "none.yaml")
    assert (ran.code, ran.err) == (2, "ascendc: ASC1101 none.yaml: cannot be read: No such file or directory\n")
