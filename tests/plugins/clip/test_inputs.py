from __future__ import annotations

import numpy as np
import pytest

from ascendc.errors import UsageError
from ascendc.model import Samples, Weights

RANDOM = Weights("random")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"size": {"shortest_edge": 40}},
        {"resample": 2},
        {"do_center_crop": False, "size": {"height": 32, "width": 32}},
        {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.1, 0.2, 0.3]},
    ],
    ids=["plain", "resize to 40", "bilinear", "squash", "mean"],
)
def test_pixels_are_transformers_own_and_the_device_half_agrees(
    checkpoint, clip, save, pictures, tmp_path, device_half, fields
):
    import transformers

    save(checkpoint / "preprocessor_config.json", **fields)
    model = clip(checkpoint)
    got = model.inputs("image", Samples(pictures), Weights())["pixel_values"]
    assert (got.dtype, got.shape) == (np.float32, (4, 3, 32, 32))
    cls = getattr(transformers, "CLIPImageProcessorPil", None) or transformers.CLIPImageProcessor
    processor = cls.from_pretrained(checkpoint)
    np.testing.assert_array_equal(got, processor(list(pictures), return_tensors="np")["pixel_values"])
    model.assets(tmp_path, RANDOM)
    prepared = device_half("clip").prepare("image", pictures, (), (), tmp_path)["pixel_values"]
    np.testing.assert_allclose(prepared, got, atol=1e-5)


@pytest.mark.parametrize("pad", ["<|endoftext|>", "!"])
def test_ids_are_transformers_own_and_the_device_half_agrees(write_checkpoint, clip, tmp_path, device_half, pad):
    folder = write_checkpoint(pad=pad)
    texts = ("a red square", "A  Drawing, number 7: it's é!", "", "x" * 75)
    model = clip(folder)
    got = model.inputs("text", Samples(texts=texts), Weights())["input_ids"]
    assert (got.dtype, got.shape) == (np.int32, (4, 77))
    assert got[:, 0].tolist() == [512] * 4
    assert got[2, 1:].tolist() == [513] + [513 if pad.startswith("<") else 0] * 75
    assert got[3, -1] == 513
    model.assets(tmp_path, RANDOM)
    prepared = device_half("clip").prepare("text", (), texts, (), tmp_path)["input_ids"]
    np.testing.assert_array_equal(prepared, got)


def test_the_stand_in_has_the_true_special_ids(clip, device_half, tmp_path):
    from ascendc_plugins.clip.tokens import Tokenizer

    tokenizer = Tokenizer.stand_in(77)
    (row,) = tokenizer.batch(["ab c"])
    letters = {letter: i for i, letter in enumerate(sorted(map(chr, [*range(33, 127)])))}
    assert row[:5].tolist() == [49406, letters["a"], 256 + letters["b"], 256 + letters["c"], 49407]
    assert (tokenizer.bos, tokenizer.eos, tokenizer.pad) == (49406, 49407, 49407)
    np.testing.assert_array_equal(clip("ViT-B/32").inputs("text", Samples(texts=("ab c",)), RANDOM)["input_ids"], [row])


def test_own_samples_are_oblong_differ_and_fit(clip):
    model = clip("ViT-B/32")
    samples = model.samples(12, 5)
    assert all(picture.dtype == np.uint8 and picture.shape[2] == 3 for picture in samples.images)
    assert len({picture.shape for picture in samples.images}) > 6
    assert sum(picture.shape[0] != picture.shape[1] for picture in samples.images) > 6
    assert len(set(samples.texts)) == 12
    ids = model.inputs("text", samples, RANDOM)["input_ids"]
    assert len(set((ids == 49407).argmax(axis=1).tolist())) > 4
    assert (ids == 49407).argmax(axis=1).max() > 60
    again = model.samples(12, 5)
    assert again.texts == samples.texts
    assert all((a == b).all() for a, b in zip(again.images, samples.images, strict=True))


def test_a_text_that_is_too_long(checkpoint, clip):
    with pytest.raises(UsageError) as caught:
        clip(checkpoint).inputs("text", Samples(texts=("x" * 76,)), Weights())
    assert (caught.value.id, caught.value.message) == (
        "ASC1326",
        f"text `{'x' * 59}…` has 78 tokens; at most 77 are allowed, start and end included",
    )


def test_samples_without_what_the_part_needs(checkpoint, clip, pictures):
    for part, samples, kind in (("image", Samples(texts=("a",)), "pictures"), ("text", Samples(pictures), "texts")):
        with pytest.raises(UsageError) as caught:
            clip(checkpoint).inputs(part, samples, Weights())
        assert (caught.value.id, caught.value.message) == ("ASC1336", f"part `{part}` of CLIP needs {kind}")


def test_a_checkpoint_without_a_tokenizer(checkpoint, clip):
    (checkpoint / "vocab.json").unlink()
    with pytest.raises(UsageError) as caught:
        clip(checkpoint).inputs("text", Samples(texts=("a",)), Weights())
    assert (caught.value.id, caught.value.message) == (
        "ASC1325",
        f"`{checkpoint}` holds no tokenizer; it must have tokenizer.json, or vocab.json and merges.txt",
    )
