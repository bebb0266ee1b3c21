"""Every state that a kill may leave, one by one; `tests/test_crash.py` makes them by killing."""

from __future__ import annotations

import pytest

from ascendc.bundle.swap import Swap


@pytest.fixture
def swap(tmp_path):
    return Swap(tmp_path / "it", lambda folder: frozenset(("made.txt",)))


def make(folder, **files):
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_takes_an_empty_place(swap, tmp_path):
    make(swap.fresh, made="new")
    assert swap.take() is None
    assert names(tmp_path) == ["it"]


def test_a_new_folder_takes_an_old_one_s_place(swap, tmp_path):
    make(swap.folder, made="old", mine="mine")
    make(swap.fresh, made="new")
    assert swap.take() == tmp_path / "it.kept"
    assert names(tmp_path) == ["it", "it.kept"]
    assert (swap.folder / "made.txt").read_text() == "new"
    assert names(tmp_path / "it.kept") == ["mine.txt"]


def test_killed_while_the_new_folder_was_made(swap, tmp_path):
    make(swap.folder, made="old")
    make(swap.fresh, half="")
    assert swap.recover() is None
    assert names(tmp_path) == ["it"]


def test_killed_between_the_two_renames(swap, tmp_path):
    make(tmp_path / ".it.old", made="old", mine="mine")
    make(swap.fresh, made="new")
    assert swap.recover() is None
    assert names(tmp_path) == ["it"]
    assert names(swap.folder) == ["made.txt", "mine.txt"]


def test_killed_while_strangers_were_moved(swap, tmp_path):
    make(tmp_path / "it.kept", first="mine")
    make(tmp_path / ".it.old", made="old", second="mine")
    make(swap.folder, made="new")
    assert swap.recover() == tmp_path / "it.kept"
    assert names(tmp_path / "it.kept") == ["first.txt", "second.txt"]
    assert names(tmp_path) == ["it", "it.kept"]


def test_killed_while_the_old_folder_was_removed(swap, tmp_path):
    """Its list of what was made may be gone already: nothing of it is taken for a stranger's."""
    make(tmp_path / ".it.gone", rest="of the old")
    make(swap.folder, made="new")
    assert swap.recover() is None
    assert names(tmp_path) == ["it"]
