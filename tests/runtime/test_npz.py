import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ascendc.runtime import InputError
from ascendc.runtime.npz import check_writable, keep, read_arrays, write_npz


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


def test_what_was_written_is_read(tmp_path):
    write_npz(tmp_path / "kept.npz", {"file": np.arange(3), "text": np.array(["a"])})
    found = read_arrays(tmp_path / "kept.npz", "it")
    assert {name: array.tolist() for name, array in found.items()} == {"file": [0, 1, 2], "text": ["a"]}
    np.save(str(tmp_path / "one.npy"), np.arange(3))
    assert read_arrays(tmp_path / "one.npy", "it").tolist() == [0, 1, 2]


def test_what_is_no_file_of_arrays_is_refused(tmp_path):
    def said(name):
        return complaint(read_arrays, tmp_path / name, "it")

    os.mkfifo(str(tmp_path / "pipe"))
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "text").write_text("text")
    with zipfile.ZipFile(str(tmp_path / "foreign"), "w") as archive:
        archive.writestr("notes.txt", "text")
    for name, place, value in (("crypt", 6, 1), ("method", 8, 77)):  # flags and compression, in both headers
        write_npz(tmp_path / name, {"x": np.arange(3)})
        content = bytearray((tmp_path / name).read_bytes())
        content[place] = content[content.rindex(b"PK\x01\x02") + place + 2] = value
        (tmp_path / name).write_bytes(bytes(content))
    assert said("none") == "it cannot be read: No such file or directory"
    assert said("pipe") == "it is no regular file"
    assert said("round") == "it cannot be read: Too many levels of symbolic links"
    assert said("text").startswith("it cannot be read: ")
    assert said("foreign") == "it cannot be read: `notes.txt` in it is no array"
    assert said("crypt").startswith("it cannot be read: File 'x.npy' is encrypted, password required")
    assert said("method").startswith("it cannot be read: ")  # in words of the Python
