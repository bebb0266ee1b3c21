from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ascendc.errors import StageError, UsageError
from ascendc.model import Weights

PRETRAINED = Weights()


@pytest.fixture
def embed():
    def run(model, weights=PRETRAINED):
        with torch.inference_mode():
            return model.module("image", weights)(torch.ones(2, 3, 32, 32)).numpy()

    return run


def refusal(kind, action):
    with pytest.raises(kind) as caught:
        action()
    return caught.value


class Runs:
    """What a malicious pickle is made of."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_the_weights_are_those_that_transformers_itself_loads(checkpoint, clip, embed):
    from transformers import CLIPModel

    direct = CLIPModel.from_pretrained(checkpoint, attn_implementation="eager").eval()
    with torch.inference_mode():
        result = direct.get_image_features(torch.ones(2, 3, 32, 32))
    wanted = result if isinstance(result, torch.Tensor) else result.pooler_output
    np.testing.assert_array_equal(embed(clip(checkpoint)), wanted.numpy())


def test_safetensors_bin_and_shards_are_the_same(write_checkpoint, clip, embed):
    wanted = embed(clip(write_checkpoint("a")))
    np.testing.assert_array_equal(embed(clip(write_checkpoint("b", weights="bin"))), wanted)
    sharded = write_checkpoint("c")
    state = load_file(sharded / "model.safetensors")
    (sharded / "model.safetensors").unlink()
    names = sorted(state)
    files = {"model-00001-of-00002.safetensors": names[:20], "model-00002-of-00002.safetensors": names[20:]}
    for file, held in files.items():
        save_file({name: state[name] for name in held}, sharded / file)
    index = {"weight_map": {name: file for file, held in files.items() for name in held}}
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index))
    np.testing.assert_array_equal(embed(clip(sharded)), wanted)


def test_safetensors_win_over_a_pickle(checkpoint, clip, embed):
    (checkpoint / "pytorch_model.bin").write_bytes(b"not even looked at")
    assert np.isfinite(embed(clip(checkpoint))).all()


def test_half_precision_becomes_float32(checkpoint, clip, embed):
    path = checkpoint / "model.safetensors"
    wanted = embed(clip(checkpoint))
    save_file({name: tensor.half() for name, tensor in load_file(path).items()}, path)
    got = embed(clip(checkpoint))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, atol=5e-3)


def test_position_ids_of_old_checkpoints_are_no_weights(checkpoint, clip, embed):
    path = checkpoint / "model.safetensors"
    old = {**load_file(path), "text_model.embeddings.position_ids": torch.arange(77)[None]}
    save_file(old, path)
    assert np.isfinite(embed(clip(checkpoint))).all()


def test_random_weights_depend_on_the_seed_alone(checkpoint, clip, embed):
    first, again, other = (embed(clip(checkpoint), Weights("random", seed)) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


def test_random_weights_leave_torchs_own_generator_alone(checkpoint, clip, embed):
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    embed(clip(checkpoint), Weights("random", 7))
    assert torch.equal(torch.rand(1), wanted)


def test_random_weights_are_made_once_for_both_towers_until_they_are_released(checkpoint, clip):
    model, weights = clip(checkpoint), Weights("random", 7)
    image, text = (model.module(part, weights) for part in ("image", "text"))
    assert image.features.__self__ is text.features.__self__
    assert {name.split(".")[0] for name in image.state_dict()} == {"vision_model", "visual_projection"}
    model.release()
    assert model.module("image", weights).features.__self__ is not image.features.__self__


def test_mapped_weights_are_not_held_between_calls(checkpoint, clip):
    import gc
    import weakref

    model = clip(checkpoint)
    tower = model.module("image", PRETRAINED)
    kept = weakref.ref(tower.features.__self__)
    del tower
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("weights", ["safetensors", "bin"])
def test_weights_are_mapped_from_their_file(write_checkpoint, clip, weights):
    from ascendc.mapped import locate, mappings

    folder = write_checkpoint(weights=weights)
    files = [path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin")]
    tower = clip(folder).module("image", PRETRAINED)
    weight = tower.visual_projection.weight
    path, offset = locate(weight.data_ptr(), weight.nbytes, mappings(files))
    content = np.fromfile(path, np.float32, weight.numel(), offset=offset).reshape(weight.shape)
    np.testing.assert_array_equal(content, weight.detach().numpy())


def test_a_shard_that_is_missing_is_named(write_checkpoint, clip, embed):
    folder = write_checkpoint(weights=None)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"w": "model-00001-of-00002.safetensors"}}')
    error = refusal(StageError, lambda: embed(clip(folder)))
    assert (error.id, error.message) == (
        "ASC1329",
        f"`{folder}` lacks the file `model-00001-of-00002.safetensors`, which `model.safetensors.index.json` names",
    )


@pytest.mark.parametrize("content", ["{", "[]", '{"weight_map": 3}', "{}"])
def test_an_index_that_is_none(write_checkpoint, clip, embed, content):
    folder = write_checkpoint(weights=None)
    (folder / "model.safetensors.index.json").write_text(content)
    error = refusal(StageError, lambda: embed(clip(folder)))
    assert error.id == "ASC1329"
    assert error.message.startswith(f"`{folder}/model.safetensors.index.json` is no index of weights: ")


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 7, b"\xff" * 64, b"\x10" + b"\0" * 7 + b"{}", b"\x02\0\0\0\0\0\0\0[]"]
)
def test_garbage_for_safetensors(write_checkpoint, clip, embed, content):
    folder = write_checkpoint(weights=None)
    (folder / "model.safetensors").write_bytes(content)
    error = refusal(StageError, lambda: embed(clip(folder)))
    assert error.id == "ASC1329"
    assert error.message.startswith(f"`{folder}/model.safetensors` cannot be read: ")


def test_a_pickle_that_runs_code_is_refused(write_checkpoint, clip, embed, tmp_path):
    folder = write_checkpoint(weights=None)
    torch.save({"logit_scale": Runs(tmp_path / "proof")}, folder / "pytorch_model.bin")
    error = refusal(UsageError, lambda: embed(clip(folder)))
    assert error.id == "ASC1328"
    assert str(error) == (
        f"`{folder}/pytorch_model.bin` holds more than tensors; loading it could run code that somebody put there\n"
        "  hint: if you trust its author: --allow-pickle"
    )
    assert not (tmp_path / "proof").exists()


def test_a_full_pickle_is_read_if_allowed(write_checkpoint, clip, embed):
    import argparse

    folder = write_checkpoint()
    state = load_file(folder / "model.safetensors")
    wanted = embed(clip(folder))
    (folder / "model.safetensors").unlink()
    torch.save({**state, "notes.position_ids": argparse.Namespace(author="me")}, folder / "pytorch_model.bin")
    refusal(UsageError, lambda: embed(clip(folder)))
    np.testing.assert_array_equal(embed(clip(folder), Weights(allow_pickle=True)), wanted)


def test_missing_weights_are_named(checkpoint, clip, embed):
    path = checkpoint / "model.safetensors"
    state = load_file(path)
    gone = [name for name in state if "layers.1.mlp" in name and name.startswith("vision")]
    save_file({name: tensor for name, tensor in state.items() if name not in gone}, path)
    error = refusal(StageError, lambda: embed(clip(checkpoint)))
    assert error.id == "ASC1330"
    assert str(error) == (
        f"the weights in `{checkpoint}` lack `vision_model.encoder.layers.1.mlp.fc1.weight`, "
        "`vision_model.encoder.layers.1.mlp.fc1.bias`, `vision_model.encoder.layers.1.mlp.fc2.weight` and 1 more"
    )


def test_weights_of_another_shape_are_named(checkpoint, clip, embed):
    path = checkpoint / "model.safetensors"
    save_file({**load_file(path), "visual_projection.weight": torch.zeros(25, 48)}, path)
    error = refusal(StageError, lambda: embed(clip(checkpoint)))
    assert str(error) == (
        f"the weights in `{checkpoint}` do not fit config.json: `visual_projection.weight` is 25×48, not 24×48"
    )


def test_no_weights_at_all(write_checkpoint, clip, embed):
    folder = write_checkpoint(weights=None)
    error = refusal(UsageError, lambda: embed(clip(folder)))
    assert (error.id, error.message) == (
        "ASC1327",
        f"`{folder}` holds no weights; it must have model.safetensors or pytorch_model.bin",
    )


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_damaged_weights(write_checkpoint, clip, embed, name):
    folder = write_checkpoint(weights="bin" if name.endswith("bin") else "safetensors")
    path = folder / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    error = refusal(StageError, lambda: embed(clip(folder)))
    assert error.id == "ASC1329"
    assert error.message.startswith(f"`{path}` cannot be read: ")
