from __future__ import annotations

import json

import numpy as np
import pytest
from ascendc_plugins.clip import known

from ascendc.errors import UsageError
from ascendc.model import AtcHints, Part, Tensor, Use, Weights
from ascendc.target import Batch, PartTarget

RANDOM = Weights("random", 3)


def refusal(action):
    with pytest.raises(UsageError) as caught:
        action()
    return caught.value.id, str(caught.value)


# -- parts ------------------------------------------------------------------------------------------------------


def test_the_parts_of_a_checkpoint(checkpoint, clip):
    image, text = clip(checkpoint).parts()
    assert [(tensor.name, tensor.dtype, tensor.shape) for tensor in image.inputs + image.outputs] == [
        ("pixel_values", "float32", ("batch", 3, 32, 32)),
        ("image_embeds", "float32", ("batch", 24)),
    ]
    assert text == Part(
        "text",
        (Tensor("input_ids", "int32", ("batch", 77)),),
        (Tensor("text_embeds", "float32", ("batch", 24)),),
    )
    picture = image.inputs[0].image
    assert (picture.height, picture.width, picture.resize, picture.resize_to) == (32, 32, "shortest-edge", 32)
    assert picture.mean == (0.48145466, 0.4578275, 0.40821073)


@pytest.mark.parametrize(
    ("name", "side", "width"),
    [
        ("openai/clip-vit-base-patch32", 224, 512),
        ("ViT-B/16", 224, 512),
        ("vit-l-14", 224, 768),
        ("ViT-L/14@336px", 336, 768),
        ("openai/clip-vit-large-patch14-336", 336, 768),
    ],
)
def test_known_names_need_no_download(clip, name, side, width):
    image, text = clip(name).parts()
    assert (image.inputs[0].shape, image.outputs[0].shape) == (("batch", 3, side, side), ("batch", width))
    assert text.inputs[0].shape == ("batch", 77)


@pytest.mark.parametrize(
    ("name", "parameters"),  # as published: millions
    [
        ("openai/clip-vit-base-patch32", 151.3),
        ("openai/clip-vit-base-patch16", 149.6),
        ("openai/clip-vit-large-patch14", 427.6),
        ("openai/clip-vit-large-patch14-336", 427.9),
        ("laion/CLIP-ViT-H-14-laion2B-s32B-b79K", 986.1),
        ("laion/CLIP-ViT-bigG-14-laion2B-39B-b160k", 2539.6),
    ],
)
def test_known_architectures_have_their_published_size(name, parameters):
    import torch
    from transformers import CLIPConfig, CLIPModel

    with torch.device("meta"):
        model = CLIPModel(CLIPConfig.from_dict(known.CONFIGS[name]))
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(parameters, abs=0.06)


def test_describing_a_model_needs_no_torch(checkpoint):
    import subprocess
    import sys

    code = (
        "import sys; from ascendc_plugins.clip.model import Clip; from ascendc.model import Source, Weights\n"
        f"model = Clip(Source({str(checkpoint)!r}), Clip.Options())\n"
        "model.parts(), model.fixes('text'), model.files(Weights('random'))\n"
        "assert not {'torch', 'transformers', 'onnx'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_configuration_of_another_model(checkpoint, clip, save):
    save(checkpoint / "config.json", model_type="siglip")
    assert refusal(clip(checkpoint).parts) == (
        "ASC1323",
        f"`{checkpoint}/config.json` must describe a model of type `clip`, not `siglip`",
    )


def test_a_configuration_that_is_missing_or_broken(checkpoint, clip):
    (checkpoint / "config.json").write_text("{")
    id, text = refusal(clip(checkpoint).parts)
    assert id == "ASC1322"
    assert text.startswith(f"`{checkpoint}/config.json` is not JSON: ")
    (checkpoint / "config.json").unlink()
    assert refusal(clip(checkpoint).parts) == (
        "ASC1321",
        f"`{checkpoint}` holds no config.json: it is no checkpoint",
    )


def test_old_configurations_name_their_towers_twice(checkpoint, clip, save):
    save(checkpoint / "config.json", vision_config_dict={"image_size": 48}, projection_dim=20)
    save(checkpoint / "preprocessor_config.json", size=48, crop_size=48)
    image, _ = clip(checkpoint).parts()
    assert image.inputs[0].shape == ("batch", 3, 48, 48)
    assert image.inputs[0].image.resize_to == 48
    assert image.outputs[0].shape == ("batch", 20)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"do_normalize": False}, "do_normalize must be true: host, AIPP and board would differ"),
        ({"resample": 1}, "resample must be 2 (bilinear) or 3 (bicubic), not 1"),
        ({"rescale_factor": 1.0}, "rescale_factor must be 1/255, not 1.0"),
        ({"crop_size": 30}, "pictures must end as 32×32 pixels, the vision tower's input"),
        (
            {"do_center_crop": False, "size": {"shortest_edge": 32}},
            "pictures must end as 32×32 pixels, the vision tower's input",
        ),
        ({"size": {"height": 40, "width": 40}}, "size must have a shortest_edge, or be 32×32"),
    ],
)
def test_preprocessing_that_cannot_be_carried_out_on_the_board(checkpoint, clip, save, fields, message):
    save(checkpoint / "preprocessor_config.json", **fields)
    assert refusal(clip(checkpoint).parts) == ("ASC1324", f"`{checkpoint}`: {message}")


def test_preprocessing_as_transformers_5_writes_it(checkpoint, clip, save):
    (checkpoint / "preprocessor_config.json").unlink()
    save(checkpoint / "processor_config.json", image_processor={"size": {"shortest_edge": 40}, "resample": 2})
    picture = clip(checkpoint).parts()[0].inputs[0].image
    assert (picture.resize_to, picture.interpolation) == (40, "bilinear")


# -- options ----------------------------------------------------------------------------------------------------


def test_options_are_checked(clip):
    from pydantic import ValidationError

    for wrong in ({"normalise": "inside"}, {"normalize": "never"}, {"template": "no place"}, {"template": "{} {}"}):
        with pytest.raises(ValidationError):
            clip("ViT-B/32", **wrong)


def test_labels_make_the_model_image_only(checkpoint, clip, tmp_path):
    (tmp_path / "labels.txt").write_text("cat\n\n dog \n", encoding="utf-8")
    model = clip(checkpoint, labels=tmp_path / "labels.txt")
    assert [part.name for part in model.parts()] == ["image"]
    assert model.files(Weights())[-1] == tmp_path / "labels.txt"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the labels `{}` cannot be read: No such file or directory"),
        (b"\xff\xfe\x00", "the labels `{}` must be text in UTF-8, one label a line"),
        (b"\n  \n", "the labels `{}` must hold at least one label, one a line"),
        (b"cat\ndog\ncat\n", "the labels `{}` must hold `cat` once"),
    ],
)
def test_a_wrong_labels_file_is_told_at_once(clip, tmp_path, content, message):
    path = tmp_path / "labels.txt"
    if content is not None:
        path.write_bytes(content)
    assert refusal(lambda: clip("ViT-B/32", labels=path)) == ("ASC1337", message.format(path))


def test_there_is_no_third_part(checkpoint, clip):
    assert refusal(lambda: clip(checkpoint).module("audio", RANDOM)) == (
        "ASC1335",
        "CLIP has no part `audio`; allowed: image, text",
    )


# -- what the driver asks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("eos", "wanted"), [(2, 513), (513, 513), (500, 500)])
def test_the_end_of_text_comes_from_the_configuration_or_the_tokenizer(write_checkpoint, clip, eos, wanted):
    assert Use.of("eos-pool", eos=wanted) in clip(write_checkpoint(eos=eos)).fixes("text")


def test_the_end_of_text_of_known_names(clip):
    assert Use.of("eos-pool", eos=49407) in clip("ViT-B/32").fixes("text")


@pytest.mark.parametrize(
    ("part", "aipp", "act", "hints"),
    [
        ("image", "none", "quick_gelu", AtcHints("NCHW")),
        ("image", "rgb", "quick_gelu", AtcHints("NCHW", small_channel=True)),
        ("image", "none", "gelu", AtcHints("NCHW", high_performance_ops=("Gelu",))),
        ("text", "none", "quick_gelu", AtcHints("ND")),
        ("text", "none", "gelu", AtcHints("ND", high_performance_ops=("Gelu",))),
    ],
)
def test_hints_for_atc(write_checkpoint, clip, part, aipp, act, hints):
    target = PartTarget(Batch((1,)), aipp=aipp)
    assert clip(write_checkpoint(act=act, weights=None)).atc(part, target) == hints


def test_a_tokenizer_that_is_made_up_is_noted(checkpoint, clip, tmp_path):
    (tmp_path / "labels.txt").write_text("cat")
    assert clip(checkpoint).notes(Weights()) == ()
    assert clip(checkpoint).notes(RANDOM) == ()
    assert clip("ViT-B/32", labels=tmp_path / "labels.txt").notes(RANDOM) == ()
    assert clip("ViT-B/32").notes(RANDOM) == (
        "the tokenizer has CLIP's special ids but no merges: every byte of a text is a token",
    )


def test_a_local_checkpoint_is_known_by_its_files(checkpoint, clip):
    for unread in ("README.md", "pytorch_model.bin", "tf_model.h5"):
        (checkpoint / unread).touch()
    assert sorted(path.name for path in clip(checkpoint).files(Weights())) == [
        "config.json",
        "merges.txt",
        "model.safetensors",
        "preprocessor_config.json",
        "tokenizer_config.json",
        "vocab.json",
    ]
    (checkpoint / "model.safetensors").unlink()
    assert "pytorch_model.bin" in {path.name for path in clip(checkpoint).files(Weights())}
    assert clip("ViT-B/32").files(Weights("random")) == ()


# -- assets -------------------------------------------------------------------------------------------------------


def test_assets(checkpoint, clip, tmp_path):
    import torch
    from safetensors.torch import load_file, save_file

    path = checkpoint / "model.safetensors"
    save_file({**load_file(path), "logit_scale": torch.tensor(4.6)}, path)
    clip(checkpoint).assets(tmp_path, Weights())
    assert json.loads((tmp_path / "preprocess.json").read_text())["resize_to"] == 32
    frame = json.loads((tmp_path / "clip.json").read_text())
    assert len(frame.pop("model")) == 16
    assert frame.pop("logit_scale") == pytest.approx(np.exp(4.6), rel=1e-6)  # not the configuration's initial value
    assert frame == {"context_length": 77, "bos": 512, "eos": 513, "pad": 513, "input_dtype": "int32"}
    assert (tmp_path / "tokenizer.json").is_file()
    assert not (tmp_path / "labels.npz").exists()


def test_a_model_is_known_by_its_weights(checkpoint, clip, tmp_path):
    import torch
    from safetensors.torch import load_file, save_file

    def known():
        clip(checkpoint).assets(tmp_path, Weights())
        return json.loads((tmp_path / "clip.json").read_text())["model"]

    path = checkpoint / "model.safetensors"
    before = known()
    save_file({**load_file(path), "logit_scale": torch.tensor(4.6)}, path)
    assert known() == before
    save_file({**load_file(path), "text_projection.weight": load_file(path)["text_projection.weight"] + 1}, path)
    assert known() != before


def test_labels_are_embedded_by_the_text_tower(checkpoint, clip, tmp_path):
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    assets = tmp_path / "assets"
    assets.mkdir()
    model = clip(checkpoint, labels=tmp_path / "labels.txt", template="one {}")
    model.assets(assets, Weights())
    with np.load(assets / "labels.npz") as file:
        assert file["names"].tolist() == ["cat", "dog"]
        assert file["embeddings"].dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(file["embeddings"], axis=1), 1, rtol=1e-6)
        found = file["embeddings"]
    assert not (assets / "tokenizer.json").exists()
    import torch

    plain = clip(checkpoint)
    from ascendc.model import Samples

    ids = plain.inputs("text", Samples(texts=("one cat", "one dog")), Weights())["input_ids"]
    with torch.inference_mode():
        wanted = plain.module("text", Weights())(torch.from_numpy(ids)).numpy()
    np.testing.assert_allclose(found, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), atol=1e-6)
