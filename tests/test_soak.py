"""The long forms: `make soak` runs them, `make test` does not."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ascendc.errors import AscendcError

pytestmark = pytest.mark.soak
ROOT = Path(__file__).parents[1]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_shipped_recipe_builds_and_its_bundle_checks_itself(recipe, tmp_path):
    from ascendc import driver

    outcome = driver.build(recipe, output=tmp_path / "out")
    assert outcome.rows
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([tmp_path / "out" / "deploy.sh"], check=True, env={**os.environ, "PATH": path})


def damaged(text, seed):
    """The text with a few bytes changed, cut or doubled."""
    dice, data = random.Random(seed), bytearray(text)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(data) or 1)
        kind = dice.randrange(3)
        if kind == 0:
            data[at : at + 1] = bytes([dice.randrange(256)])
        elif kind == 1:
            del data[at : at + dice.randint(1, 20)]
        else:
            data[at:at] = data[at : at + dice.randint(1, 20)]
    return bytes(data)


def test_damaged_recipes_are_read_or_refused(tmp_path):
    from ascendc.recipe import load

    text = (ROOT / "recipes" / "clip-vit-b32-310p3.yaml").read_bytes()
    path = tmp_path / "recipe.yaml"
    refused = 0
    for seed in range(5000):
        path.write_bytes(damaged(text, seed))
        try:
            load(path)
        except AscendcError:
            refused += 1
    assert refused > 1000


def test_damaged_manifests_are_read_or_refused(tiny_build):
    from ascendc.bundle.manifest import from_json

    text = (tiny_build / "manifest.json").read_bytes()
    refused = 0
    for seed in range(5000):
        try:
            from_json(damaged(text, seed).decode("utf-8", "replace"))
        except AscendcError:
            refused += 1
    assert refused > 1000


def test_killed_at_any_moment_the_next_build_goes_on(tmp_path):
    """kill -9 leaves no torn entry and no half-written bundle; what was done is not done again."""
    environment = {**os.environ, "ASCENDC_CACHE": str(tmp_path / "store")}
    command = [sys.executable, "-m", "ascendc", "build", ROOT / "recipes" / "tiny-clip.yaml", "-o", tmp_path / "out"]
    for after in (2.0, 3.0, 4.0, 5.0, 6.0, 7.0):
        child = subprocess.Popen([*command, "-q"], env=environment, start_new_session=True)
        time.sleep(after)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if (tmp_path / "out").exists():
            json.loads((tmp_path / "out" / "manifest.json").read_text())
    subprocess.run([*command, "-q"], env=environment, check=True)
    again = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert "nothing to do" in again.stdout


def test_the_clip_plugin_beside_transformers_4(tmp_path):
    """The export and the gates hold with the previous generation of transformers, in an environment of its own."""
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site]
    subprocess.run([*install, "transformers==4.57.6", "huggingface_hub==0.36.0", "tokenizers==0.22.1"], check=True)
    environment = {**os.environ, "PYTHONPATH": str(site), "ASCENDC_CACHE": str(tmp_path / "store")}
    command = [sys.executable, "-m", "ascendc", "build", ROOT / "recipes" / "tiny-clip.yaml", "-o", tmp_path / "out"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "top-1 agrees 16 of 16" in done.stdout
