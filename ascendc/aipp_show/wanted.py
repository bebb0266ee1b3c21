"""How a model wants its pictures: the ``preprocess.json`` that a bundle holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.cann.aipp.derive import MOST_SOURCE, Preprocessor, derive
from ascendc.cann.aipp.lint import lint
from ascendc.cann.aipp.read import read
from ascendc.cann.aipp.write import write
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.cann.aipp.derive import Range, Source, Standard
    from ascendc.cann.aipp.op import AippOp
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


def fitting(path: Path, source: Source, standard: Standard, range: Range, rank: int) -> AippOp:
    """The block that does the same (`ascendc.cann.aipp.derive`).

    Raises:
        UsageError: as `preprocessing`; or every chip would refuse such a block (ASC2214): means are not in 0 to 1, or a
            side is odd where pixels share their colour in pairs.
    """
    found = preprocessing(path)
    wanted = Preprocessor(found.height, found.width, *_triples(found))
    op = derive(wanted, source, standard=standard, range=range, rank=rank)
    if refusals := lint(read(write([op]))).errors:
        said = refusals[0].message.partition(": ")[2]  # without the line of a file that is not written
        raise UsageError("ASC2214", f"no {source} block can do what `{path}` says: ATC would refuse it, {said}")
    return op


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
