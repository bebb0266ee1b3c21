"""A side of a comparison: what has answers to given inputs, or gives them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from ascendc.judge.result import Kind
    from ascendc.model import Model

    Array = npt.NDArray[Any]
    Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class Inputs:
    """What one part is asked."""

    arrays: Arrays
    """By name, samples first."""
    pixels: Arrays
    """The same as an OM with AIPP takes them; empty: there are none."""
    answers: Arrays
    """What the original model answered to exactly these; empty: nobody has asked it."""
    said: str
    """Where they are from, in words."""


@dataclass(frozen=True)
class Face:
    """One graph of a side, as far as it can be told before anything runs."""

    part: str
    """Empty: the side has one graph, without a name."""
    inputs: tuple[str, ...]
    """Empty: answers were saved, and what they answer was not."""
    outputs: tuple[str, ...]
    """Empty: the engine tells them."""


@dataclass(frozen=True)
class Answer:
    """To one part."""

    outputs: Arrays
    """By name, in the graph's order, samples first."""
    engine: str
    simulated: bool
    allowed: float
    """What answers of this kind may be off, relative to the median distance between samples."""
    notes: tuple[str, ...] = ()


class Side(ABC):
    """One of the two."""

    kind: Kind
    name: str
    """As it was given."""
    faces: tuple[Face, ...]
    plugin: Model | None = None
    """Whose task verdict counts; None: none is named."""
    notes: tuple[str, ...] = ()

    def golden(self, part: str) -> Inputs | None:
        """Its own inputs for a part, and the original model's answers; None: it has none."""
        del part
        return None

    @abstractmethod
    def answer(self, face: Face, inputs: Inputs | None) -> Answer:
        """The answers to `inputs`; None for a side whose answers were saved.

        Raises:
            UsageError: the inputs do not fit (ASC2805).
            StageError: it fails on them (ASC2807).
            EnvironmentLacksError: it cannot be run here (ASC2808).
        """
