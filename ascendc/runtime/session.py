"""The contract of a runtime session: named arrays in, named arrays out, checked once, here.

Runs on the board: Python 3.7, standard library and numpy.
"""

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import Callable, Deque, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

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
    """The batch sizes the engine was compiled for, ascending; empty: what the shape says."""


class Session(ABC):
    """An open model on some engine. A context manager; `close` may be called twice.

    A backend sets `inputs`, `outputs`, `engine` and `device` and writes `_run`; it releases what it holds in `close`.
    All checks are made here. `ascendc.testing` holds the conformance suite.
    """

    inputs: Tuple[TensorSpec, ...]
    outputs: Tuple[TensorSpec, ...]
    engine: str
    """What really runs, for every result and report: ``onnxruntime 1.14.1 CPUExecutionProvider``."""
    device: str
    """Where: ``npu``, ``cuda`` or ``cpu``."""
    passed_over: Tuple[str, ...] = ()
    """Why not a better device, where the choice was open: ``cuda: CUDAExecutionProvider is not in …``."""
    closed = False

    def run(self, feeds: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """Run once.

        Args:
            feeds: one array per input, of exactly its dtype and shape.

        Returns:
            One array per output, owned by the caller: no later run changes it, and changing it harms nothing.

        Raises:
            SessionError: a name, dtype or shape is wrong, the session is closed, or the engine failed.
        """
        results = self._run(self.checked(feeds))
        return dict(zip([spec.name for spec in self.outputs], results))

    def checked(self, feeds: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """`feeds`, contiguous; those that are so already are not copied.

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
        # not ascontiguousarray: that gives an axis to an array that has none
        return {name: np.asarray(feeds[name], order="C") for name in names}

    def run_batched(self, feeds: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """Run on any number of rows, whatever batch the engine was compiled for.

        Rows are taken in pieces of the largest batch; what is left goes into the smallest batch that holds it,
        filled up with its last row, and the answers to the filling are dropped.

        Args:
            feeds: one array per input, all with the same number of rows.

        Returns:
            One array per output, of as many rows.

        Raises:
            SessionError: as `run`; rows differ or are none; an output has no batch axis to cut along.
        """
        sizes = self._sizes_for(feeds)
        rows = _rows(feeds) if sizes else 0
        if not sizes or rows in sizes:
            return self.run(feeds)
        pieces = []
        for start in range(0, rows, sizes[-1]):
            piece = {name: array[start : start + sizes[-1]] for name, array in feeds.items()}
            pieces.append(_cut(self.run(_filled(piece, sizes)), _rows(piece), sizes))
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}

    def run_many(self, feeds: Iterable[Mapping[str, np.ndarray]]) -> Iterator[Dict[str, np.ndarray]]:
        """Run on one after the other. Engines that can take the next inputs while they compute the last.

        Args:
            feeds: as `run` takes them; the next may be asked for before the answer to the last is given.

        Raises:
            SessionError: as `run`.
        """
        for one in feeds:
            yield self.run(one)

    def run_many_batched(self, pieces: Iterable[Mapping[str, np.ndarray]]) -> Iterator[Dict[str, np.ndarray]]:
        """As `run_many`, on pieces of any number of rows up to the largest batch: filled up as `run_batched` does.

        Raises:
            SessionError: as `run_batched`; a piece has more rows than the largest batch.
        """
        waiting: Deque[Tuple[int, Tuple[int, ...]]] = deque()

        def filled() -> Iterator[Mapping[str, np.ndarray]]:
            for piece in pieces:
                sizes = self._sizes_for(piece)
                waiting.append((_rows(piece) if sizes else 0, sizes))
                yield _filled(piece, sizes) if sizes else piece

        for results in self.run_many(filled()):
            rows, sizes = waiting.popleft()
            yield _cut(results, rows, sizes) if sizes else results

    def resident(self, feeds: Mapping[str, np.ndarray]) -> Optional[Callable[[], None]]:
        """A call that computes on inputs which are on the device already, and leaves the outputs there.

        It returns when the device has finished, and may be made again and again until the session is closed or runs on
        other shapes. None: this engine cannot tell copies from computing.

        Args:
            feeds: as `run` takes them.

        Raises:
            SessionError: as `run`, now or in the call.
        """
        self.checked(feeds)
        return None

    @property
    def batch_sizes(self) -> Tuple[int, ...]:
        """The numbers of rows that `run` takes, ascending; empty: any, or the inputs share no batch axis."""
        found = {spec.gears or spec.shape[:1] for spec in self.inputs} - {(None,)}
        sizes = found.pop() if len(found) == 1 else ()
        return tuple(size for size in sizes if size is not None)

    def _sizes_for(self, feeds: Mapping[str, np.ndarray]) -> Tuple[int, ...]:
        """The numbers of rows that `run` takes of arrays that are else like `feeds`; empty: any, or as they are."""
        del feeds
        return self.batch_sizes

    @abstractmethod
    def _run(self, feeds: Dict[str, np.ndarray]) -> List[np.ndarray]:
        """Run on checked, contiguous arrays; return the outputs in order, after the device has finished.

        The arrays returned must not share memory with `feeds`, with the engine or with one another.
        """

    def close(self) -> None:
        """Release the engine."""
        self.closed = True

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _check(spec: TensorSpec, array: np.ndarray) -> None:
    if not isinstance(array, np.ndarray):
        raise SessionError("input `{}` must be a numpy array, not {}".format(spec.name, type(array).__name__))
    if array.dtype != np.dtype(spec.dtype):
        raise SessionError("input `{}` must be {}, not {}".format(spec.name, spec.dtype, array.dtype))
    if len(array.shape) != len(spec.shape) or any(
        want is not None and want != have for want, have in zip(spec.shape, array.shape)
    ):
        raise SessionError(
            "input `{}` must have the shape {}, not {}".format(
                spec.name, shape_text(spec.shape), shape_text(array.shape)
            )
        )
    if spec.gears and array.shape[0] not in spec.gears:
        raise SessionError(
            "input `{}` must have one of {} rows, not {}".format(
                spec.name, ", ".join(map(str, spec.gears)), array.shape[0]
            )
        )


def _filled(feeds: Mapping[str, np.ndarray], sizes: Tuple[int, ...]) -> Mapping[str, np.ndarray]:
    """Rows up to the smallest batch that holds them, the last one repeated; `run` refuses more than the largest."""
    rows = _rows(feeds)
    missing = min((size for size in sizes if size >= rows), default=rows) - rows
    if not missing:
        return feeds
    return {name: np.concatenate([array] + [array[-1:]] * missing) for name, array in feeds.items()}


def _cut(results: Dict[str, np.ndarray], rows: int, sizes: Tuple[int, ...]) -> Dict[str, np.ndarray]:
    """The answers to `rows` rows, without those to the filling."""
    size = min(size for size in sizes if size >= rows)
    for name, array in results.items():
        if array.shape[:1] != (size,):
            raise SessionError(
                "output `{}` has no batch axis: {} rows went in and its shape is {}".format(
                    name, size, shape_text(array.shape)
                )
            )
    return {name: array[:rows] for name, array in results.items()}


def _rows(feeds: Mapping[str, np.ndarray]) -> int:
    """The number of rows that all feeds have."""
    counts = {len(array) if np.ndim(array) else 0 for array in feeds.values()}
    if len(counts) != 1 or counts == {0}:
        raise SessionError(
            "inputs must have the same number of rows, one or more; got {}".format(
                ", ".join("{} {}".format(name, shape_text(np.shape(array))) for name, array in feeds.items())
            )
        )
    return counts.pop()


def shape_text(shape: Iterable[Optional[int]]) -> str:
    """A shape as messages write it: ``?×3``, or ``()`` for a scalar."""
    return "×".join("?" if size is None else str(size) for size in shape) or "()"
