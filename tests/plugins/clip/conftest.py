"""Checkpoints of a CLIP so small that building one takes milliseconds."""

from __future__ import annotations

import json

import numpy as np
import pytest

SMALL = {
    "model_type": "clip",
    "projection_dim": 24,
    "logit_scale_init_value": 2.6592,
    "text_config": {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "vocab_size": 514,
        "max_position_embeddings": 77,
        "bos_token_id": 512,
        "eos_token_id": 513,
        "pad_token_id": 513,
        "projection_dim": 24,
    },
    "vision_config": {
        "hidden_size": 48,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "image_size": 32,
        "patch_size": 8,
        "projection_dim": 24,
    },
}


@pytest.fixture
def write_checkpoint(tmp_path):
    """Write a checkpoint of Hugging Face's layout; returns its folder.

    `weights` is ``safetensors``, ``bin`` or None; `act` and `eos` change the configuration; `pad` is the padding token.
    """

    def write(name="tiny", *, weights="safetensors", act="quick_gelu", eos=513, pad="<|endoftext|>"):
        import torch
        from safetensors.torch import save_file
        from tokenizers.pre_tokenizers import ByteLevel
        from transformers import CLIPConfig, CLIPModel

        folder = tmp_path / name
        folder.mkdir()
        config = {
            **SMALL,
            "text_config": {**SMALL["text_config"], "hidden_act": act, "eos_token_id": eos},
            "vision_config": {**SMALL["vision_config"], "hidden_act": act},
        }
        (folder / "config.json").write_text(json.dumps(config))
        letters = sorted(ByteLevel.alphabet())
        tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
        (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
        (folder / "merges.txt").write_text("#version: 0.2\n")
        (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": pad, "model_max_length": 77}))
        preprocessing = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}, "resample": 3}
        (folder / "preprocessor_config.json").write_text(json.dumps(preprocessing))
        if weights:
            torch.manual_seed(1)
            model = CLIPModel(CLIPConfig.from_dict(config))
            with torch.no_grad():
                for parameter in model.parameters():  # biases start at 0 and norms at 1: nothing would show
                    parameter.add_(torch.randn_like(parameter) * 0.05)
            state = {key: value.contiguous() for key, value in model.state_dict().items()}
            if weights == "safetensors":
                save_file(state, folder / "model.safetensors")
            else:
                torch.save(state, folder / "pytorch_model.bin")
        return folder

    return write


@pytest.fixture
def checkpoint(write_checkpoint):
    """The plain one."""
    return write_checkpoint()


@pytest.fixture
def clip():
    """Build the plugin's model from a source and options."""
    from ascendc_plugins.clip.model import Clip

    from ascendc.model import Source

    def make(source, **options):
        return Clip(Source(str(source)), Clip.Options(**options))

    return make


@pytest.fixture
def pictures():
    """Oblong, and not all of one size."""
    from ascendc_plugins.clip.shapes import drawings

    return tuple(picture for picture, _ in drawings(4, 3))


@pytest.fixture
def save(tmp_path):
    """Change a JSON file of a checkpoint."""

    def change(path, **fields):
        content = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**content, **fields}))

    return change


@pytest.fixture
def close():
    """The largest difference, relative to the largest value."""
    return lambda a, b: float(np.abs(np.asarray(a) - np.asarray(b)).max() / np.abs(np.asarray(b)).max())
