"""Named arrays into an ``.npz``, whole or not at all. Python 3.7, numpy."""

import os
import zipfile
from pathlib import Path
from typing import Mapping, Union

import numpy as np

from .service import InputError


def check_writable(option: str, path: Path) -> None:
    """Refuse, before the work, a path that could not be written after it.

    Raises:
        InputError: it does not end in ``.npz``, or no file can be made in its folder.
    """
    if path.suffix != ".npz":
        raise InputError("{}: `{}` must end in .npz".format(option, path))
    if os.path.isdir(str(path)):  # noqa: PTH112 - pathlib raises where a folder may not be searched
        raise InputError("{}: `{}` cannot be written: it is a folder".format(option, path))
    part = _part_of(path)
    try:
        part.open("xb").close()
        part.unlink()
    except OSError as error:
        raise _refused(option, path, error) from error


def keep(option: str, path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """`write_npz` for a user who gave `path` by `option`.

    Raises:
        InputError: the system refuses.
    """
    try:
        write_npz(path, arrays)
    except OSError as error:
        raise _refused(option, path, error) from error


def write_npz(path: Union[str, Path], arrays: Mapping[str, np.ndarray]) -> None:
    """Write beside `path`, then rename: until all is there, what was at `path` stays.

    Any name is kept, also those that `numpy.savez` takes for its own parameters, such as ``file``; equal arrays give
    equal bytes.

    Raises:
        OSError: the system refuses.
        ValueError: an array holds objects.
    """
    part = _part_of(Path(path))
    with part.open("xb") as file:
        try:
            with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
                for name, array in arrays.items():
                    with archive.open(name + ".npy", "w", force_zip64=True) as entry:
                        np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
            file.flush()
            part.replace(path)
        except BaseException:
            part.unlink()
            raise


def _part_of(path: Path) -> Path:
    return path.with_name(".{}.{}.part".format(path.name, os.getpid()))


def _refused(option: str, path: Path, error: OSError) -> InputError:
    return InputError("{}: `{}` cannot be written: {}".format(option, path, error.strerror))
