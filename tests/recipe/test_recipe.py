"""What a good recipe becomes."""

from pathlib import Path

import pytest

from ascendc.cann.version import Cann
from ascendc.model import Source, Use, Weights
from ascendc.recipe import (
    BenchmarkSection,
    BundleSection,
    CheckSection,
    ExportSection,
    ModelSection,
    PassesSection,
    VerifySection,
    load,
)
from ascendc.target import Batch, PartTarget

SMALL = "version: 1\nmodel: {plugin: clip, source: ViT-B/32}\ntargets: [{soc: Ascend310}]\n"

FULL = """\
version: 1
model:
  plugin: clip
  source: openai/clip-vit-base-patch32
  revision: main
  weights: random
  seed: 3
  parts: [image, text]
  allow_pickle: true
  options:
    labels: labels.txt
export:
  exporter: torchscript
  opset: 13
  attention: sdpa
targets:
  - name: shop
    soc: Ascend310P3
    cann: "8.0.RC2"
    toolchain: docker
    python: /usr/bin/python3.9
    atc: {log: info, host_env_cpu: aarch64}
    batch: 4
    aipp: rgb
    parts:
      image: {batch: 8, precision: mixed}
      text: {batch: [8, 1, 2, 4], aipp: none}
  - soc: ascend310b4
passes:
  add: [fuse-gelu]
  drop: [shrink]
  options:
    fold: {limit: 8, names: [a, b]}
verify:
  samples: 8
  seed: 1
  folder: pictures
  threshold: 1e-3
check: {findings: warn}
bundle: {name: shop-clip}
benchmark: {warmup: 1, runs: 5}
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="recipe.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_small_recipe_gets_every_default(write):
    recipe = load(write(SMALL))
    assert recipe.model == ModelSection("clip", Source("ViT-B/32"), Weights("pretrained", 0, False))
    assert recipe.export == ExportSection("auto", None, "eager")
    assert recipe.passes == PassesSection()
    assert recipe.verify == VerifySection(16, 0, None, 2e-4)
    assert recipe.check == CheckSection("stop")
    assert recipe.bundle == BundleSection("recipe")
    assert recipe.benchmark == BenchmarkSection(10, 100)
    assert recipe.notes == ()
    (target,) = recipe.targets
    assert (target.name, target.soc.name, target.cann) == ("ascend310", "Ascend310", None)
    assert (target.toolchain, target.python, target.atc_options) == ("auto", None, ())
    assert target.part("any") == PartTarget(Batch((1,)), "fp16", "none")


def test_a_full_recipe_says_everything(write, tmp_path):
    (tmp_path / "pictures").mkdir()
    recipe = load(write(FULL))
    assert recipe.model == ModelSection(
        "clip",
        Source("openai/clip-vit-base-patch32", "main"),
        Weights("random", 3, True),
        ("image", "text"),
        {"labels": "labels.txt"},
    )
    assert recipe.export == ExportSection("torchscript", 13, "sdpa")
    assert recipe.passes == PassesSection(
        ("fuse-gelu",), ("shrink",), (("fold", (("limit", 8), ("names", ("a", "b")))),)
    )
    assert recipe.verify == VerifySection(8, 1, tmp_path / "pictures", 1e-3)
    assert recipe.check == CheckSection("warn")
    assert recipe.bundle == BundleSection("shop-clip")
    assert recipe.benchmark == BenchmarkSection(1, 5)
    shop, board = recipe.targets
    assert (shop.name, shop.soc.name, shop.cann) == ("shop", "Ascend310P3", Cann("8.0.RC2"))
    assert (shop.toolchain, shop.python) == ("docker", "/usr/bin/python3.9")
    assert shop.atc_options == (("log", "info"), ("host_env_cpu", "aarch64"))
    assert shop.part("image") == PartTarget(Batch((8,)), "mixed", "rgb")
    assert shop.part("text") == PartTarget(Batch((1, 2, 4, 8)), "fp16", "none")
    assert shop.part("third") == PartTarget(Batch((4,)), "fp16", "rgb")
    assert (board.name, board.soc.name) == ("ascend310b4", "Ascend310B4")


def test_a_path_is_found_beside_the_recipe_whatever_its_name(write, tmp_path):
    (tmp_path / "a b+c" / "my model").mkdir(parents=True)
    path = write(SMALL.replace("ViT-B/32", "./my model"), "a b+c/recipe.yaml")
    assert load(path).model.source == Source(str(tmp_path / "a b+c" / "my model"))


def test_a_source_that_is_no_path_is_left_to_the_plugin(write):
    assert load(write(SMALL.replace("ViT-B/32", "openai/none"))).model.source == Source("openai/none")


def test_the_bundle_is_named_after_the_file(write):
    assert load(write(SMALL, "my clip (2)+.yaml")).bundle.name == "my-clip-2"
    assert load(write(SMALL, "ä.yaml")).bundle.name == "bundle"


@pytest.mark.parametrize(
    ("cann", "opset"), [("unknown", 13), ('"5.1.RC2"', 11), ('"6.0.1"', 13), ('"8.1"', 13), ('"9.0.1"', 13)]
)
def test_opset_auto_depends_on_the_target(write, cann, opset):
    recipe = load(write(f"{SMALL[:-3]}, cann: {cann}}}]\n"))
    assert recipe.opset(recipe.targets[0]) == opset


def test_an_opset_asked_for_is_for_every_target(write):
    recipe = load(write(SMALL + "export: {opset: 12}\n"))
    assert recipe.opset(recipe.targets[0]) == 12


def test_opset_auto_can_be_said(write):
    assert load(write(SMALL + "export: {opset: auto}\n")).export.opset is None


def test_what_was_assumed_is_noted_with_its_line(write):
    path = write(SMALL.replace("Ascend310", "Ascend910"))
    recipe = load(path)
    assert recipe.targets[0].soc.name == "Ascend910A"
    assert recipe.notes == (f"{path}:3: `Ascend910` is taken as Ascend910A, as CANN itself does",)


def test_a_cann_newer_than_the_tables_is_noted(write):
    path = write(SMALL.replace("Ascend310}", 'Ascend310, cann: "9.9.9"}'))
    known = "CANN 9.9.9 is newer than what ascendc's tables know (newest: 9.0.0)"
    assert load(path).notes == (f"{path}:3: {known}; the rules of 9.0.0 are assumed",)
    assert load(path, ["targets[0].cann=9.0.1"]).notes == ()


def test_a_path_through_a_link_is_left_as_it_is(write, tmp_path):
    (tmp_path / "elsewhere/inside").mkdir(parents=True)
    (tmp_path / "elsewhere/model").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere/inside")
    path = write(SMALL.replace("ViT-B/32", "./link/../model"))
    assert load(path).model.source == Source(f"{tmp_path}/link/../model")
    assert load(path, ["model.source=./elsewhere/inside/../model"]).model.source == Source(
        f"{tmp_path}/elsewhere/model"
    )


def test_overrides_are_laid_over(write):
    recipe = load(write(SMALL), ["targets[0].parts.image.batch=[4, 2]", "targets[0].cann=8.10", "bundle.name=b"])
    assert recipe.targets[0].part("image").batch == Batch((2, 4))
    assert recipe.targets[0].cann == Cann("8.10")
    assert recipe.bundle.name == "b"


def test_where_names_the_line_or_that_of_the_nearest_parent_or_the_setting(write, tmp_path):
    (tmp_path / "pictures").mkdir()
    path = write(FULL)
    recipe = load(path, ["targets[1].cann=8.1"])
    assert recipe.where("targets[0].parts.text.aipp") == f"{path}:27"
    assert recipe.where("targets[1].parts.text.aipp") == f"{path}:28"
    assert recipe.where("targets[1].cann") == "--set targets[1].cann=8.1"
    assert recipe.where("benchmark") == f"{path}:41"


def test_passes_change_a_plugins_list():
    section = PassesSection(("new",), ("old",), (("fold", (("limit", 8),)), ("new", (("x", 1),))))
    uses = (Use.of("fold", limit=1, keep=True), Use.of("old"), Use.of("last"))
    assert section.apply(uses) == (Use.of("fold", limit=8, keep=True), Use.of("last"))
    assert section.added() == (Use.of("new", x=1),)


def test_anchors_may_be_used(write):
    text = SMALL.replace("[{soc: Ascend310}]", "[{soc: Ascend310, parts: {a: &part {batch: 8}, b: *part}}]")
    (target,) = load(write(text)).targets
    assert target.part("b").batch == Batch((8,))


def test_a_path_is_kept_as_the_user_named_it(write, monkeypatch, tmp_path):
    write(SMALL)
    monkeypatch.chdir(tmp_path)
    recipe = load(Path("recipe.yaml"))
    assert (recipe.path, recipe.where("model")) == (Path("recipe.yaml"), "recipe.yaml:2")
