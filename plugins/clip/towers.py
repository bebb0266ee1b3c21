"""The towers as modules of their own: transformers' forward, a normalisation if asked, nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import torch
from transformers import CLIPConfig, CLIPModel

from . import weights as files

if TYPE_CHECKING:
    from ascendc import Source, Weights

EPSILON = 1e-6
"""Below this a norm counts as this: fp16 still holds it, and an embedding of zeros does not become NaN."""


def build(source: Source, config: dict[str, Any], weights: Weights, attention: str) -> tuple[CLIPModel, bool]:
    """A CLIPModel in eval mode, its weights pretrained or random; and whether they are mapped from files."""
    mapped = False
    parsed = CLIPConfig.from_dict(dict(config))
    parsed._attn_implementation = attention
    if weights.kind == "random":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(weights.seed)
            model = CLIPModel(parsed)
    else:
        with torch.device("meta"):
            model = CLIPModel(parsed)
        mapped = files.load(source, model, allow_pickle=weights.allow_pickle)
    model.eval()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    return model, mapped


def identity(clip: CLIPModel) -> str:
    """What tells embeddings of one model from another's, wherever its weights were read: a hash of the projections."""
    digest = hashlib.sha256()
    for projection in (clip.visual_projection, clip.text_projection):
        digest.update(projection.weight.detach().float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


class Tower(torch.nn.Module):
    """Pixels or ids in, embeddings out: batch × dimensions."""

    def __init__(self, clip: CLIPModel, part: str, *, normalize: bool) -> None:
        """`part` is ``image`` or ``text``; `normalize` brings the embeddings to unit length."""
        super().__init__()
        # Only this tower's modules are registered: names and weights of the graph begin with theirs.
        if part == "image":
            self.features = clip.get_image_features
            self.vision_model, self.visual_projection = clip.vision_model, clip.visual_projection
        else:
            self.features = clip.get_text_features
            self.text_model, self.text_projection = clip.text_model, clip.text_projection
        self._normalize = normalize

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What CLIPModel's method gives: a tensor before transformers 5, then an object that holds it."""
        result = self.features(x)
        embeds: torch.Tensor = result if isinstance(result, torch.Tensor) else result.pooler_output
        if self._normalize:
            embeds = embeds / embeds.norm(dim=-1, keepdim=True).clamp_min(EPSILON)
        return embeds
