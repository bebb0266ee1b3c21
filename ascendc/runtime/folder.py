"""The pictures of a folder. Python 3.7, standard library."""

import os
from typing import Iterator, List, Optional, Set, Tuple

from .service import Broken, InputError, PictureError

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""In small or capital letters."""


def pictures_in(folder: str, on_broken: Optional[Broken] = None) -> Iterator[str]:
    """Paths of the pictures in a folder and its sub-folders, sorted by name, found as they are asked for.

    Pictures are told by their suffix; other files are passed over, and so is what is hidden (``._photo.jpg`` is no
    picture). Links are followed, and no folder is entered twice, whatever leads to it.

    Args:
        folder: its path.
        on_broken: is told of folders that cannot be read, which are left out; None: the first ends it.

    Raises:
        InputError: it holds no picture.
        PictureError: it or a sub-folder cannot be read.
    """
    entered: Set[Tuple[int, int]] = set()
    empty = True
    todo: List[Tuple[str, bool]] = [(folder, True)]
    while todo:
        path, is_folder = todo.pop()
        if not is_folder:
            empty = False
            yield path
            continue
        try:
            status = os.stat(path)  # noqa: PTH116 - scandir deals in texts
            if (status.st_dev, status.st_ino) not in entered:
                entered.add((status.st_dev, status.st_ino))
                todo += _entries(path)
        except OSError as error:
            unread = PictureError("folder {} cannot be read: {}".format(path, error.strerror))
            if on_broken is None:
                raise unread from error
            empty = False  # for all that is known
            on_broken(path, unread)
    if empty:
        raise InputError("folder {} holds no pictures; allowed: files in {}".format(folder, ", ".join(SUFFIXES)))


def _entries(folder: str) -> List[Tuple[str, bool]]:
    """Sub-folders (True) and pictures (False), the last name first."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            # `isdir` of a link, since `is_dir` raises where links lead in a circle
            is_folder = os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()  # noqa: PTH112 - as above
            if not entry.name.startswith(".") and (is_folder or entry.name.lower().endswith(SUFFIXES)):
                found.append((entry.path, is_folder))
    return sorted(found, reverse=True)
