from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
TINY = ROOT / "recipes" / "tiny-clip.yaml"
SQUARE = ROOT / "recipes" / "tiny-clip" / "red-square.png"
SHAPES = ROOT / "recipes" / "shapes.txt"
TEXTS = ("--texts", "a red square", "a blue circle")


def test_a_recipe_is_asked_by_pytorch(ascendc):
    ran = ascendc("run", TINY, "--image", SQUARE, *TEXTS)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == str(SQUARE)
    assert lines[1].endswith("%  a red square")
    assert any(line.startswith("image: torch 2.") and line.endswith(" cpu fp32") for line in lines)


def test_v_says_why_better_devices_were_passed_over(ascendc):
    ran = ascendc("run", TINY, "--image", SQUARE, *TEXTS, "-v")
    assert "passed over npu: torch_npu is not installed (pip install 'ascendc[npu]')" in ran.out
    assert "passed over cuda: torch 2." in ran.out


def test_json_names_the_device_and_the_reasons(ascendc):
    answer = json.loads(ascendc("run", TINY, "--image", SQUARE, *TEXTS, "--json").out)
    assert answer["devices"] == {"image": "cpu", "text": "cpu"}
    assert [reason.split(":")[0] for reason in answer["passed_over"]] == ["npu", "cuda"]
    assert answer["results"][0]["ranking"][0]["text"] == "a red square"


def test_top_k_and_half_precision(ascendc):
    ran = ascendc("run", TINY, "--image", SQUARE, *TEXTS, "--top-k", 1, "--fp16")
    assert "a blue circle" not in ran.out
    assert "fp16 (autocast, emulated: slower than fp32)" in ran.out


def test_several_texts_after_an_equals_sign(ascendc):
    ran = ascendc("run", TINY, "--image", SQUARE, "--texts=a red square", "a blue circle")
    assert "a blue circle" in ran.out


def test_embeddings_are_kept(ascendc, tmp_path):
    ascendc("run", TINY, "--image", SQUARE, "--top-k", 0, "--embed", tmp_path / "e.npz")
    embedded = np.load(tmp_path / "e.npz")["image_embeds"]
    assert embedded.shape == (1, 96)
    assert np.linalg.norm(embedded) == pytest.approx(1, abs=1e-5)


def test_a_bundle_answers_by_itself_and_alike(ascendc, tiny_build, tmp_path):
    ascendc("run", TINY, "--image", SQUARE, *TEXTS, "--embed", tmp_path / "torch.npz")
    command = [sys.executable, "-m", "ascendc", "run", tiny_build, "--image", SQUARE, *TEXTS]
    done = subprocess.run(
        [*command, "--embed", tmp_path / "bundle.npz"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "100.00 %  a red square" in done.stdout
    assert "image: onnxruntime " in done.stdout
    assert "passed over" not in done.stdout
    spoken = subprocess.run([*command, "-v"], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert "passed over npu: CANNExecutionProvider is not in onnxruntime 1." in spoken
    assert "passed over cuda: CUDAExecutionProvider is not in onnxruntime 1." in spoken
    wanted, got = np.load(tmp_path / "torch.npz"), np.load(tmp_path / "bundle.npz")
    assert np.abs(wanted["image_embeds"] - got["image_embeds"]).max() < 1e-5


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--image", "nope.png", *TEXTS], 2, "image nope.png does not exist"),
        (["--image", TINY, *TEXTS], 2, "is not a picture that Pillow can read"),
        (["--image", SQUARE, "--embed", "e.npz"], 2, "no texts: at least one is needed for a ranking; --top-k 0 gives"),
        (list(TEXTS), 2, "no images: at least one is needed for a ranking; --top-k 0 gives embeddings alone"),
        (["--image", SQUARE, "--texts", ""], 2, "ascendc: ASC2010 text 1 of 1 is empty\n"),
        (["--image", SQUARE, *TEXTS, "--embed", "/no/such/x.npz"], 2, "ASC2013 --embed: `/no/such/x.npz` cannot be "),
        (["--image", SQUARE, "--texts", "red " * 80], 2, "77"),
        (["--image", SQUARE, *TEXTS, "--device", "npu"], 5, "device `npu` cannot be used: torch_npu is not installed"),
        (["--image", SQUARE, *TEXTS, "--device", "cuda"], 5, "device `cuda` cannot be used: torch 2."),
        (
            ["--image", TINY.parent, *TEXTS],
            2,
            "folders, --labels, --template, --output, --skip-broken and --allow-simulated are for bundles",
        ),
        (["--image", SQUARE, *TEXTS, "--target", "x"], 2, "--target chooses among a bundle's OMs"),
    ],
)
def test_a_question_that_cannot_be_asked(ascendc, arguments, code, message):
    ran = ascendc("run", TINY, *arguments)
    assert ran.code == code
    assert message in ran.err


def test_a_precision_is_chosen_by_name(ascendc):
    ran = ascendc("run", TINY, "--image", SQUARE, *TEXTS, "--precision", "bf16")
    assert ran.out.splitlines()[1].endswith("%  a red square")
    assert " cpu bf16 (autocast)\n" in ran.out


@pytest.mark.parametrize("arguments", [["--fp16"], ["--precision", "fp32"]])
def test_the_precision_of_a_bundle_is_fixed(ascendc, tiny_build, arguments):
    ran = ascendc("run", tiny_build, *arguments, "--image", SQUARE, *TEXTS)
    assert ran.code == 2
    assert "--precision and --fp16 are for recipes: a bundle's was fixed when it was built" in ran.err


def test_two_precisions_are_refused(ascendc):
    ran = ascendc("run", TINY, "--fp16", "--precision", "bf16", "--image", SQUARE, *TEXTS)
    assert ran.code == 2
    assert "--fp16 means --precision fp16, and --precision is bf16" in ran.err


def test_a_folder_that_is_no_bundle(ascendc, tmp_path):
    ran = ascendc("run", tmp_path, "--image", SQUARE)
    assert ran.code == 2
    assert "is not a bundle: it holds no manifest.json" in ran.err


def test_an_onnx_recipe_has_no_pytorch(ascendc):
    ran = ascendc("run", ROOT / "recipes" / "onnx.yaml", "--image", SQUARE)
    assert ran.code == 2
    assert "ASC2011" in ran.err
    assert "hint: ascendc build RECIPE, then ascendc run BUNDLE" in ran.err


@pytest.fixture
def folder(tmp_path):
    """Three pictures, of which one is broken."""
    path = tmp_path / "pictures"
    (path / "more").mkdir(parents=True)
    for name in ("b.png", "more/c.png"):
        (path / name).write_bytes(SQUARE.read_bytes())
    (path / "a.png").write_text("no picture")
    return path


def asked(*arguments):
    command = [sys.executable, "-m", "ascendc", "run", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_folder_is_streamed_by_a_bundle(tiny_build, folder, tmp_path):
    done = asked(tiny_build, "--image", folder, "--labels", SHAPES, "--top-k", 1, "--skip-broken")
    assert done.returncode == 4
    first, second, count, *_ = done.stdout.splitlines()
    assert first.startswith(f"{folder / 'b.png'}: red square ")
    assert second.startswith(f"{folder / 'more' / 'c.png'}: red square ")
    assert count == "2 pictures, 1 skipped"
    assert done.stderr.startswith(f"skipped: image {folder / 'a.png'} is not a picture that Pillow can read")
    assert asked(tiny_build, "--image", folder, "--labels", SHAPES).returncode == 2


def test_labels_are_embedded_once(tiny_build, folder, tmp_path):
    labels, kept = tmp_path / "labels.npz", tmp_path / "kept.npz"
    templates = ("--template", "a {}", "a photo of a {}")
    assert asked(tiny_build, "--labels", SHAPES, *templates, "--output", labels).returncode == 0
    done = asked(tiny_build, "--image", folder / "more", "--labels", labels, "--json", "--output", kept)
    result, last = map(json.loads, done.stdout.splitlines())
    assert result["ranking"][0]["text"] == "red square"
    assert last["pictures"] == 1
    with np.load(labels) as known, np.load(kept) as found:
        assert found["names"].tolist() == [str(folder / "more" / "c.png")]
        assert known["names"][(found["embeddings"] @ known["embeddings"].T).argmax()] == "red square"


def test_an_interrupt_ends_the_bundle_s_process_too(tiny_build, tmp_path):
    """Where only ascendc hears of it, as from a supervisor: the child is told."""
    many = tmp_path / "many"
    many.mkdir()
    for i in range(5000):
        (many / f"{i}.png").symlink_to(SQUARE)
    arguments = [tiny_build, "--image", many, "--labels", SHAPES, "--output", tmp_path / "kept.npz"]
    command = [sys.executable, "-m", "ascendc", "run", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "ascendc: stopping; once more ends at once\nerror: interrupted\n"
    assert "5000 pictures" not in out
    assert [path.name for path in tmp_path.iterdir()] == ["many"]


def test_a_bundle_that_dies_of_a_signal_says_so(ascendc, tiny_build, tmp_path):
    shutil.copytree(tiny_build, tmp_path / "bundle")
    (tmp_path / "bundle/python/ascendc_device/__init__.py").write_text("import os; os.kill(os.getpid(), 11)")
    done = ascendc("run", tmp_path / "bundle", "--texts", "a")
    assert done.code == 3
    assert done.err == (
        "ascendc: ASC2014 the bundle's process died of SIGSEGV\n"
        "  hint: dmesg, where memory ran out; npu-smi info, where a driver failed\n"
    )


def test_an_onnx_bundle_takes_a_folder_too(ascendc, tmp_path, folder, monkeypatch):
    monkeypatch.setenv("ASCENDC_CACHE", str(tmp_path / "store"))
    inputs = "inputs={pixels: {image: {mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}}}"
    colors = ROOT / "recipes" / "colors" / "colors.onnx"
    soc = ("--soc-version", "Ascend310P3", "--option", inputs)
    assert ascendc("convert", "onnx", colors, "--output-dir", tmp_path / "colors", *soc).code == 0
    done = asked(tmp_path / "colors" / "bundle", "--image", folder / "more", folder / "b.png", "--top-k", 1)
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line.endswith(".png")] == [
        str(folder / "more" / "c.png"),
        str(folder / "b.png"),
    ]
