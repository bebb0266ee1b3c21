from __future__ import annotations

from pathlib import Path

import pytest

from ascendc.bundle.partial import MARK, place
from ascendc.errors import EnvironmentLacksError, UsageError


@pytest.fixture
def made(tmp_path):
    def make(**files):
        folder = tmp_path / "made"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.onnx").write_text(text)
        return folder

    return make


def test_files_take_their_place_and_nothing_of_an_earlier_run_stays(made, store, tmp_path):
    assert place(made(image="1", text="2"), "fix", tmp_path / "out", store)
    assert place(made(image="3"), "fix", tmp_path / "out", store)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["image.onnx", MARK]
    assert (tmp_path / "out/image.onnx").read_text() == "3"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["made", "out", "store"]


def test_the_same_again_changes_nothing(made, store, tmp_path):
    place(made(image="1"), "fix", tmp_path / "out", store)
    before = (tmp_path / "out/image.onnx").stat()
    assert not place(made(image="1"), "fix", tmp_path / "out", store)
    assert (tmp_path / "out/image.onnx").stat() == before


def test_a_file_that_was_edited_is_mended(made, store, tmp_path):
    place(made(image="1"), "fix", tmp_path / "out", store)
    (tmp_path / "out/image.onnx").write_text("x")
    assert place(made(image="1"), "fix", tmp_path / "out", store)
    assert (tmp_path / "out/image.onnx").read_text() == "1"


def test_a_folder_of_somebody_else_s_is_left_alone(made, store, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/image.onnx").write_text("the user's own")
    with pytest.raises(UsageError) as caught:
        place(made(image="1"), "fix", tmp_path / "out", store)
    assert caught.value.message == (
        f"`{tmp_path / 'out'}` holds something else than the graphs of a build that stopped early; it is not replaced"
    )
    assert (tmp_path / "out/image.onnx").read_text() == "the user's own"


def test_what_no_build_had_made_is_kept(made, store, tmp_path):
    place(made(image="1"), "fix", tmp_path / "out", store)
    (tmp_path / "out/image.om").write_text("hours of ATC")
    assert place(made(image="2"), "fix", tmp_path / "out", store)
    assert (tmp_path / "out.kept/image.om").read_text() == "hours of ATC"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["image.onnx", MARK]


def test_where_it_cannot_be_written(made, store, tmp_path):
    with pytest.raises(EnvironmentLacksError) as caught:
        place(made(image="1"), "fix", Path("/proc/out"), store)
    assert caught.value.id == "ASC1805"
    assert caught.value.message == "the bundle cannot be written at /proc/out: No such file or directory"
