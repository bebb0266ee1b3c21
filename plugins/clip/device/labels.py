"""Labels and their embeddings: what a zero-shot ranking is made of when no texts are given."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Optional, Sequence, Tuple

import numpy as np

from ascendc_runtime import InputError, read_arrays, write_npz

PHOTO = "a photo of a {}"
"""The text of a label, unless others are wanted; ``{}`` stands for it. Source: CLIP's paper, section 3.1.4."""

_LABEL = "label"


@dataclass(frozen=True)
class Labels:
    """Names, and what the text tower makes of them."""

    names: Tuple[str, ...]
    embeddings: np.ndarray
    """float32, labels × dimensions, rows of unit length."""
    model: Optional[str] = None
    """Which model made them, as ``model`` of ``clip.json``; None: not known."""

    @classmethod
    def read(cls, path: Path) -> "Labels":
        """From an ``.npz`` as `save` writes it; rows are brought to unit length.

        Raises:
            InputError: there is none, or it holds something else.
        """
        what = "the labels `{}`".format(path)
        arrays = read_arrays(path, what)
        held = ("names", "embeddings")
        if isinstance(arrays, np.ndarray) or not all(name in arrays for name in held):
            raise InputError("{} must hold texts, `names`, and as many rows, `embeddings`".format(what))
        names, embeddings = (arrays[name] for name in held)
        texts, numbers = names.dtype.kind == "U" and names.ndim == 1, embeddings.dtype.kind in "fiu"
        if not (texts and numbers and embeddings.ndim == 2 and len(names) == len(embeddings) > 0):
            raise InputError("{} must hold texts, `names`, and as many rows, `embeddings`".format(what))
        kinds = sorted({str(kind) for kind in arrays.get("kinds", np.array(_LABEL)).ravel()} - {_LABEL})
        if kinds:
            raise InputError("{} must be embeddings of labels; these are of kind {}".format(what, ", ".join(kinds)))
        with np.errstate(over="ignore"):  # what is too large for float32 is told as not finite
            embeddings = embeddings.astype(np.float32)
            lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise InputError("{} hold embeddings that are zero or not finite".format(what))
        model = str(arrays["model"]) if "model" in arrays else None
        return cls(tuple(str(name) for name in names), embeddings / lengths, model)

    def save(self, path: Path) -> None:
        """As `read` wants them; equal labels give equal bytes."""
        write_npz(path, self.arrays())

    def arrays(self) -> Dict[str, np.ndarray]:
        """What a file of them holds: `kinds` keeps embeddings of pictures apart, which have names too."""
        arrays = {"names": np.array(self.names), "kinds": np.full(len(self.names), _LABEL)}
        arrays["embeddings"] = self.embeddings
        return arrays if self.model is None else dict(arrays, model=np.array(self.model))

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
        raise InputError("the labels `{}` must be text in UTF-8, one label a line".format(path)) from error
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
