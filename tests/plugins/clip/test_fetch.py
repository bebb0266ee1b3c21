from __future__ import annotations

import sys

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
