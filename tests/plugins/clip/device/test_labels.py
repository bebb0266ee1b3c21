import json

import numpy as np
import pytest

from ascendc.runtime import InputError, open_session


@pytest.fixture
def open_clip(clip, assets, write_part):
    opened = []

    def open_(*parts):
        sessions = {part: open_session(write_part(part), "cpu") for part in parts}
        opened.extend(sessions.values())
        return clip.open_service(sessions, assets)

    yield open_
    for session in opened:
        session.close()


@pytest.fixture
def both(open_clip):
    return open_clip("image", "text")


def solid(red, green, blue):
    return np.full((8, 8, 3), (red, green, blue), np.uint8)


def write(tmp_path, content, name="labels.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def test_embeddings_are_averaged_over_templates_and_of_unit_length(both):
    templates = ("a photo of a {}", "{} and red")
    found = both.label_embeddings(["red", "blue"], templates)
    each = [both.encode_texts([template.format(name) for name in ("red", "blue")]) for template in templates]
    mean = (each[0] + each[1]) / 2
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean, axis=1, keepdims=True), rtol=0, atol=1e-6)
    np.testing.assert_allclose(both.label_embeddings(["red"]), both.encode_texts(["a photo of a red"]), atol=1e-6)
    assert found[1, 0] > 0.3  # blue and red


def test_braces_of_a_label_stay(both):
    np.testing.assert_allclose(
        both.label_embeddings(["{red} {0}"], ["a {}"]), both.encode_texts(["a {red} {0}"]), atol=1e-6
    )


def test_a_text_file_is_embedded_here_and_saved_for_elsewhere(both, open_clip, clip, tmp_path):
    service = both.labelled(write(tmp_path, "\ufeffred\n\n  green \nblue\n"))
    answer = service.run()
    assert answer.lines[0] == "red: embedding of 3 numbers"
    assert answer.results[1] == {"label": "green", "dimensions": 3}
    clip.Labels(tuple(answer.arrays["names"]), answer.arrays["embeddings"]).save(tmp_path / "labels.npz")
    elsewhere = open_clip("image").labelled(tmp_path / "labels.npz")
    images = [solid(9, 200, 9), solid(9, 9, 200)]
    np.testing.assert_array_equal(elsewhere.classify(images), service.classify(images))
    assert [result["ranking"][0]["text"] for result in elsewhere.run(images).results] == ["green", "blue"]
    assert [answer.results[0]["ranking"][0]["text"] for answer in elsewhere.answers(images)] == ["green", "blue"]


def test_the_service_that_was_asked_stays_as_it_was(both, tmp_path):
    both.labelled(write(tmp_path, "red"))
    with pytest.raises(InputError, match="no texts: at least one is needed for a ranking"):
        both.run([solid(9, 9, 9)])


def test_equal_labels_give_equal_files(clip, tmp_path):
    labels = clip.Labels(("red", "grün"), np.eye(2, dtype=np.float32))
    labels.save(tmp_path / "a.npz")
    labels.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert clip.Labels.read(tmp_path / "a.npz").names == ("red", "grün")


def complaint(call, *args):
    with pytest.raises(InputError) as error:
        call(*args)
    return str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n \n", "the labels `{}` must hold at least one label, one a line"),
        ("cat\ndog\n cat", "the labels `{}` must hold `cat` once"),
        (b"\xff\xfe\x00", "the labels `{}` must be text in UTF-8, one label a line"),
    ],
)
def test_a_wrong_text_file_is_refused(both, tmp_path, content, message):
    path = write(tmp_path, content)
    assert complaint(both.labelled, path) == message.format(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"names": np.array(["a"])}, "must hold texts, `names`, and as many rows, "),
        ({"names": np.array(["a"]), "embeddings": np.ones((1, 3), complex)}, "must hold texts, `names`, and as many "),
        ({"names": np.array(["a"]), "embeddings": np.float32(1)}, "must hold texts, `names`, and as many rows, "),
        ({"names": np.array(["a"]), "embeddings": np.full((1, 3), 1e300)}, "hold embeddings that are zero or not fin"),
        (
            {"names": np.array(["a"]), "embeddings": np.ones((1, 3)), "kinds": np.array(["picture"])},
            "must be embeddings of labels; these are of kind picture",
        ),
        ({"names": np.array([1]), "embeddings": np.ones((1, 3))}, "must hold texts, `names`, and as many rows, "),
        ({"names": np.array(["a"]), "embeddings": np.ones((2, 3))}, "must hold texts, `names`, and as many rows, "),
        ({"names": np.array([], "U1"), "embeddings": np.ones((0, 3))}, "must hold texts, `names`, and as many rows, "),
        ({"names": np.array("a"), "embeddings": np.ones(3)}, "must hold texts, `names`, and as many rows, "),
        ({"names": np.array(["a"]), "embeddings": np.zeros((1, 3))}, "hold embeddings that are zero or not finite"),
        ({"names": np.array(["a"]), "embeddings": np.full((1, 3), np.nan)}, "hold embeddings that are zero or not"),
        ({"names": np.array(["a"], object), "embeddings": np.ones((1, 3))}, "cannot be read: Object arrays cannot be"),
    ],
)
def test_a_wrong_npz_is_refused(both, tmp_path, arrays, message):
    np.savez(tmp_path / "labels.npz", **arrays)
    assert complaint(both.labelled, tmp_path / "labels.npz").startswith(
        "the labels `{}` {}".format(tmp_path / "labels.npz", message)
    )


@pytest.mark.parametrize("content", ["no archive", b"PK\x03\x04", b"\x93NUMPY", ""])
def test_a_damaged_npz_is_refused(both, tmp_path, content):
    path = write(tmp_path, content, "labels.npz")
    assert complaint(both.labelled, path).startswith(f"the labels `{path}` cannot be read: ")


def test_a_missing_file_is_named(both, tmp_path):
    for name in ("labels.txt", "labels.npz"):
        assert complaint(both.labelled, tmp_path / name).startswith(f"the labels `{tmp_path / name}` cannot be read: ")


def test_an_npy_called_npz_is_refused(both, tmp_path):
    np.save(str(tmp_path / "labels.npy"), np.ones((1, 3)))
    (tmp_path / "labels.npy").rename(tmp_path / "labels.npz")
    assert complaint(both.labelled, tmp_path / "labels.npz") == (
        "the labels `{}` must hold texts, `names`, and as many rows, `embeddings`".format(tmp_path / "labels.npz")
    )


def test_pictures_are_no_labels(both, clip, tmp_path):
    (answer,) = both.answers([solid(9, 9, 200)], top_k=0)
    np.savez(str(tmp_path / "pictures.npz"), **answer.arrays)
    assert complaint(both.labelled, tmp_path / "pictures.npz") == (
        "the labels `{}` must be embeddings of labels; these are of kind picture".format(tmp_path / "pictures.npz")
    )


def test_labels_know_their_model(open_clip, assets, tmp_path):
    def be(model):
        config = json.loads((assets / "clip.json").read_text())
        (assets / "clip.json").write_text(json.dumps(dict(config, model=model)))
        return open_clip("image", "text")

    np.savez(str(tmp_path / "labels.npz"), **be("one").labelled(write(tmp_path, "red")).run().arrays)
    assert be("one").labelled(tmp_path / "labels.npz").run([solid(9, 9, 9)]).results[0]["ranking"][0]["text"] == "red"
    assert complaint(be("other").labelled, tmp_path / "labels.npz") == (
        "the labels `{}` were made by another model, one; this bundle's is other".format(tmp_path / "labels.npz")
    )


def test_labels_of_another_model_are_refused(both, clip, tmp_path):
    clip.Labels(("a", "b"), np.ones((2, 4), np.float32)).save(tmp_path / "labels.npz")
    assert complaint(both.labelled(tmp_path / "labels.npz").run, [solid(9, 9, 9)]) == (
        "the labels were made by another model: they are 2×4, and a picture has 3 dimensions"
    )


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ((), "no templates: at least one is needed, such as `a photo of a {}`"),
        (["a cat"], "the template `a cat` must hold {} once; allowed: a text such as `a photo of a {}`"),
        (["{} {}"], "the template `{} {}` must hold {} once; allowed: a text such as `a photo of a {}`"),
    ],
)
def test_wrong_templates_are_refused(both, templates, message):
    assert complaint(both.label_embeddings, ["red"], templates) == message


def test_what_does_not_go_together_is_refused(both, open_clip, clip, tmp_path):
    text = write(tmp_path, "red")
    clip.Labels(("a",), np.ones((1, 3), np.float32)).save(tmp_path / "labels.npz")
    assert complaint(both.labelled, tmp_path / "labels.npz", ["a {}"]) == (
        "`{}` holds embeddings: templates are for labels in a text file".format(tmp_path / "labels.npz")
    )
    assert complaint(both.labelled(text).run, [solid(9, 9, 9)], ["a cat"]) == "texts or labels are ranked, not both"
    assert complaint(open_clip("image").labelled, text) == (
        f"this bundle has no text part: labels must be embeddings in an .npz, not `{text}`; a bundle of the same model "
        "that has one makes them: run --labels FILE.txt --output FILE.npz"
    )
