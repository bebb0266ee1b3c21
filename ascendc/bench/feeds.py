"""What a session is fed: golden inputs, or what the user gave, prepared by the model's device half."""

from __future__ import annotations

import importlib
import itertools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.runtime import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from ascendc.runtime import Session

    Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Half:
    """A device half, by where it is: only the process that measures imports it."""

    package: str
    folder: Path | None
    """What goes on the path for it: a bundle's ``python``; None: it is installed."""
    assets: Path


@dataclass(frozen=True)
class Given:
    """What the user gave to run on; a batch takes from each kind in turn, from the beginning when all were taken."""

    images: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.images or self.texts or self.arrays)


class Preparation:
    """A part's inputs from files and texts, as the board prepares them: one after the other, in one thread."""

    def __init__(self, half: Half, part: str, given: Given, session: Session) -> None:
        import ascendc_runtime  # noqa: F401 - a bundle's half must find this one, whose classes are the session's

        if half.folder is not None:
            sys.path.insert(0, str(half.folder))
        self._half = importlib.import_module(half.package)
        self._assets, self._part, self._given, self._session = half.assets, part, given, session

    def batch(self, size: int) -> dict[str, npt.NDArray[Any]]:
        """The inputs for `size` items.

        Raises:
            InputError: what was given cannot be taken.
        """
        given = [_in_turn(kind, size) for kind in (self._given.images, self._given.texts, self._given.arrays)]
        made: dict[str, npt.NDArray[Any]] = self._half.prepare(self._part, *given, self._assets, self._session.inputs)
        return made

    def takes(self) -> bool:
        """Whether this part is made from what was given: a text tower is not made from pictures.

        Raises:
            InputError: it is, and what was given is wrong.
        """
        try:
            made = self.batch(1)
        except InputError:
            raise
        except Exception:  # noqa: BLE001 - a guest that is asked for a batch of nothing may raise anything
            return False
        return all(len(array) == 1 for array in made.values())


def rows(arrays: Arrays, start: int, size: int) -> dict[str, npt.NDArray[Any]]:
    """`size` samples from the sample `start` on, and from the first again when all were taken."""
    return {name: array[np.arange(start, start + size) % len(array)] for name, array in arrays.items()}


def _in_turn(items: Sequence[str], size: int) -> list[str]:
    return list(itertools.islice(itertools.cycle(items), size))
