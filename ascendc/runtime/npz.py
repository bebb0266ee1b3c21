"""Named arrays into an ``.npz``, whole or not at all, and out of one. Python 3.7, numpy."""

import os
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Dict, Mapping, Union

import numpy as np

from .service import InputError

_BROKEN = (
    EOFError,
    KeyError,
    MemoryError,
    OverflowError,
    RuntimeError,  # encrypted, or packed in a way that Python does not know
    SyntaxError,
    TypeError,
    ValueError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy lets through, beside `OSError`, when a file is damaged or another."""


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


def read_arrays(path: Path, what: str) -> Union[np.ndarray, Dict[str, np.ndarray]]:
    """The array of an ``.npy``, or all of an ``.npz``, by name; numpy looks at the content, not at the suffix.

    Args:
        path: the file.
        what: what messages call it.

    Raises:
        InputError: there is none, it is damaged, or holds something else than arrays of numbers and text.
    """
    try:
        if not path.is_file() and path.exists():
            raise InputError("{} is no regular file".format(what))  # a pipe would be waited for
        with path.open("rb") as file:  # np.load by name leaves a broken archive open
            content = np.load(file, allow_pickle=False)
            if isinstance(content, np.ndarray):
                return content
            arrays = {name: content[name] for name in content.files}
    except OSError as error:
        raise InputError("{} cannot be read: {}".format(what, error.strerror or error)) from error
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError("{} cannot be read: {}".format(what, str(error) or type(error).__name__)) from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise InputError("{} cannot be read: `{}` in it is no array".format(what, name))
    return arrays


def _part_of(path: Path) -> Path:
    return path.with_name(".{}.{}.part".format(path.name, os.getpid()))


def _refused(option: str, path: Path, error: OSError) -> InputError:
    return InputError("{}: `{}` cannot be written: {}".format(option, path, error.strerror))
