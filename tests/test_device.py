from __future__ import annotations

import sys

import numpy as np
import pytest

from ascendc.device import DeviceHalf
from ascendc.errors import StageError
from ascendc.model import Samples
from ascendc.runtime import Answer, InputError, SessionError

RIGHT = """
from ascendc_runtime import Answer, InputError, SessionError
def prepare(part, images, texts, arrays, assets, spec=None):
    {prepare}
def open_service(sessions, assets):
    return Service()
class Service:
    def run(self, images=(), texts=(), arrays=(), top_k=5):
        {run}
"""
TITLE = "device half `wordy.device` of ascendc-wordy 0.1"
HINT = "the traceback is shown with -v; docs/write-a-device-half.md says what is called, and with what"


@pytest.fixture
def half(tmp_path, monkeypatch):
    """Write the package ``wordy.device``."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text):
        for name in ("wordy", "wordy.device"):
            folder = tmp_path / name.replace(".", "/")
            folder.mkdir()
            (folder / "__init__.py").write_text(text if "." in name else "")
        return DeviceHalf("wordy.device", "ascendc-wordy 0.1")

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "wordy"]:
        del sys.modules[name]


def right(prepare="return {}", run="return Answer([], [], {})"):
    return RIGHT.replace("{prepare}", prepare).replace("{run}", run)


def check(half):
    with pytest.raises(StageError) as caught:
        half.check()
    return caught.value


def test_a_right_half_passes(half, tmp_path):
    good = half(right("return {'x': __import__('numpy').zeros(len(texts))}"))
    good.check()
    assert list(good.prepare("main", Samples(texts=("a",)), tmp_path)) == ["x"]
    assert isinstance(good.ask({}, tmp_path, texts=("a",), top_k=1), Answer)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("TOPICS = {}['x']", "KeyError: 'x'"),
    ],
)
def test_a_half_that_cannot_be_imported(half, text, complaint):
    error = check(half(text))
    assert (error.id, error.message, error.hint) == ("ASC1361", f"{TITLE} cannot be imported: {complaint}", HINT)
    assert error.__cause__ is not None


def test_a_half_that_is_nowhere():
    error = check(DeviceHalf("no_such.device", "ascendc-wordy 0.1"))
    assert error.message == (
        "device half `no_such.device` of ascendc-wordy 0.1 cannot be imported: "
        "ModuleNotFoundError: No module named 'no_such'"
    )


def test_a_half_that_is_a_module(half):
    error = check(DeviceHalf("json.decoder", "ascendc-wordy 0.1"))
    assert error.message == (
        "device half `json.decoder` of ascendc-wordy 0.1 is a module; DEVICE must name a package: its folder is what "
        "is copied to the board"
    )
    assert (error.id, error.hint) == ("ASC1362", "move it to json/decoder/__init__.py")


@pytest.mark.parametrize("name", ["prepare", "open_service"])
def test_a_half_that_lacks_a_function(half, name):
    error = check(half(right().replace(f"def {name}", "def something_else")))
    assert (error.id, error.message, error.hint) == (
        "ASC1363",
        f"{TITLE} has no function `{name}`; it must offer prepare and open_service",
        "docs/write-a-device-half.md shows both",
    )


@pytest.mark.parametrize(
    ("prepare", "id", "message"),
    [
        ("return {}['nope']", "ASC1364", "raised in prepare('topic'): KeyError: 'nope'"),
        ("raise InputError('too long')", "ASC1364", "raised in prepare('topic'): InputError: too long"),
        ("return [1]", "ASC1365", "failed in prepare('topic'): it returned list, not a dict of arrays"),
        ("return {'x': [1]}", "ASC1365", "failed in prepare('topic'): `x` is of type list, not an array"),
    ],
)
def test_a_half_that_prepares_nothing(half, tmp_path, prepare, id, message):
    with pytest.raises(StageError) as caught:
        half(right(prepare)).prepare("topic", Samples(), tmp_path)
    assert (caught.value.id, caught.value.message, caught.value.hint) == (id, f"{TITLE} {message}", HINT)


@pytest.mark.parametrize(
    ("run", "id", "message"),
    [
        ("return {}['x']", "ASC1364", "raised in run(): KeyError: 'x'"),
        ("return {}", "ASC1365", "failed in run(): it returned dict, not ascendc_runtime.Answer"),
    ],
)
def test_a_half_that_does_not_answer(half, tmp_path, run, id, message):
    with pytest.raises(StageError) as caught:
        half(right(run=run)).ask({}, tmp_path, texts=("a",))
    assert (caught.value.id, caught.value.message) == (id, f"{TITLE} {message}")


def test_a_service_that_does_not_open(half, tmp_path):
    with pytest.raises(StageError) as caught:
        half(right().replace("return Service()", "return sessions['x']")).ask({}, tmp_path)
    assert caught.value.message == f"{TITLE} raised in open_service(): KeyError: 'x'"
    assert isinstance(caught.value.__cause__, KeyError)  # what -v shows


@pytest.mark.parametrize("error", [InputError, SessionError])
def test_the_user_s_mistakes_and_the_engines_stay_theirs(half, tmp_path, error):
    with pytest.raises(error, match=r"^no$"):
        half(right(run=f"raise {error.__name__}('no')")).ask({}, tmp_path)


def test_prepared_arrays_are_given_as_they_are(half, tmp_path):
    prepared = half(right("return {'x': images[0]}")).prepare(
        "main", Samples((np.ones((2, 2, 3), np.uint8),)), tmp_path
    )
    assert prepared["x"].shape == (2, 2, 3)
