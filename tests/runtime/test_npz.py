from pathlib import Path

import numpy as np
import pytest

from ascendc.runtime import InputError
from ascendc.runtime.npz import check_writable, keep, write_npz


def test_any_name_is_kept(tmp_path):
    arrays = {name: np.full((1, 2), i, "f") for i, name in enumerate(("file", "allow_pickle", "a/b", "names", "a.npy"))}
    write_npz(tmp_path / "kept.npz", arrays)
    with np.load(str(tmp_path / "kept.npz"), allow_pickle=False) as kept:
        assert {name[:-4] if name == "a.npy.npy" else name for name in kept.files} == set(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(kept[name], array)
    assert list(tmp_path.iterdir()) == [tmp_path / "kept.npz"]


def test_equal_arrays_give_equal_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        write_npz(str(tmp_path / name), {"x": np.arange(3), "text": np.array(["a", "bc"])})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_what_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "kept.npz"
    path.write_text("before")
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_npz(path, {"x": np.ones(3), "y": np.array([{}])})
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [tmp_path / "kept.npz"]


def complaint(call, *args):
    with pytest.raises(InputError) as error:
        call(*args)
    return str(error.value)


def test_a_path_that_may_be_written_is_left_as_it_is(tmp_path):
    check_writable("--output", tmp_path / "new.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("no/e.npz", "No such file or directory"),
        ("file/e.npz", "Not a directory"),
        ("folder.npz", "it is a folder"),
        ("e" * 300 + ".npz", "File name too long"),
        ("/proc/e.npz", "No such file or directory"),
    ],
)
def test_a_path_that_could_not_be_written_is_refused_before_and_after(tmp_path, path, why):
    (tmp_path / "file").touch()
    (tmp_path / "folder.npz").mkdir()
    path = tmp_path / path
    assert complaint(check_writable, "--output", path) == f"--output: `{path}` cannot be written: {why}"
    after = why.replace("it is a folder", "Is a directory")
    assert complaint(keep, "--embed", path, {}) == f"--embed: `{path}` cannot be written: {after}"


def test_another_suffix_is_refused():
    assert complaint(check_writable, "--output", Path("e.npy")) == "--output: `e.npy` must end in .npz"
