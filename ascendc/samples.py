"""A user's own samples: a folder of pictures, a ``texts.txt``, and ``.npz`` files of named arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import BadZipFile, is_zipfile

import numpy as np

from ascendc.errors import UsageError
from ascendc.model import Samples
from ascendc.runtime.image import open_picture

if TYPE_CHECKING:
    from pathlib import Path

PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
TEXTS = "texts.txt"


def sample_files(folder: Path) -> tuple[Path, ...]:
    """The files of a sample folder, sorted by name.

    Raises:
        UsageError: the folder is missing or holds none (ASC1601).
    """
    found = (
        sorted(
            p for p in folder.iterdir() if p.is_file() and (p.suffix.lower() in {*PICTURES, ".npz"} or p.name == TEXTS)
        )
        if folder.is_dir()
        else []
    )
    if not found:
        raise UsageError(
            "ASC1601",
            f"{folder} holds no samples; allowed: pictures ({', '.join(PICTURES)}), {TEXTS} with one text a line, "
            ".npz files with one array per input",
        )
    return tuple(found)


def read_samples(files: tuple[Path, ...]) -> Samples:
    """Read the files that `sample_files` found.

    Raises:
        UsageError: a file is not what its name says (ASC1601).
    """
    images, texts, arrays = [], [], []
    for path in files:
        try:
            if path.name == TEXTS:
                texts += [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
            elif path.suffix.lower() == ".npz":
                if not is_zipfile(path):
                    raise ValueError("it is no .npz archive, or a damaged one")
                with np.load(path, allow_pickle=False) as archive:
                    arrays.append({name: archive[name] for name in archive.files})
            else:
                images.append(np.asarray(open_picture(path)))
        except (OSError, ValueError, BadZipFile) as error:  # an InputError of the picture reader is a ValueError
            raise UsageError("ASC1601", f"{path} cannot be read as a sample: {error}") from error
    for kind, found in (("picture", images), ("text", texts), (".npz file", arrays)):
        if len(found) == 1:
            raise UsageError(
                "ASC1613",
                f"{files[0].parent} holds one {kind}; allowed: none, or two and more: errors are judged by how far "
                "apart different samples are",
            )
    return Samples(tuple(images), tuple(texts), tuple(arrays))
