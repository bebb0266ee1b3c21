"""Train the tiny CLIP of this folder on drawn coloured shapes, and write it in Hugging Face layout.

    python recipes/tiny-clip/train.py -o build/tiny-clip-again

A true `transformers.CLIPModel`, only small, so that whatever holds for the big ones can be tried on it in
seconds. Deterministic for one seed, one machine and one version of torch. It prints its top-1 on fresh drawings
last. Needs transformers 5 (the PIL image processor under its own name) and torch 2.9 (Muon).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from ascendc_plugins.clip.shapes import COLORS, SHAPES, captions, drawings
from tokenizers.pre_tokenizers import ByteLevel
from torch.nn import functional
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE = 64
CONTEXT = 77
WIDTH = 96
"""Of the embeddings that both towers end in."""
SPECIAL = ("<|startoftext|>", "<|endoftext|>")
TEMPLATES = (
    "a {}",
    "{}",
    "one {}",
    "the {}",
    "this is a {}",
    "a photo of a {}",
    "a picture of a {}",
    "a drawing of a {}",
    "an image of a {}",
    "a {} on a plain background",
    "there is a {} in the picture",
)
POOL = 15_000
"""Drawings to learn from; each is shown mirrored and turned."""
FRESH = 1000
"""Drawings to be measured on."""
BATCH = 64


class Pool(NamedTuple):
    """Preprocessed drawings and what they show."""

    pixels: torch.Tensor
    """float32 [n, 3, 64, 64], normalised."""
    classes: torch.Tensor
    """int64 [n], indices into `captions()`."""


def nouns() -> tuple[str, ...]:
    """What the model learns to name: colour and shape (30), shape alone (5), colour alone (6)."""
    both = (caption.removeprefix("a ") for caption in captions())
    return (*both, *SHAPES, *(f"{color} shape" for color in COLORS))


def merges(words: Counter[str]) -> list[tuple[str, str]]:
    """Byte-pair merges that make one token of each word: the most frequent pair first, ties by spelling."""
    spelt = {word: [*word[:-1], f"{word[-1]}</w>"] for word in words}
    learnt: list[tuple[str, str]] = []
    while any(len(pieces) > 1 for pieces in spelt.values()):
        pairs: Counter[tuple[str, str]] = Counter()
        for word, pieces in spelt.items():
            for pair in pairwise(pieces):
                pairs[pair] += words[word]
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        learnt.append(best)
        spelt = {word: _joined(pieces, best) for word, pieces in spelt.items()}
    return learnt


def _joined(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    """`pieces` with each occurrence of `pair` made one piece."""
    out: list[str] = []
    for piece in pieces:
        if out and (out[-1], piece) == pair:
            out[-1] += piece
        else:
            out.append(piece)
    return out


def write_tokenizer(folder: Path) -> CLIPTokenizer:
    """Write a tokenizer laid out as CLIP's own and return it.

    Its vocabulary: printable forms of the 256 bytes, the same at a word's end, merges, then start and end of
    text. The last has the highest id: CLIP's pooling in its first form, ArgMax of the ids, relies on that.
    """
    words = " ".join(template.format(noun) for template in TEMPLATES for noun in nouns()).split()
    learnt = merges(Counter(words))
    letters = sorted(ByteLevel.alphabet())
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, learnt), *SPECIAL]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    start, end = SPECIAL
    special = {"bos_token": start, "eos_token": end, "pad_token": end, "unk_token": end}
    tokenizer = CLIPTokenizer(
        vocab=vocabulary,
        merges=learnt,  # type: ignore[arg-type]  # annotated for names of files; pairs are what it takes
        model_max_length=CONTEXT,
    )
    tokenizer.save_pretrained(folder)
    # What transformers 5 no longer writes and older readers look for.
    _write(folder / "vocab.json", json.dumps(vocabulary, ensure_ascii=False))
    _write(folder / "merges.txt", "\n".join(["#version: 0.2", *map(" ".join, learnt)]))
    _write(folder / "special_tokens_map.json", json.dumps(special, indent=2))
    return tokenizer


def _write(path: Path, text: str) -> None:
    path.write_text(f"{text}\n", encoding="utf-8")


def new_model(vocabulary: int) -> CLIPModel:
    """The untrained model, 0.9 million parameters, of a tokenizer with `vocabulary` entries."""
    end = vocabulary - 1
    text = {
        "vocab_size": vocabulary,
        "hidden_size": WIDTH,
        "intermediate_size": 192,
        "num_hidden_layers": 3,
        "num_attention_heads": 3,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": end - 1,
        "eos_token_id": end,
        "pad_token_id": end,
        "projection_dim": WIDTH,
        "hidden_act": "quick_gelu",
    }
    vision = {
        "image_size": SIDE,
        "patch_size": 8,
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 4,
        "num_attention_heads": 8,
        "projection_dim": WIDTH,
        "hidden_act": "quick_gelu",
    }
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH))
    # CLIP starts positions at a fifteenth of what patches weigh; shapes are learnt sooner when they stand out.
    torch.nn.init.normal_(model.vision_model.embeddings.position_embedding.weight, std=0.2)
    return model


def show(n: int, seed: int, processor: CLIPImageProcessorPil) -> Pool:
    """`n` drawings, preprocessed."""
    names = {caption: i for i, caption in enumerate(captions())}
    pixels, classes = [], []
    for picture, caption in drawings(n, seed):
        pixels.append(processor(picture, return_tensors="pt").pixel_values[0])
        classes.append(names[caption])
    return Pool(torch.stack(pixels), torch.tensor(classes))


def batches(pool: Pool, generator: torch.Generator) -> Iterator[Pool]:
    """Random batches without end; each drawing mirrored and turned at random, which no name minds."""

    def perhaps(changed: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
        return torch.where(torch.rand(len(pixels), 1, 1, 1, generator=generator) < 0.5, changed, pixels)

    while True:
        order = torch.randperm(len(pool.classes), generator=generator)
        for rows in torch.split(order, BATCH):
            pixels = pool.pixels[rows]
            pixels = perhaps(pixels.flip(2), pixels)
            pixels = perhaps(pixels.flip(3), pixels)
            yield Pool(perhaps(pixels.transpose(2, 3), pixels), pool.classes[rows])


def loss_of(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the full name, and of the shape and the colour each alone.

    Args:
        logits: float32 [batch, len(nouns())].
        classes: int64 [batch], indices into `captions()`.
    """
    both, shape, color = torch.split(logits, [len(captions()), len(SHAPES), len(COLORS)], dim=1)
    return (
        functional.cross_entropy(both, classes)
        + 0.3 * functional.cross_entropy(shape, classes % len(SHAPES))
        + 0.3 * functional.cross_entropy(color, classes // len(SHAPES))
    )


def optimisers(model: CLIPModel) -> tuple[torch.optim.Optimizer, ...]:
    """Muon for the layers' matrices, AdamW for all else: half the steps that AdamW alone would take."""
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (matrices if parameter.ndim == 2 and ".layers." in name else others).append(parameter)
    return (
        torch.optim.Muon(matrices, lr=0.02, weight_decay=0.02),
        torch.optim.AdamW(others, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.0),
    )


def fit(model: CLIPModel, pool: Pool, texts: torch.Tensor, steps: int, generator: torch.Generator) -> None:
    """Train `model` in place, each step with one template per noun; warm-up, then a straight line to zero.

    Args:
        model: In training mode.
        pool: The drawings.
        texts: Token ids, int64 [template, noun, length].
        steps: Batches to show.
        generator: Of batches and templates.
    """
    movers = optimisers(model)
    rates = [
        torch.optim.lr_scheduler.LambdaLR(mover, lambda step: min(1, (step + 1) / 150) * (1 - step / steps))
        for mover in movers
    ]
    for step, batch in zip(range(1, steps + 1), batches(pool, generator), strict=False):
        chosen = torch.randint(len(texts), (texts.shape[1],), generator=generator)
        ids = texts[chosen, torch.arange(texts.shape[1])]
        loss = loss_of(model(input_ids=ids, pixel_values=batch.pixels).logits_per_image, batch.classes)
        model.zero_grad()
        torch.autograd.backward(loss)
        for mover, rate in zip(movers, rates, strict=True):
            mover.step()
            rate.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)


@torch.no_grad()
def accuracy(model: CLIPModel, pool: Pool, texts: torch.Tensor) -> float:
    """Share of drawings whose own caption scores highest; `texts` are the captions' ids [caption, length]."""
    parts = torch.split(pool.pixels, 100)
    best = [model(input_ids=texts, pixel_values=part).logits_per_image.argmax(1) for part in parts]
    return float((torch.cat(best) == pool.classes).float().mean())


def train(folder: Path, *, steps: int, seed: int) -> str:
    """Train, write all files into `folder`, and say how good the model is."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = write_tokenizer(folder)
    processor = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE)
    processor.save_pretrained(folder)
    torch.manual_seed(seed)
    model = new_model(len(tokenizer))
    sentences = [template.format(noun) for template in TEMPLATES for noun in nouns()]
    # Padded to the longest, not to the context: what stands behind the end of text is never looked at.
    ids = tokenizer(sentences, padding=True, return_tensors="pt").input_ids
    texts = ids.view(len(TEMPLATES), len(nouns()), -1)
    pool = show(min(POOL, BATCH * steps), seed, processor)
    fit(model.train(), pool, texts, steps, torch.Generator().manual_seed(seed))
    model.train(False).save_pretrained(folder)
    top1 = accuracy(model, show(FRESH, seed + 1, processor), texts[0, : len(captions())])
    return f"top-1 on {FRESH} fresh drawings: {top1:.3f}; logit scale: {model.logit_scale.exp():.1f}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Train the tiny CLIP on drawn coloured shapes.")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write, made if missing")
    parser.add_argument("--steps", type=int, default=2500, help=f"batches of {BATCH} drawings, %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of weights and drawings, %(default)s")
    parser.add_argument("--threads", type=int, default=2, help="of the CPU, %(default)s")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    print(train(options.output, steps=options.steps, seed=options.seed))


if __name__ == "__main__":
    main()
