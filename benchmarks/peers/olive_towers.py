"""What Olive asks for to load the towers of a CLIP checkpoint. Runs in Olive's environment."""

from __future__ import annotations

from typing import Any

import torch
from transformers import CLIPTextModelWithProjection, CLIPVisionModelWithProjection


class Tower(torch.nn.Module):
    """A tower that answers with its embeddings alone: Olive's default exporter takes no dictionary."""

    def __init__(self, model: Any, output: str) -> None:
        super().__init__()
        self.model, self.output = model, output

    def forward(self, inputs: torch.Tensor) -> Any:
        """The embeddings: batch × projection."""
        return getattr(self.model(inputs), self.output)


def image(folder: str) -> Tower:
    """The image tower of the checkpoint in `folder`."""
    return Tower(CLIPVisionModelWithProjection.from_pretrained(folder), "image_embeds")


def text(folder: str) -> Tower:
    """The text tower of the checkpoint in `folder`."""
    return Tower(CLIPTextModelWithProjection.from_pretrained(folder), "text_embeds")
