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
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import ModuleType

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

    def batch(self, size: int) -> Given:
        """`size` of each kind, for one part."""
        return Given(*(tuple(_in_turn(kind, size)) for kind in (self.images, self.texts, self.arrays)))

    def question(self, size: int) -> Given:
        """`size` of the first kind, which is asked about, and all of the others: pictures, and what they may show."""
        kinds = [self.images, self.texts, self.arrays]
        first = next((i for i, kind in enumerate(kinds) if kind), 0)
        kinds[first] = tuple(_in_turn(kinds[first], size))
        return Given(*kinds)


def load(half: Half) -> ModuleType:
    """Import the device half."""
    import ascendc_runtime  # noqa: F401 - a bundle's half must find this one, whose classes are the session's

    if half.folder is not None and sys.path[0] != str(half.folder):  # another bundle's may be on the path, too
        sys.path.insert(0, str(half.folder))
    return importlib.import_module(half.package)


class Preparation:
    """A part's inputs from files and texts, as the board prepares them: one after the other, in one thread."""

    def __init__(self, half: Half, part: str, session: Session) -> None:
        self._half, self._assets, self._part, self._session = load(half), half.assets, part, session

    def inputs(self, given: Given) -> dict[str, npt.NDArray[Any]]:
        """The inputs for all that is given.

        Raises:
            InputError: it cannot be taken, or an item is several samples: batches would be larger than they are called.
        """
        made: dict[str, npt.NDArray[Any]] = self._half.prepare(
            self._part, given.images, given.texts, given.arrays, self._assets, self._session.inputs
        )
        items = len(given.images), len(given.texts), len(given.arrays)
        for name, array in made.items():
            if len(array) not in items:
                raise InputError(
                    f"each file of --arrays must hold one sample, since they make up batches: {len(given.arrays)} gave "
                    f"input `{name}` of part `{self._part}` {len(array)}"
                )
        return made

    def takes(self, given: Given) -> bool:
        """Whether this part is made from what was given: a text tower is not made from pictures.

        Raises:
            InputError: it is, and what was given is wrong.
        """
        try:
            made = self.inputs(given.batch(1))
        except InputError:
            raise
        except Exception:  # noqa: BLE001 - a guest that is asked for a batch of nothing may raise anything
            return False
        return all(len(array) == 1 for array in made.values())


def rows(arrays: Arrays, start: int, size: int) -> dict[str, npt.NDArray[Any]]:
    """`size` samples from the sample `start` on, and from the first again when all were taken."""
    return {name: array[np.arange(start, start + size) % len(array)] for name, array in arrays.items()}


def _in_turn(items: Sequence[str], size: int) -> Iterator[str]:
    return itertools.islice(itertools.cycle(items), size)
