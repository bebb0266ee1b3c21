"""A plugin's device half that fails, on the command line: whose it is, and what to do; never a traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HOST = """
import numpy as np
from ascendc import Judgement, Model, Part, Samples, Tensor, hookimpl

class Wordy(Model):
    NAME, DEVICE = "wordy", "wordy.device"
    def parts(self):
        return (Part("topic", (Tensor("x", "float32", ("batch", 2)),), (Tensor("y", "float32", ("batch", 2)),)),)
    def module(self, part, weights, attention="eager"):
        import torch
        return torch.nn.Identity().eval()
    def samples(self, n, seed):
        return Samples(texts=tuple(str(i) for i in range(n)))
    def inputs(self, part, samples, weights):
        return {"x": np.array([[float(text)] * 2 for text in samples.texts], np.float32)}
    def judge(self, reference, candidate):
        return Judgement(True, "fine")

@hookimpl
def ascendc_register_models():
    return [Wordy]
"""

DEVICE = """
def prepare(part, images, texts, arrays, assets, spec=None):
    return {}["nope"]
def open_service(sessions, assets):
    return {}["nope"]
"""


@pytest.fixture
def wordy(tmp_path, monkeypatch):
    """Install ``ascendc-wordy 0.1``, whose device half is `text`; returns its recipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "site")

    def install(text):
        info, half = tmp_path / "site/ascendc_wordy-0.1.dist-info", tmp_path / "site/wordy/device"
        for folder in (info, half):
            folder.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ascendc-wordy\nVersion: 0.1\n")
        (info / "entry_points.txt").write_text("[ascendc]\nwordy = wordy\n")
        (half.parent / "__init__.py").write_text(HOST)
        (half / "__init__.py").write_text(text)
        Path("wordy.yaml").write_text(
            "version: 1\nmodel: {plugin: wordy, source: wordy}\ntargets: [{soc: Ascend310}]\n"
        )
        return "wordy.yaml"

    yield install
    for name in [name for name in sys.modules if name.partition(".")[0] == "wordy"]:
        del sys.modules[name]


HINT = "  hint: the traceback is shown with -v; docs/write-a-device-half.md says what is called, and with what\n"


@pytest.mark.parametrize("command", [("build",), ("build", "--dry-run"), ("recipe", "check"), ("run",)])
def test_what_cannot_be_imported_is_said_before_any_step(ascendc, wordy, command):
    ran = ascendc(*command, wordy("import no_such_module\n"))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "ascendc: ASC1361 device half `wordy.device` of ascendc-wordy 0.1 cannot be imported: "
        f"ModuleNotFoundError: No module named 'no_such_module'\n{HINT}"
    )


@pytest.mark.parametrize("command", [("build",), ("build", "--dry-run")])
def test_what_cannot_travel_is_said_before_any_step(ascendc, wordy, command, tmp_path):
    ran = ascendc(*command, wordy("from wordy import Wordy\n" + DEVICE))
    file = tmp_path / "site/wordy/device/__init__.py"
    log = "  log: build/wordy.build.log\n" if command == ("build",) else ""
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"ascendc: ASC1824 device half `wordy.device` of ascendc-wordy 0.1: {file}:1: "
        "`from wordy import Wordy` is not on the board: the plugin's host half stays on the host\n"
        f"  hint: let assets() write what it needs, and read that from the assets folder\n{log}"
    )


def test_what_verify_asks_of_it_is_its_own_doing(ascendc, wordy):
    ran = ascendc("build", wordy(DEVICE), "-q")
    assert ran.code == 3
    assert ran.err.endswith(
        "ascendc: ASC1364 device half `wordy.device` of ascendc-wordy 0.1 raised in prepare('topic'): "
        f"KeyError: 'nope'\n{HINT}  log: build/wordy.build.log\n"
    )


def test_a_question_that_it_fails_at_is_traced_with_v(ascendc, wordy):
    recipe = wordy(DEVICE)
    message = (
        "ascendc: ASC1364 device half `wordy.device` of ascendc-wordy 0.1 raised in open_service(): "
        f"KeyError: 'nope'\n{HINT}"
    )
    ran = ascendc("run", recipe, "--texts", "1")
    assert (ran.code, ran.err) == (3, message)
    ran = ascendc("run", recipe, "--texts", "1", "-v")
    assert ran.err.startswith("Traceback (most recent call last):\n")
    assert '    return {}["nope"]\n' in ran.err
    assert ran.err.endswith(message)


def test_a_damaged_asset_is_no_traceback(tiny_build, tmp_path):
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_build, folder)
    (folder / "assets/clip.json").write_text("{")
    picture = ROOT / "recipes/tiny-clip/red-square.png"
    command = [sys.executable, "-m", "ascendc", "run", folder, "--image", picture, "--texts", "a red square"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "error: the bundle's device half failed in open_service(): JSONDecodeError: Expecting property name enclosed "
        "in double quotes: line 1 column 2 (char 1)\n"
        f"  hint: ./deploy.sh, or ascendc bundle verify {folder}, says whether its files are whole; "
        "-v says where it failed\n"
    )
    assert "Traceback" in subprocess.run([*command, "-v"], capture_output=True, text=True, check=False).stderr
