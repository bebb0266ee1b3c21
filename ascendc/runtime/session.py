"""The contract of a runtime session: named arrays in, named arrays out, checked once, here.

Runs on the board: Python 3.7, standard library and numpy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Tuple

import numpy as np


class SessionError(Exception):
    """A session was fed something it cannot take, or its engine failed; the message says which and what is allowed."""


@dataclass(frozen=True)
class TensorSpec:
    """A session's input or output."""

    name: str
    dtype: str
    """numpy's name."""
    shape: Tuple[Optional[int], ...]
    """None: any size (a symbolic batch)."""
    gears: Tuple[int, ...] = ()
    """The batch sizes the engine was compiled for; empty: any."""


class Session(ABC):
    """An open model on some engine. A context manager; `close` may be called twice."""

    inputs: Tuple[TensorSpec, ...]
    outputs: Tuple[TensorSpec, ...]
    engine: str
    """What really runs, for every result and report: ``onnxruntime CPUExecutionProvider``."""
    closed = False

    def run(self, feeds: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """Run once.

        Args:
            feeds: one array per input, of exactly its dtype and shape.

        Returns:
            One array per output, owned by the caller.

        Raises:
            SessionError: a name, dtype or shape is wrong, or the session is closed.
        """
        if self.closed:
            raise SessionError("the session is closed")
        names = [spec.name for spec in self.inputs]
        if sorted(feeds) != sorted(names):
            raise SessionError("inputs must be {}; got {}".format(names, sorted(feeds)))
        for spec in self.inputs:
            _check(spec, feeds[spec.name])
        results = self._run({name: np.ascontiguousarray(feeds[name]) for name in names})
        return dict(zip([spec.name for spec in self.outputs], results))

    @abstractmethod
    def _run(self, feeds: Dict[str, np.ndarray]) -> List[np.ndarray]:
        """Run on checked, contiguous arrays; return the outputs in order."""

    def close(self) -> None:
        """Release the engine."""
        self.closed = True

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _check(spec: TensorSpec, array: np.ndarray) -> None:
    if array.dtype != np.dtype(spec.dtype):
        raise SessionError("input `{}` must be {}, not {}".format(spec.name, spec.dtype, array.dtype))
    if len(array.shape) != len(spec.shape) or any(
        want is not None and want != have for want, have in zip(spec.shape, array.shape)
    ):
        wanted = "×".join("?" if size is None else str(size) for size in spec.shape)
        raise SessionError(
            "input `{}` must have the shape {}, not {}".format(spec.name, wanted, "×".join(map(str, array.shape)))
        )
