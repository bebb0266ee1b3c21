"""How a model wants its pictures: the ``preprocess.json`` that a bundle holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.cann.aipp.derive import MOST_SOURCE, Preprocessor
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.runtime import Preprocessing


def preprocessing(path: Path) -> Preprocessing:
    """The model's own preprocessing: of a ``preprocess.json``, or of the bundle in a folder.

    Raises:
        UsageError: there is none (ASC2207), or it is none that can be read (ASC2208).
    """
    from ascendc.runtime import Preprocessing

    file = path / "assets" / "preprocess.json" if path.is_dir() else path
    if not file.is_file():
        raise UsageError("ASC2207", f"`{file}` does not exist; allowed: a preprocess.json, or a bundle that has one")
    try:
        found = Preprocessing.read(file)
        _check(found)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise UsageError("ASC2208", f"`{file}` is no preprocess.json of ascendc: {error}") from error
    return found


def preprocessor(path: Path) -> Preprocessor:
    """The same, as `ascendc.cann.aipp.derive` takes it.

    Raises:
        UsageError: as `preprocessing`.
    """
    found = preprocessing(path)
    return Preprocessor(found.height, found.width, *_triples(found))


def _check(found: Preprocessing) -> None:
    """Raise ValueError or TypeError for what no model's preprocessing can be."""
    _triples(found)
    sides = (found.height, found.width, *(() if found.resize_to is None else (found.resize_to,)))
    if not all(isinstance(side, int) and 0 < side <= MOST_SOURCE for side in sides):
        raise ValueError(f"sides must be 1 to {MOST_SOURCE}")
    if found.resize not in ("shortest-edge", "squash") or found.interpolation not in ("bicubic", "bilinear"):
        raise ValueError("resize must be shortest-edge or squash, interpolation bicubic or bilinear")


def _triples(found: Preprocessing) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    (red, green, blue), (r, g, b) = map(float, found.mean), map(float, found.std)
    if not all(deviation > 0 for deviation in (r, g, b)):
        raise ValueError("standard deviations must be above 0")
    return (red, green, blue), (r, g, b)
