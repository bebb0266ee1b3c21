from __future__ import annotations

import os

import pytest

from ascendc.errors import StageError


@pytest.fixture
def source(store, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"one")
    store.digest(path)
    return path


def test_a_source_that_stays_is_no_matter(store, source):
    os.utime(source)  # another time, the same content
    with store.steady_sources():
        pass


def test_a_source_that_changes_under_a_stage(store, source):
    with pytest.raises(StageError) as caught, store.steady_sources():
        source.write_bytes(b"two")
    assert caught.value.id == "ASC1905"
    assert caught.value.message == f"{source} changed while it was used; nothing that was made of it is kept"
    assert caught.value.hint == "run the same command again"


def test_a_source_that_vanishes_is_the_cause_of_what_the_stage_says(store, source):
    def stage():
        source.unlink()
        source.read_bytes()

    with pytest.raises(StageError) as caught, store.steady_sources():
        stage()
    assert caught.value.message == f"{source} vanished while it was used; nothing that was made of it is kept"
    assert caught.value.hint == "put it back, then run the same command again"
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_another_failure_stays_what_it_is(store, source):
    with pytest.raises(RuntimeError, match="the stage's own"), store.steady_sources():
        raise RuntimeError("the stage's own")
