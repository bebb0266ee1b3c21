"""Labels and their embeddings: what a zero-shot ranking is made of when no texts are given."""

import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence, Tuple

import numpy as np

from ascendc_runtime import InputError

PHOTO = "a photo of a {}"
"""The text of a label, unless others are wanted; ``{}`` stands for it. Source: CLIP's paper, section 3.1.4."""

_BROKEN = (EOFError, KeyError, MemoryError, OSError, ValueError, zipfile.BadZipFile, zlib.error)
"""What numpy lets through when a file is damaged or another."""


@dataclass(frozen=True)
class Labels:
    """Names, and what the text tower makes of them."""

    names: Tuple[str, ...]
    embeddings: np.ndarray
    """float32, labels × dimensions, rows of unit length."""

    @classmethod
    def read(cls, path: Path) -> "Labels":
        """From an ``.npz`` as `save` writes it; rows are brought to unit length.

        Raises:
            InputError: there is none, or it holds something else.
        """
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                names, embeddings = file["names"], file["embeddings"].astype(np.float32)
        except _BROKEN as error:
            raise InputError("the labels `{}` cannot be read: {}".format(path, error)) from error
        lengths = np.linalg.norm(embeddings, axis=-1, keepdims=True)
        if names.ndim != 1 or names.dtype.kind != "U" or embeddings.ndim != 2 or not len(names) == len(embeddings) > 0:
            raise InputError("the labels `{}` must hold texts, `names`, and as many rows, `embeddings`".format(path))
        if not np.isfinite(lengths).all() or not lengths.all():
            raise InputError("the labels `{}` hold embeddings that are zero or not finite".format(path))
        return cls(tuple(str(name) for name in names), embeddings / lengths)

    def save(self, path: Path) -> None:
        """As `read` wants them; equal labels give equal bytes."""
        with path.open("wb") as file:
            np.savez(file, names=np.array(self.names), embeddings=self.embeddings)

    def __str__(self) -> str:
        return ", ".join(self.names[:3]) + (", … {} in all".format(len(self.names)) if len(self.names) > 3 else "")


def names_in(text: str) -> Tuple[str, ...]:
    """The labels of a text, one a line; blank lines are skipped."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def read_names(path: Path) -> Tuple[str, ...]:
    """From a file in UTF-8, as `names_in`.

    Raises:
        InputError: there is no such file, it is not text, holds no label, or one twice.
    """
    try:
        names = names_in(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError("the labels `{}` cannot be read: {}".format(path, error.strerror)) from error
    except UnicodeDecodeError as error:
        raise InputError(
            "the labels `{}` must be an .npz, or text in UTF-8 with one label a line".format(path)
        ) from error
    if not names:
        raise InputError("the labels `{}` must hold at least one label, one a line".format(path))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError("the labels `{}` must hold `{}` once".format(path, twice[0]))
    return names


def averaged(
    names: Sequence[str], templates: Sequence[str], encode: Callable[[Sequence[str]], np.ndarray]
) -> np.ndarray:
    """The embeddings of labels, each averaged over the texts that templates make of it.

    Args:
        names: labels.
        templates: texts in which ``{}`` stands for the label.
        encode: texts to unit embeddings, texts × dimensions.

    Returns:
        Labels × dimensions, float32, rows of unit length.

    Raises:
        InputError: there is no template, or one does not hold ``{}`` once.
    """
    if not templates:
        raise InputError("no templates: at least one is needed, such as `{}`".format(PHOTO))
    for template in templates:
        if template.count("{}") != 1:
            raise InputError(
                "the template `{}` must hold {{}} once; allowed: a text such as `{}`".format(template, PHOTO)
            )
    total = sum(encode([template.replace("{}", name) for name in names]) for template in templates)
    embeddings = np.asarray(total, np.float32)
    unit: np.ndarray = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return unit
