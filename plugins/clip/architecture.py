"""What a checkpoint's ``config.json`` says, read without transformers and without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascendc import UsageError

_TEXT_DEFAULTS = {"vocab_size": 49408, "max_position_embeddings": 77, "eos_token_id": 49407, "hidden_act": "quick_gelu"}
_VISION_DEFAULTS = {"image_size": 224, "num_channels": 3, "hidden_act": "quick_gelu"}
"""What transformers' CLIPConfig assumes where a file is silent."""


@dataclass(frozen=True)
class Architecture:
    """The few facts about a CLIP that its graphs' interfaces depend on."""

    image_size: int
    context_length: int
    dimensions: int
    """Of the embeddings."""
    vocabulary: int
    eos: int
    """As configured: 2 is the old convention, by which the largest id of a text ends it."""
    image_activation: str
    text_activation: str
    raw: tuple[tuple[str, Any], ...]
    """The whole configuration, for transformers."""

    @classmethod
    def read(cls, folder: Path) -> Architecture:
        """From a checkpoint's folder.

        Raises:
            UsageError: there is no configuration (ASC1321), it cannot be read (ASC1322), or it is not CLIP's (ASC1323).
        """
        path = folder / "config.json"
        if not path.is_file():
            raise UsageError("ASC1321", f"`{folder}` holds no config.json: it is no checkpoint")
        return cls.of(read_json(path), str(path))

    @classmethod
    def of(cls, raw: dict[str, Any], where: str) -> Architecture:
        """From a configuration; `where` names it in errors."""
        kind = raw.get("model_type") if isinstance(raw, dict) else None
        if kind != "clip":
            raise UsageError("ASC1323", f"`{where}` must describe a model of type `clip`, not `{kind}`")
        # Old files say it twice; then the `_dict`, with its own defaults, is what transformers takes.
        text = {**_TEXT_DEFAULTS, **(raw.get("text_config_dict") or raw.get("text_config") or {})}
        vision = {**_VISION_DEFAULTS, **(raw.get("vision_config_dict") or raw.get("vision_config") or {})}
        if vision["num_channels"] != 3:
            raise UsageError(
                "ASC1323", f"`{where}`: vision_config.num_channels must be 3, not {vision['num_channels']}"
            )
        return cls(
            image_size=vision["image_size"],
            context_length=text["max_position_embeddings"],
            dimensions=raw.get("projection_dim", 512),
            vocabulary=text["vocab_size"],
            eos=text["eos_token_id"],
            image_activation=vision["hidden_act"],
            text_activation=text["hidden_act"],
            raw=tuple(raw.items()),
        )


def read_json(path: Path) -> Any:
    """A checkpoint's JSON file.

    Raises:
        UsageError: it is none (ASC1322).
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError("ASC1322", f"`{path}` is not JSON: {error}") from error
