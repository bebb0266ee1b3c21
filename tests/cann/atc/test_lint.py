from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascendc import driver, registry
from ascendc import recipe as recipes
from ascendc.cann.atc.lint import Report, lint, lint_argv
from ascendc.cann.atc.script import invocations
from ascendc.cann.atc.table import table
from ascendc.cann.outline import Node, Outline, Port
from ascendc.cann.soc import resolve
from ascendc.plan.command import options_for
from ascendc.store import Store

RECIPES_FOLDER = Path(__file__).parents[3] / "recipes"
RECIPES = sorted(path for path in RECIPES_FOLDER.glob("*.yaml") if "plugin: clip" in path.read_text(encoding="utf-8"))
SOCS = ("Ascend310", "Ascend310P3", "Ascend310B4", "Ascend910B4", "Ascend910_9391")


def test_a_report_says_what_atc_would_get():
    [call] = invocations("atc --soc-version=Ascend310P3 --framework 5 -model=m.onnx --output=m --input_shape=x:$bs,3")
    report = lint(call)
    assert report.ok
    assert report.soc_version == "Ascend310P3"
    assert report.options == {
        "soc_version": "Ascend310P3",
        "framework": "5",
        "model": "m.onnx",
        "output": "m",
        "input_shape": "x:$bs,3",
    }
    assert lint_argv(["--soc_version=$x"]).soc_version is not None
    [call] = invocations("atc --soc_version=$x")
    assert lint(call).soc_version is None


def test_a_finding_is_said_once():
    [call] = invocations("atc --mode=6 --om=m.om --log=warn --log=warn")
    assert len(lint(call).errors) == 1


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store"))
    return driver.prepare(RECIPES_FOLDER / "tiny-clip.yaml", (), store, registry.load()).model


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
@pytest.mark.parametrize("name", SOCS)
def test_every_command_that_a_shipped_recipe_makes_passes(path, name, model):
    """With the parts and the hints of the tiny CLIP; those of the large ones differ in sizes only."""
    for target in recipes.fit(recipes.load(path), model.parts()):
        for part in model.parts():
            wanted = replace(target.part(part.name), aipp="none") if part.name == "text" else target.part(part.name)
            options = options_for(part, wanted, replace(target, soc=resolve(name).soc), model.atc(part.name, wanted))
            aipp = None if wanted.aipp == "none" else "aipp.cfg"
            report = lint_argv(options.argv("/work/model.onnx", "/work/model", aipp, "/cache"), cann=target.cann)
            assert report.errors == ()
            assert report.soc_version == name


SHAPES = st.text(alphabet="ax:;,~-[]0123456789. $\"'", max_size=40)
PIECES = st.sampled_from(
    [f"--{name}=" for name in table()] + ["--", "-", "$x", ";", "\\\n", '"', "'", "|", "\n", " ", "atc ", "x:1,3"]
)
OUTLINE = Outline(
    (Port("x", "float32", ("n", 3)), Port("a", None, None)), (), (Node("n", "Op", "", ("x",), ("y",)),), (("", 13),), 7
)


def _lint_all(text):
    for call in invocations(f"atc {text}"):
        report = lint(call, model=OUTLINE)
        assert isinstance(report, Report)
        assert report.ok == (not report.errors)
        assert all(finding.message and finding.fix and finding.code for finding in (*report.errors, *report.warnings))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["", "--dynamic_batch_size=1,2", "--dynamic_dims='1;2'", "--dynamic_image_size='1,1;2,2'"]), SHAPES
)
def test_any_shape_is_judged(gears, shape):
    _lint_all(f"--framework=5 {gears} --input_shape={shape}")
    report = lint_argv(
        ["--framework=5", *gears.replace("'", "").split(), f"--input_shape_range={shape}"], model=OUTLINE
    )
    assert isinstance(report, Report)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(table())), st.text(max_size=20))
def test_any_value_of_any_option_is_judged(name, value):
    report = lint_argv([f"--{name}={value}", "--framework=5"], model=OUTLINE)
    assert report.options[name] == (value if name != "framework" else "5")


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES | SHAPES, max_size=12))
def test_any_command_is_judged(pieces):
    _lint_all("".join(pieces))


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None)
@given(st.lists(PIECES | SHAPES | st.text(max_size=20), max_size=30))
def test_any_long_command_is_judged(pieces):
    if "\0" not in "".join(pieces):
        _lint_all("".join(pieces))
