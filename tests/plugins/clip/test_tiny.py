"""The shipped tiny CLIP: loadable, small, and right about drawn shapes; and the script that made it still works."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ascendc_plugins.clip.shapes import COLORS, SHAPES, captions, drawings

FOLDER = Path(__file__).parents[3] / "recipes" / "tiny-clip"
END = "<|endoftext|>"
MADE_BY_HAND = {"README.md", "train.py", "red-square.png"}


@pytest.fixture(scope="module")
def processor():
    from transformers import CLIPProcessor

    return CLIPProcessor.from_pretrained(FOLDER)


@pytest.fixture(scope="module")
def model():
    from transformers import CLIPModel

    return CLIPModel.from_pretrained(FOLDER)


@pytest.fixture(scope="module")
def album():
    """200 drawings that training has not seen, and the index of what each shows."""
    pictures, names = zip(*drawings(200, seed=2026), strict=True)
    return pictures, [captions().index(name) for name in names]


def chances(model, processor, pictures, texts):
    """Probability of each text for each picture, float32 [pictures, texts]."""
    import torch

    inputs = processor(
        images=list(pictures), text=list(texts), padding="max_length", max_length=77, return_tensors="pt"
    )
    with torch.no_grad():
        logits = model(input_ids=inputs.input_ids, pixel_values=inputs.pixel_values.to(model.dtype)).logits_per_image
    return logits.float().softmax(1).numpy()


def right(chances, shown):
    """Share of pictures whose most probable text is the one that it shows."""
    return (chances.argmax(1) == shown).mean()


def test_it_names_drawings_and_is_sure(model, processor, album):
    pictures, shown = album
    scores = chances(model, processor, pictures, captions())
    assert right(scores, shown) >= 0.98
    assert sorted(scores[range(200), shown])[20] > 0.9  # nine tenths of the answers are no close calls


@pytest.mark.parametrize("template", ["a photo of a {}", "there is a {} in the picture", "THE {}"])
def test_it_understands_templates(model, processor, album, template):
    pictures, shown = album
    texts = [template.format(name.removeprefix("a ")) for name in captions()]
    assert right(chances(model, processor, pictures[:60], texts), shown[:60]) >= 0.95


def test_it_knows_colour_and_shape_apart(model, processor, album):
    pictures, shown = album
    colors = chances(model, processor, pictures[:60], [f"a {color} shape" for color in COLORS])
    shapes = chances(model, processor, pictures[:60], [f"a {shape}" for shape in SHAPES])
    assert right(colors, [index // len(SHAPES) for index in shown[:60]]) >= 0.95
    assert right(shapes, [index % len(SHAPES) for index in shown[:60]]) >= 0.95


def test_it_names_the_shipped_picture(model, processor):
    from PIL import Image

    with Image.open(FOLDER / "red-square.png") as picture:
        scores = chances(model, processor, [picture], captions())
    assert captions()[scores.argmax()] == "a red square"
    assert scores.max() > 0.99


def test_the_labels_beside_it_are_what_it_knows():
    labels = (FOLDER.parent / "shapes.txt").read_text().splitlines()
    assert [f"a {label}" for label in labels] == list(captions())


def test_half_precision_gives_the_same_answers(model, processor, album):
    import copy

    pictures, shown = album
    scores = chances(copy.deepcopy(model).half(), processor, pictures[:60], captions())
    assert right(scores, shown[:60]) >= 0.95


def test_the_end_of_text_has_the_highest_id(processor):
    tokenizer = processor.tokenizer
    vocabulary = tokenizer.get_vocab()
    config = json.loads((FOLDER / "config.json").read_text())["text_config"]
    assert max(vocabulary, key=vocabulary.__getitem__) == END
    assert vocabulary[END] == config["eos_token_id"] == config["pad_token_id"] == config["vocab_size"] - 1
    assert vocabulary["<|startoftext|>"] == config["bos_token_id"]
    assert sorted(vocabulary.values()) == list(range(config["vocab_size"]))


def test_a_caption_is_one_token_a_word_and_any_text_has_tokens(processor):
    tokenizer = processor.tokenizer
    start, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    words = tokenizer.convert_ids_to_tokens(tokenizer("A red  Square").input_ids)
    assert words == ["<|startoftext|>", "a</w>", "red</w>", "square</w>", END]
    strange = tokenizer("naïve 猫 €5!").input_ids
    assert strange[0] == start
    assert strange.index(end) == len(strange) - 1  # no unknown token in between: that would be the end of text


def test_the_vocabulary_files_say_what_the_tokenizer_file_says():
    whole = json.loads((FOLDER / "tokenizer.json").read_text())["model"]
    assert json.loads((FOLDER / "vocab.json").read_text()) == whole["vocab"]
    merges = (FOLDER / "merges.txt").read_text().splitlines()
    assert merges == ["#version: 0.2", *(" ".join(pair) for pair in whole["merges"])]


def test_it_is_a_true_clip_and_small(model):
    config = json.loads((FOLDER / "config.json").read_text())
    assert config["architectures"] == ["CLIPModel"]
    assert {config[tower]["hidden_act"] for tower in ("text_config", "vision_config")} == {"quick_gelu"}
    assert config["text_config"]["max_position_embeddings"] == 77
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 5_000_000
    assert {str(parameter.dtype) for parameter in model.parameters()} == {"torch.float32"}


def test_the_training_script_writes_all_that_is_shipped(tmp_path):
    script = [sys.executable, str(FOLDER / "train.py"), "-o", str(tmp_path / "out"), "--steps", "5"]
    done = subprocess.run(
        [*script, "--threads", "1"],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("top-1 on 1000 fresh drawings: 0.")
    written = {path.name: path for path in (tmp_path / "out").iterdir()}
    assert set(written) == {path.name for path in FOLDER.iterdir() if path.is_file()} - MADE_BY_HAND
    for name in ("vocab.json", "merges.txt", "preprocessor_config.json", "special_tokens_map.json"):
        assert written[name].read_text() == (FOLDER / name).read_text()
    assert written["model.safetensors"].stat().st_size == (FOLDER / "model.safetensors").stat().st_size
