import json
import random

import numpy as np
import pytest

from ascendc_runtime import TensorSpec

SPEC = (TensorSpec("a", "float32", (None, 2)), TensorSpec("b", "int32", (None,)))
ONE = SPEC[:1]
IMAGE = (TensorSpec("picture", "float32", (None, 3, 4, 4)),)


@pytest.fixture
def prepare(half, assets):
    def prepare(arrays=(), spec=SPEC, images=(), texts=()):
        return half.prepare("model", images, texts, arrays, assets, spec)

    return prepare


def sample(i):
    return {"a": np.array([i, i + 0.5], np.float32), "b": np.int32(i)}


def test_samples_are_stacked(prepare):
    feeds = prepare([sample(1), sample(2)])
    np.testing.assert_array_equal(feeds["a"], np.array([[1, 1.5], [2, 2.5]], np.float32))
    np.testing.assert_array_equal(feeds["b"], np.array([1, 2], np.int32))


def test_an_item_may_hold_several_samples(prepare):
    batch = {"a": np.zeros((3, 2), np.float32), "b": np.zeros(3, np.int32)}
    assert {name: array.shape for name, array in prepare([batch, sample(1)]).items()} == {"a": (4, 2), "b": (4,)}


def test_kinds_that_lose_nothing_but_precision_are_converted(prepare):
    feeds = prepare([{"a": np.array([1.25, 2.0]), "b": np.int64(7)}])
    assert {name: str(array.dtype) for name, array in feeds.items()} == {"a": "float32", "b": "int32"}


def test_npz_files_hold_inputs_by_name(prepare, tmp_path):
    np.savez(tmp_path / "one.npz", **sample(1))
    np.testing.assert_array_equal(prepare([str(tmp_path / "one.npz"), sample(2)])["b"], [1, 2])


def test_a_npy_file_is_the_only_input(prepare, tmp_path):
    np.save(tmp_path / "one.npy", sample(1)["a"])
    np.testing.assert_array_equal(prepare([tmp_path / "one.npy"], ONE)["a"], [[1, 1.5]])


def test_without_a_spec_every_item_is_one_sample(prepare):
    assert prepare([sample(1), sample(2)], None)["a"].shape == (2, 2)


def test_a_fixed_batch_is_given_whole(prepare):
    spec = (TensorSpec("a", "float32", (4, 2)),)
    assert prepare([{"a": np.zeros((4, 2))}], spec)["a"].shape == (4, 2)
    assert prepare([{"a": np.zeros(2)}], spec)["a"].shape == (1, 2)


@pytest.fixture
def with_image_input(assets):
    def write(**more):
        fields = {"height": 4, "width": 4, "resize": "squash", "resize_to": None, "interpolation": "bilinear"}
        fields.update(more, mean=[0.0] * 3, std=[1.0] * 3)
        (assets / "preprocess.json").write_text(json.dumps(fields))

    return write


def test_images_go_to_the_only_input(prepare, with_image_input):
    with_image_input()
    white = np.full((5, 6, 3), 255, np.uint8)
    np.testing.assert_array_equal(prepare(spec=IMAGE, images=[white])["picture"], np.ones((1, 3, 4, 4), np.float32))


def test_images_go_to_the_input_that_preprocess_json_names(prepare, with_image_input):
    with_image_input(input="picture")
    spec = (*ONE, TensorSpec("picture", "uint8", (None, 4, 4, 3)))
    feeds = prepare([{"a": sample(3)["a"]}], spec, images=[np.zeros((4, 4, 3), np.uint8)])
    assert {name: (str(array.dtype), array.shape) for name, array in feeds.items()} == {
        "picture": ("uint8", (1, 4, 4, 3)),
        "a": ("float32", (1, 2)),
    }


def refused(half, prepare, *args, **options):
    with pytest.raises(half.InputError) as error:
        prepare(*args, **options)
    return str(error.value)


def test_wrong_inputs_are_refused(half, prepare, tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 no archive")
    (tmp_path / "bad.npy").write_bytes(b"no array")
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    np.save(tmp_path / "one.npy", np.zeros(2))
    here = str(tmp_path) + "/"

    def say(*args, **options):
        return refused(half, prepare, *args, **options).replace(here, "")

    assert say(texts=["a cat"]) == "this bundle takes no texts: its model has no tokenizer"
    assert say() == (
        "this bundle's model needs arrays: "
        "--arrays FILE.npz with `a` (float32, shape 2), `b` (int32, shape ()) per sample"
    )
    assert say(["x.txt"]) == "x.txt must be an .npz or .npy file"
    assert say([here + "none.npz"]) == "none.npz cannot be read: No such file or directory"
    assert say([here + "bad.npz"]).startswith("bad.npz cannot be read: ")
    assert say([here + "bad.npy"], ONE).startswith("bad.npy cannot be read: ")
    assert say([here + "objects.npy"], ONE).startswith("objects.npy cannot be read: ")
    assert say([here + "one.npy"]) == ("one.npy holds one array without a name; this model needs an .npz with `a`, `b`")
    assert say([sample(1), {"a": np.zeros(2)}]) == "arrays 2 must hold `a`, `b`; it holds `a`"
    assert say([dict(sample(1), c=1)]) == "arrays 1 must hold `a`, `b`; it holds `a`, `b`, `c`"
    assert say([{"a": np.zeros(2), "b": 0.5}]) == "`b` of arrays 1 must be int32, not float64"
    assert say([{"a": np.zeros(3)}], ONE) == "`a` of arrays 1 must have the shape 2 per sample, not 3"
    assert say([{"a": np.zeros((1, 1, 2))}], ONE) == "`a` of arrays 1 must have the shape 2 per sample, not 1×1×2"
    free = (TensorSpec("a", "float32", (None, None)),)
    assert say([{"a": np.zeros(3)}, {"a": np.zeros(2)}], free) == "`a` must have one shape in all samples; got 3, 2"


@pytest.mark.parametrize(
    ("spec", "takes", "name"),
    [
        (IMAGE, "`picture` (float32, shape 3×4×4)", "picture"),
        (SPEC, "`a` (float32, shape 2), `b` (int32, shape ())", "NAME"),
        (None, "the model's inputs", "NAME"),
    ],
)
def test_pictures_for_a_model_of_arrays(half, prepare, spec, takes, name):
    words = refused(half, prepare, spec=spec, images=[np.zeros((4, 4, 3), np.uint8)])
    assert words == (
        f"this bundle takes no images; it takes arrays: --arrays FILE.npz with {takes} per sample; pictures need "
        f"`model.options.inputs.{name}.image` in the recipe that it is built from"
    )


@pytest.mark.parametrize(("save", "kind"), [(np.savez, "npz"), (np.savez_compressed, "npz"), (np.save, "npy")])
def test_a_damaged_file_is_read_or_refused_and_nothing_else(save, kind, half, prepare, tmp_path):
    path = tmp_path / ("x." + kind)
    save(path, np.zeros((10, 2), np.float32)) if kind == "npy" else save(path, a=np.zeros((10, 2), np.float32))
    sound, rng = path.read_bytes(), random.Random(0)
    told = []
    for _ in range(200):
        damaged = bytearray(sound)
        for _ in range(rng.randint(1, 6)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(bytes(damaged[: rng.choice([len(damaged), rng.randrange(len(damaged))])]))
        try:
            prepare([path], ONE)
        except half.InputError as error:
            told.append(str(error))
    assert told
    assert all(str(path) in message for message in told)
