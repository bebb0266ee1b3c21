"""The bundle of the trained CLIP, unpacked elsewhere, on what a board has: an old Python, numpy, onnxruntime, pillow,
tokenizers. Nothing of ascendc's host side is installed there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ascendc.bundle.pack import pack, unpack
from ascendc.runtime.metrics import relative_error

ROOT = Path(__file__).parents[1]
TINY = ROOT / "recipes" / "tiny-clip"


@pytest.fixture(scope="module")
def board_python():
    """The interpreter of the board's environment; `make test` has made it, and it is made here if not."""
    folder = ROOT / ".venv-board"
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, ROOT / "tests" / "board_environment.py", folder], check=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def bundle(tiny_build, tmp_path_factory):
    """Packed, carried in a file, unpacked in a folder whose name needs quoting."""
    folder = tmp_path_factory.mktemp("elsewhere")
    packed = pack(tiny_build, folder / "tiny.tar.gz")
    return unpack(packed.path, folder / "a b+c")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """200 drawings as files, and what each shows."""
    from ascendc_plugins.clip.shapes import drawings

    folder = tmp_path_factory.mktemp("drawn")
    captions = []
    for i, (picture, caption) in enumerate(drawings(200, seed=2026)):
        Image.fromarray(picture).save(folder / f"{i:03}.png")
        captions.append(caption)
    return sorted(folder.iterdir()), captions


def on_board(python, bundle, *arguments):
    command = [str(python), "-I", "-B", str(bundle / "python"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def test_it_names_the_right_shape_and_agrees_with_pytorch(board_python, bundle, drawn, tmp_path):
    import torch
    from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

    files, captions = drawn
    labels = sorted(set(captions))
    done = on_board(
        board_python, bundle, "run", "--json", "--top-k", 1, "--embed", tmp_path / "out.npz",
        "--image", *files, "--texts", *labels,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    answer = json.loads(done.stdout)
    named = [result["ranking"][0]["text"] for result in answer["results"]]
    right = sum(a == b for a, b in zip(named, captions, strict=True))
    assert len(labels) == 30
    assert right >= 190, f"{right} of 200"
    assert set(answer["engines"]) == {"image", "text"}
    assert all("onnxruntime" in engine for engine in answer["engines"].values())

    model = CLIPModel.from_pretrained(TINY).eval()
    pixels = CLIPImageProcessorPil.from_pretrained(TINY)([Image.open(f) for f in files], return_tensors="pt")
    tokens = CLIPTokenizer.from_pretrained(TINY)(labels, padding="max_length", return_tensors="pt")
    with torch.inference_mode():
        wanted = model(**pixels, **tokens)
    embedded = np.load(tmp_path / "out.npz")
    for name, reference in (("image_embeds", wanted.image_embeds), ("text_embeds", wanted.text_embeds)):
        assert relative_error(reference.numpy(), embedded[name]) < 2e-4


def test_deploy_checks_itself_there(board_python, bundle):
    done = subprocess.run(
        [bundle / "deploy.sh", "--python", board_python], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "image: onnxruntime " in done.stdout
    assert "of the sample distance (limit 2e-04): ok" in done.stdout


def test_the_board_lacks_all_of_the_host_side(board_python, bundle):
    program = (
        "import importlib.util as u; print([m for m in ('torch', 'ascendc', 'pydantic', 'click') if u.find_spec(m)])"
    )
    done = subprocess.run([board_python, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
