"""The checkpoints that are known by name: their true architectures, so that random weights need no download.

Source: the published ``config.json`` of each, and the defaults of transformers' CLIPConfig where it leaves one out.
"""

from __future__ import annotations

from typing import Any

_PREFIX = "openai/clip-vit-"


def _config(
    width: int, text_width: int, text_heads: int, text_layers: int = 12, activation: str = "quick_gelu", **vision: int
) -> dict[str, Any]:
    shared = {"hidden_act": activation, "layer_norm_eps": 1e-05}
    return {
        "model_type": "clip",
        "projection_dim": text_width,
        "logit_scale_init_value": 2.6592,
        "text_config": {
            "model_type": "clip_text_model",
            "hidden_size": text_width,
            "intermediate_size": 4 * text_width,
            "num_hidden_layers": text_layers,
            "num_attention_heads": text_heads,
            "projection_dim": text_width,
            "vocab_size": 49408,
            "max_position_embeddings": 77,
            "bos_token_id": 0,
            "eos_token_id": 2,  # as published: it means "the largest id", which is 49407
            "pad_token_id": 1,
            **shared,
        },
        "vision_config": {
            "model_type": "clip_vision_model",
            "hidden_size": width,
            "intermediate_size": 4 * width,
            "projection_dim": text_width,
            **shared,
            **vision,
        },
    }


def _base(patch_size: int) -> dict[str, Any]:
    return _config(768, 512, 8, num_hidden_layers=12, num_attention_heads=12, patch_size=patch_size, image_size=224)


def _large(image_size: int) -> dict[str, Any]:
    return _config(1024, 768, 12, num_hidden_layers=24, num_attention_heads=16, patch_size=14, image_size=image_size)


_HUGE = {"num_hidden_layers": 32, "num_attention_heads": 16, "patch_size": 14, "image_size": 224}
_GIANT = {"num_hidden_layers": 48, "num_attention_heads": 16, "patch_size": 14, "image_size": 224}

CONFIGS: dict[str, dict[str, Any]] = {
    f"{_PREFIX}base-patch32": _base(32),
    f"{_PREFIX}base-patch16": _base(16),
    f"{_PREFIX}large-patch14": _large(224),
    f"{_PREFIX}large-patch14-336": _large(336),
    "laion/CLIP-ViT-H-14-laion2B-s32B-b79K": _config(1280, 1024, 16, 24, "gelu", **_HUGE),
    "laion/CLIP-ViT-bigG-14-laion2B-39B-b160k": _config(1664, 1280, 20, 32, "gelu", intermediate_size=8192, **_GIANT),
}
"""Hub id → configuration, as ``config.json`` has it."""

_SHORT = {
    "vit-b/32": f"{_PREFIX}base-patch32",
    "vit-b/16": f"{_PREFIX}base-patch16",
    "vit-l/14": f"{_PREFIX}large-patch14",
    "vit-l/14@336px": f"{_PREFIX}large-patch14-336",
    "vit-l/14-336": f"{_PREFIX}large-patch14-336",
    "vit-h/14": "laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
    "vit-bigg/14": "laion/CLIP-ViT-bigG-14-laion2B-39B-b160k",
}
"""OpenAI's own names, and LAION's, in small letters."""
_ALIASES = {**_SHORT, **{name.replace("/", "-"): full for name, full in _SHORT.items()}}


def hub_id(name: str) -> str:
    """The hub id that a short name (``ViT-B/32``, ``ViT-B-32``) stands for; anything else as it is."""
    return _ALIASES.get(name.lower(), name)
