import json

import numpy as np
import pytest
from PIL import Image

from ascendc.runtime import open_session
from ascendc_runtime import SessionError, TensorSpec

TEXTS = ["a green circle", "a red square", "a blue cat"]
EQUAL_MEANING = {"rtol": 0, "atol": 1e-6}


def solid(red, green, blue, size=(9, 12)):
    return np.full((*size, 3), (red, green, blue), np.uint8)


RED, GREEN, BLUE = solid(200, 20, 20), solid(30, 220, 30), solid(0, 0, 90)


@pytest.fixture
def open_clip(clip, assets, write_part):
    """Open a service over the given parts; closes the sessions afterwards."""
    opened = []

    def open_(*parts, **options):
        sessions = {part: open_session(write_part(part, **options), "cpu") for part in parts}
        opened.extend(sessions.values())
        return clip.open_service(sessions, assets)

    yield open_
    for session in opened:
        session.close()


@pytest.fixture
def both(open_clip):
    return open_clip("image", "text")


# -- answers -----------------------------------------------------------------------------------------------------


def test_it_names_what_is_seen(both, tmp_path):
    Image.fromarray(BLUE).save(tmp_path / "sky.png")
    answer = both.run([str(tmp_path / "sky.png"), RED], TEXTS, top_k=2)
    assert [result["image"] for result in answer.results] == [str(tmp_path / "sky.png"), "image 2"]
    assert [result["ranking"][0]["text"] for result in answer.results] == ["a blue cat", "a red square"]
    assert [len(result["ranking"]) for result in answer.results] == [2, 2]
    assert answer.arrays["probabilities"].argmax(axis=1).tolist() == [2, 1]


def test_lines_are_for_people(both):
    answer = both.run([RED], TEXTS)
    assert answer.lines == [
        "image 1",
        "  100.00 %  a red square",
        "    0.00 %  a green circle",
        "    0.00 %  a blue cat",
    ]


def test_results_are_json(both):
    ranking = json.loads(json.dumps(both.run([GREEN], TEXTS).results))[0]["ranking"]
    assert [entry["text"] for entry in ranking] == ["a green circle", "a red square", "a blue cat"]
    assert sum(entry["probability"] for entry in ranking) == pytest.approx(1)
    assert ranking[0]["similarity"] == pytest.approx(0.982, abs=0.001)


def test_probabilities_are_the_softmax_of_scaled_cosines(both):
    images, texts = both.encode_images([RED, solid(90, 60, 30)]), both.encode_texts(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1, **EQUAL_MEANING)
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1, **EQUAL_MEANING)
    powers = np.exp(20.0 * images @ texts.T)
    wanted = powers / powers.sum(axis=1, keepdims=True)
    found = both.classify([RED, solid(90, 60, 30)], TEXTS)
    np.testing.assert_allclose(found, wanted, **EQUAL_MEANING)
    np.testing.assert_allclose(
        both.run([RED, solid(90, 60, 30)], TEXTS).arrays["probabilities"], wanted, **EQUAL_MEANING
    )


def test_a_large_scale_does_not_overflow(clip, both, assets):
    (assets / "clip.json").write_text(json.dumps(dict(json.loads((assets / "clip.json").read_text()), logit_scale=1e4)))
    service = clip.open_service(both._sessions, assets)
    assert service.classify([RED], TEXTS).tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("batch", ["batch", 1, 2, 8])
def test_every_batch_gives_the_same_answers(batch, both, open_clip):
    images = [RED, GREEN, BLUE, solid(9, 8, 7), solid(200, 200, 10)]
    np.testing.assert_allclose(
        open_clip("image", "text", batch=batch).classify(images, TEXTS), both.classify(images, TEXTS), **EQUAL_MEANING
    )


def test_more_images_than_are_prepared_at_a_time(both):
    many = [solid(i, 100, 200 - i) for i in range(70)]
    found = both.encode_images(many)
    np.testing.assert_allclose(found[69], both.encode_images(many[69:])[0], **EQUAL_MEANING)
    assert found.shape == (70, 3)


def test_raw_pixels_go_to_a_session_that_wants_uint8(both, open_clip):
    images = [RED, GREEN]
    np.testing.assert_allclose(
        open_clip("image", raw=True).encode_images(images), both.encode_images(images), rtol=0, atol=1e-5
    )


def test_top_k_0_gives_embeddings_only(both):
    answer = both.run([RED, GREEN], top_k=0)
    assert answer.lines == ["image 1: embedding of 3 numbers", "image 2: embedding of 3 numbers"]
    assert answer.results == [{"image": "image 1", "dimensions": 3}, {"image": "image 2", "dimensions": 3}]
    np.testing.assert_array_equal(answer.arrays["image_embeds"], both.encode_images([RED, GREEN]))
    answer = both.run(texts=["a cat"], top_k=0)
    assert answer.results == [{"text": "a cat", "dimensions": 3}]
    assert sorted(both.run([RED], ["a cat"], top_k=0).arrays) == ["image_embeds", "text_embeds"]


def test_a_bundle_of_one_part_gives_embeddings(open_clip):
    assert open_clip("image").run([RED]).results == [{"image": "image 1", "dimensions": 3}]
    assert open_clip("text").run(texts=["a cat"]).lines == ["a cat: embedding of 3 numbers"]


# -- labels ------------------------------------------------------------------------------------------------------


@pytest.fixture
def labelled(clip, assets, write_part):
    """An image-only bundle with its own labels, hence without a tokenizer."""
    (assets / "tokenizer.json").unlink()
    np.savez(
        assets / "labels.npz",
        names=np.array(["red", "green", "blue", "grün"]),
        embeddings=np.eye(3, dtype="f")[[0, 1, 2, 1]],
    )
    with open_session(write_part("image"), "cpu") as session:
        yield clip.open_service({"image": session}, assets)


def test_labels_answer_without_texts(labelled):
    answer = labelled.run([BLUE, GREEN], top_k=2)
    rankings = [[entry["text"] for entry in result["ranking"]] for result in answer.results]
    assert rankings == [["blue", "red"], ["green", "grün"]]
    assert labelled.classify([RED]).argmax() == 0


def test_labels_refuse_texts(labelled, clip):
    with pytest.raises(clip.InputError) as error:
        labelled.run([RED], ["a cat"])
    assert str(error.value) == "this bundle takes no texts: it knows its own labels (red, green, blue, … 4 in all)"


# -- wrong inputs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({}, "no images: at least one is needed for a ranking; --top-k 0 gives embeddings alone"),
        ({"texts": TEXTS}, "no images: at least one is needed for a ranking; --top-k 0 gives embeddings alone"),
        ({"images": [RED]}, "no texts: at least one is needed for a ranking; --top-k 0 gives embeddings alone"),
        ({"images": [RED], "texts": ["a cat", ""]}, "text 2 of 2 is empty"),
        ({"texts": [" "], "top_k": 0}, "text 1 of 1 is empty"),
        ({"top_k": 0}, "no images and no texts: at least one is needed"),
        ({"images": [RED], "texts": TEXTS, "top_k": -1}, "top_k must be 0 or more, not -1"),
        ({"images": [RED], "texts": TEXTS, "arrays": [{}]}, "this bundle takes images and texts, no arrays"),
    ],
)
def test_wrong_questions_are_refused(question, message, both, clip):
    with pytest.raises(clip.InputError) as error:
        both.run(**question)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("part", "question", "message"),
    [
        ("image", {"images": [RED], "texts": TEXTS}, "this bundle has no text part: it takes no texts"),
        ("text", {"images": [RED], "texts": TEXTS}, "this bundle has no image part: it takes no images"),
        ("image", {}, "no images and no texts: at least one is needed"),
    ],
)
def test_a_missing_part_is_said(part, question, message, open_clip, clip):
    service = open_clip(part)
    with pytest.raises(clip.InputError) as error:
        service.run(**question)
    assert str(error.value) == message


def test_an_image_that_is_none_is_refused(both, clip, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a picture")
    with pytest.raises(clip.InputError, match=r"notes.txt is not a picture that Pillow can read; allowed: JPEG, PNG"):
        both.run([RED, path], TEXTS)


def test_embeddings_that_are_not_finite_are_refused(both):
    black = solid(0, 0, 0)  # its mean colour has no direction
    with pytest.raises(
        SessionError, match=r"^part `image` on onnxruntime .* gave embeddings that are zero or not finite$"
    ):
        both.classify([RED, black], TEXTS)


# -- prepare -----------------------------------------------------------------------------------------------------


def test_prepare_gives_the_inputs_of_a_part(clip, assets):
    images = clip.prepare("image", [RED, GREEN], TEXTS, (), assets)
    assert {name: array.shape for name, array in images.items()} == {"pixel_values": (2, 3, 8, 8)}
    texts = clip.prepare("text", [RED, GREEN], TEXTS, (), assets)
    assert {name: array.shape for name, array in texts.items()} == {"input_ids": (3, 12)}


def test_prepare_follows_the_session(clip, assets):
    raw = clip.prepare("image", [RED], (), (), assets, (TensorSpec("pixels", "uint8", (1, 8, 8, 3)),))
    np.testing.assert_array_equal(raw["pixels"], solid(200, 20, 20, (8, 8))[None])
    half = clip.prepare("image", [RED], (), (), assets, (TensorSpec("x", "float16", (1, 3, 8, 8)),))
    assert half["x"].dtype == np.float16
