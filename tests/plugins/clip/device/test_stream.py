"""A folder goes through batch by batch, decoded ahead in threads."""

import threading

import numpy as np
import pytest
from PIL import Image

from ascendc.runtime import InputError, Session, SessionError, TensorSpec


class Mean(Session):
    """An image is its mean colour; remembers its batches, and does `busy` before each."""

    engine = "numpy"
    device = "cpu"
    outputs = (TensorSpec("image_embeds", "float32", (None, 3)),)

    def __init__(self, batch=None, busy=lambda: None):
        self.inputs = (TensorSpec("pixel_values", "float32", (batch, 3, 8, 8)),)
        self.batches, self.busy = [], busy

    def _run(self, feeds):
        self.busy()
        self.batches.append(len(feeds["pixel_values"]))
        return [feeds["pixel_values"].mean(axis=(2, 3))]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@pytest.fixture
def over(clip, assets):
    """A service over one session for images."""
    return lambda session: clip.open_service({"image": session}, assets)


@pytest.fixture
def folder(tmp_path):
    """Ten pictures, each a little redder than the one before."""
    path = tmp_path / "pictures"
    (path / "more").mkdir(parents=True)
    for i in range(10):
        Image.new("RGB", (11, 9), (25 * i, 60, 60)).save(path / ("more" if i > 7 else "") / f"{i:02d}.png")
    (path / "notes.txt").write_text("no picture")
    return path


def shades(count):
    return (np.full((8, 8, 3), (i % 256, 100, 100), np.uint8) for i in range(count))


@pytest.mark.parametrize(("batch", "batches"), [(None, [8, 2]), (1, [1] * 10), (4, [4, 4, 4]), (10, [10]), (16, [16])])
def test_a_folder_is_answered_in_order_whatever_the_batch(folder, over, batch, batches):
    session = Mean(batch)
    found = list(over(session).encode_folder(folder))
    assert [path[-6:] for path, _ in found] == [f"{i:02d}.png" for i in range(10)]
    redness = [row[0] for _, row in found]
    assert redness == sorted(redness)
    wanted = over(Mean()).encode_images([path for path, _ in found])
    np.testing.assert_allclose([row for _, row in found], wanted, rtol=0, atol=1e-6)
    assert session.batches == batches


@pytest.mark.parametrize(("batch", "held"), [(None, 24), (8, 24), (1, 8)])
def test_no_more_than_a_few_batches_are_held_however_many_pictures(over, batch, held):
    asked = []
    images = (asked.append(1) or image for image in shades(300))
    most = 0
    for answered, _ in enumerate(over(Mean(batch)).stream(images)):
        most = max(most, len(asked) - answered)
    assert len(asked) == 300
    assert most <= held


def test_pictures_are_decoded_while_the_engine_runs(over, monkeypatch):
    from ascendc.runtime import Preprocessing

    decoded, plain = [], Preprocessing.batch
    eighth = threading.Event()

    def batch(self, images, dtype):
        decoded.append(threading.current_thread())
        if len(decoded) == 8:
            eighth.set()
        return plain(self, images, dtype)

    monkeypatch.setattr(Preprocessing, "batch", batch)
    session = Mean(4, busy=lambda: eighth.wait(10) or pytest.fail("nothing was decoded meanwhile"))
    assert len(list(over(session).stream(shades(8)))) == 8
    assert threading.main_thread() not in decoded


def test_a_broken_picture_ends_it_after_the_answers_before_it(folder, over):
    (folder / "05.png").write_bytes((folder / "05.png").read_bytes()[:50])
    seen = []
    found = over(Mean(4)).encode_folder(folder)
    with pytest.raises(InputError) as error:
        seen += (path[-6:] for path, _ in found)
    assert str(error.value).startswith("image {} is damaged or cannot be read: ".format(folder / "05.png"))
    assert seen == ["00.png", "01.png", "02.png", "03.png", "04.png"]


@pytest.mark.parametrize(("before", "message"), [((), "no more"), (("gone.png",), "image gone.png does not exist")])
def test_a_source_that_fails_ends_it_after_the_answers_before_it(over, before, message):
    def images():
        yield from shades(3)
        yield from before
        raise InputError("no more")

    seen = []
    with pytest.raises(InputError) as error:
        seen += (row for _, row in over(Mean(2)).stream(images()))
    assert str(error.value) == message
    assert len(seen) == 3


def test_broken_pictures_may_be_left_out(folder, over):
    (folder / "00.png").write_text("text")
    (folder / "more" / "09.png").unlink()
    (folder / "more" / "09.png").symlink_to(folder / "gone.png")
    broken = []
    found = over(Mean(4)).encode_folder(folder, lambda image, error: broken.append((image, str(error))))
    assert [path[-6:-4] for path, _ in found] == ["01", "02", "03", "04", "05", "06", "07", "08"]
    assert broken == [
        (
            str(folder / "00.png"),
            "image {} is not a picture that Pillow can read; allowed: JPEG, PNG, WebP, BMP, GIF, TIFF".format(
                folder / "00.png"
            ),
        ),
        (str(folder / "more" / "09.png"), "image {} does not exist".format(folder / "more" / "09.png")),
    ]


def test_all_may_be_broken(folder, over):
    for path in folder.rglob("*.png"):
        path.write_text("text")
    broken = []
    assert list(over(Mean()).encode_folder(folder, lambda image, _: broken.append(image))) == []
    assert len(broken) == 10


def test_it_may_be_left_early(over):
    asked = []
    stream = over(Mean(2)).stream(asked.append(1) or image for image in shades(300))
    next(stream)
    stream.close()
    assert len(asked) < 20


@pytest.mark.parametrize("error", [KeyboardInterrupt, SessionError, ZeroDivisionError])
def test_an_error_of_the_engine_reaches_the_caller(over, error):
    def fail():
        raise error("once")

    with pytest.raises(error):
        list(over(Mean(2, busy=fail)).stream(shades(300)))


def test_an_unforeseen_error_of_a_worker_reaches_the_caller(over):
    with pytest.raises(TypeError):
        list(over(Mean(2)).stream([next(shades(1)), None]))


def test_answers_come_one_by_one_and_are_of_one_line(folder, over, assets):
    np.savez(assets / "labels.npz", names=np.array(["red", "green", "blue"]), embeddings=np.eye(3, dtype="f"))
    answers = list(over(Mean(4)).answers([str(folder / "more" / "09.png"), folder / "00.png"], top_k=2))
    assert answers[0].lines == ["{}: red 100.00 %, green 0.00 %".format(folder / "more" / "09.png")]
    assert [entry["text"] for entry in answers[0].results[0]["ranking"]] == ["red", "green"]
    assert answers[1].arrays["names"].tolist() == [str(folder / "00.png")]
    assert answers[1].arrays["embeddings"].shape == (1, 3)


def test_answers_without_labels_are_embeddings(over):
    answers = list(over(Mean()).answers(shades(2)))
    assert [answer.lines for answer in answers] == [
        ["image 1: embedding of 3 numbers"],
        ["image 2: embedding of 3 numbers"],
    ]
    assert answers[1].results == [{"image": "image 2", "dimensions": 3}]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"top_k": -1}, "top_k must be 0 or more, not -1"),
        ({"top_k": 0, "texts": ["a"]}, "no texts are taken: --top-k 0 gives the embeddings of the pictures alone"),
        ({"texts": ["a"]}, "this bundle has no text part: it takes no texts"),
    ],
)
def test_wrong_questions_are_refused(over, question, message):
    with pytest.raises(InputError) as error:
        list(over(Mean()).answers(shades(1), **question))
    assert str(error.value) == message
