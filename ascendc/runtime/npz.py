"""Named arrays into an ``.npz``, whole or not at all. Python 3.7, numpy."""

import os
from pathlib import Path
from typing import Mapping

import numpy as np

from .service import InputError


def check_writable(option: str, path: Path) -> None:
    """Refuse, before the work, a path that could not be written after it.

    Raises:
        InputError: it does not end in ``.npz``, or no file can be made in its folder.
    """
    if path.suffix != ".npz":
        raise InputError("{}: `{}` must end in .npz".format(option, path))
    if path.is_dir() or not path.parent.is_dir() or not os.access(str(path.parent), os.W_OK):
        why = "it is a folder" if path.is_dir() else "its folder does not exist or is not yours to write"
        raise InputError("{}: `{}` cannot be written: {}".format(option, path, why))


def write_npz(option: str, path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write beside `path`, then rename: until all is there, what was at `path` stays.

    Raises:
        InputError: the system refuses.
    """
    part = path.with_name(".{}.{}.part".format(path.name, os.getpid()))
    try:
        try:
            with part.open("xb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]  # a name is never `allow_pickle`
            part.replace(path)
        finally:
            if part.exists():
                part.unlink()
    except OSError as error:
        raise InputError("{}: `{}` cannot be written: {}".format(option, path, error.strerror)) from error
