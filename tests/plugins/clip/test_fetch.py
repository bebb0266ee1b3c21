from __future__ import annotations

import sys

import numpy as np
import pytest
from ascendc_plugins.clip.fetch import DESCRIPTION, fetch

from ascendc.errors import EnvironmentLacksError, UsageError
from ascendc.model import Samples, Source, Weights


def refusal(kind, action):
    with pytest.raises(kind) as caught:
        action()
    return caught.value.id, str(caught.value)


def test_a_folder_is_taken_as_it_is(tmp_path):
    assert fetch(Source(str(tmp_path)), DESCRIPTION) == tmp_path


def test_a_hub_id_without_network_says_what_to_do():
    id, text = refusal(EnvironmentLacksError, lambda: fetch(Source("nobody/has-this", "v1"), DESCRIPTION))
    assert id == "ASC1333"
    assert text == (
        "`nobody/has-this` at `v1` is not on this machine, and Hugging Face cannot be reached\n"
        "  hint: set HF_ENDPOINT to a mirror; or download it elsewhere (huggingface-cli download NAME --local-dir DIR) "
        "and give the folder as source; or take weights: random with a known name"
    )


def test_a_known_name_needs_the_hub_only_for_pretrained_weights(clip):
    model = clip("ViT-B/32")
    assert model.parts()
    assert model.inputs("text", Samples(texts=("a",)), Weights("random"))
    for action in (
        lambda: model.inputs("text", Samples(texts=("a",)), Weights()),
        lambda: model.module("text", Weights()),
    ):
        id, text = refusal(EnvironmentLacksError, action)
        assert id == "ASC1333"
        assert text.startswith("`openai/clip-vit-base-patch32` is not on this machine")


@pytest.mark.parametrize("name", ["no such folder", "a/b/c", "ViT-H"])
def test_what_is_no_source(clip, name):
    id, text = refusal(UsageError, clip(name).parts)
    assert id == "ASC1331"
    assert text == (
        f"`{name}` is neither a folder nor a hub id; allowed: a local folder, `owner/name`, "
        "`modelscope:owner/name`, or a known name such as ViT-B/32"
    )


def test_modelscope_needs_its_package(clip, monkeypatch):
    monkeypatch.setitem(sys.modules, "modelscope", None)  # as if it were not installed
    assert refusal(EnvironmentLacksError, clip("modelscope:AI-ModelScope/clip-vit-base-patch32").parts) == (
        "ASC1334",
        (
            "`modelscope:AI-ModelScope/clip-vit-base-patch32` needs the package `modelscope`, which is not installed\n"
            '  hint: pip install "ascendc[modelscope]"'
        ),
    )


def test_a_hub_s_main_that_moved_is_another_model(tmp_path, monkeypatch, store):
    """What enters the key is the content of the commit that `main` names now."""
    import shutil
    from pathlib import Path

    import huggingface_hub.constants
    from safetensors.numpy import load_file, save_file

    from ascendc import driver, registry

    tiny = Path(__file__).parents[3] / "recipes" / "tiny-clip"
    repository = tmp_path / "hub" / "models--someone--tiny"
    (repository / "refs").mkdir(parents=True)
    for commit in ("a" * 40, "b" * 40):
        shutil.copytree(tiny, repository / "snapshots" / commit)
    weights = load_file(tiny / "model.safetensors")
    save_file(
        {**weights, "logit_scale": np.asarray(weights["logit_scale"] + 1)},
        repository / "snapshots" / ("b" * 40) / "model.safetensors",
    )
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("version: 1\nmodel: {plugin: clip, source: someone/tiny}\ntargets: [{soc: Ascend310}]\n")

    def step(commit):
        (repository / "refs" / "main").write_text(commit)
        return driver.prepare(recipe, (), store, registry.load()).assets

    assert step("a" * 40) == step("a" * 40)
    assert step("a" * 40) != step("b" * 40)
