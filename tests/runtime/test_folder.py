import os

import pytest

from ascendc.runtime import InputError
from ascendc.runtime.folder import pictures_in


def fill(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def found(folder):
    return [os.path.relpath(path, str(folder)) for path in pictures_in(str(folder))]


def test_pictures_are_told_by_suffix_and_sorted(tmp_path):
    fill(tmp_path, "b.png", "a.JPG", "c.jpeg", "d.webp", "notes.txt", "jpg", "c.jpg.part", "10.tiff", "9.bmp", "e.GIF")
    assert found(tmp_path) == ["10.tiff", "9.bmp", "a.JPG", "b.png", "c.jpeg", "d.webp", "e.GIF"]


def test_sub_folders_come_where_their_name_stands(tmp_path):
    fill(tmp_path, "c.png", "b/2.png", "b/1.png", "b/deep/er/3.png", "a.png", "empty/notes.txt")
    assert found(tmp_path) == ["a.png", "b/1.png", "b/2.png", "b/deep/er/3.png", "c.png"]


def test_a_folder_may_be_called_like_a_picture(tmp_path):
    fill(tmp_path, "a.png/b.png")
    assert found(tmp_path) == ["a.png/b.png"]


def test_what_is_hidden_is_passed_over(tmp_path):
    fill(tmp_path, "._a.png", ".thumbnails/a.png", "a.png")
    assert found(tmp_path) == ["a.png"]


def test_links_are_followed_and_no_folder_is_entered_twice(tmp_path):
    fill(tmp_path, "here/a.png", "there/b.png")
    here = tmp_path / "here"
    (here / "back").symlink_to(here)
    (here / "out").symlink_to(tmp_path / "there")
    (here / "out-again").symlink_to(tmp_path / "there")
    (here / "round").symlink_to(here / "round")
    (here / "round.png").symlink_to(here / "round.png")
    (here / "gone.png").symlink_to(tmp_path / "nothing")
    (here / "z.png").symlink_to(tmp_path / "there" / "b.png")
    # a link to no file is left to whoever opens it, who can say so
    assert found(here) == ["a.png", "gone.png", "out/b.png", "round.png", "z.png"]


def test_names_that_are_no_text(tmp_path):
    fill(tmp_path, os.fsdecode(b"\xff.png"))
    assert found(tmp_path) == ["\udcff.png"]


def test_it_goes_through_as_it_is_asked(tmp_path):
    fill(tmp_path, "a/1.png", "b/2.png")
    pictures = pictures_in(str(tmp_path))
    next(pictures)
    fill(tmp_path, "b/3.png")
    assert [path[-5:] for path in pictures] == ["2.png", "3.png"]


def complaint(folder):
    with pytest.raises(InputError) as error:
        list(pictures_in(str(folder)))
    return str(error.value)


def test_a_folder_without_pictures_is_refused(tmp_path):
    fill(tmp_path, "notes.txt", "deeper/more.txt")
    assert complaint(tmp_path) == (
        f"folder {tmp_path} holds no pictures; allowed: files in .bmp, .gif, .jpeg, .jpg, .png, .tif, .tiff, .webp"
    )


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    assert complaint(tmp_path / "none") == "folder {} cannot be read: No such file or directory".format(
        tmp_path / "none"
    )
    fill(tmp_path, "a.png", "locked/b.png")

    def locked(path, scandir=os.scandir):
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)  # these tests may run as root, whom no mode keeps out
    assert complaint(tmp_path) == "folder {} cannot be read: Permission denied".format(tmp_path / "locked")
    fill(tmp_path, "z.png")
    told = []
    names = [path[-5:] for path in pictures_in(str(tmp_path), lambda path, error: told.append((path, str(error))))]
    locked_folder = str(tmp_path / "locked")
    assert names == ["a.png", "z.png"]
    assert told == [(locked_folder, f"folder {locked_folder} cannot be read: Permission denied")]
    assert list(pictures_in(locked_folder, lambda path, error: told.append(path))) == []
    assert told[1] == locked_folder
