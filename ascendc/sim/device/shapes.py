"""Shapes: gears and descriptions put into open axes, and what comes out of a graph then."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ascendc.cann.om.interface import Gears
from ascendc.runtime.onnx_session import failures
from ascendc.sim.device.codes import GE_LOAD, RT_AICORE_EXCEPTION, AclError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Shape = tuple[int, ...]
Range = tuple[tuple[int, int], ...]
"""Of one input: the least and the largest size of each axis; -1: no limit."""

SHAPE_INPUT = "ascend_mbatch_shape_data"
"""The input that ATC adds for gears."""

_WORDS = {"float": "float32", "double": "float64"}


def filled(shapes: Sequence[Shape], gears: Gears, gear: tuple[int, ...]) -> list[Shape]:
    """Shapes with a gear's sizes in the place of each -1.

    Args:
        shapes: of all inputs, in order.
        gears: what `gear` is one of.
        gear: a batch, a height and a width, or the size of each open axis.
    """
    rest = iter(gear) if gears.kind == "dims" else iter(gear * sum(map(len, shapes)))
    return [tuple(next(rest) if axis < 0 else axis for axis in shape) for shape in shapes]


def largest(shapes: Sequence[Shape], gears: Gears) -> tuple[int, ...]:
    """The gear with the most elements to put in."""
    return max(gears.values, key=lambda gear: sum(map(prod, filled(shapes, gears, gear))))


def within(shape: Shape, limits: Range) -> bool:
    """Whether a shape has the rank of a range, and every size lies in it."""
    fits = (low <= size and (high < 0 or size <= high) for size, (low, high) in zip(shape, limits, strict=False))
    return len(shape) == len(limits) and all(fits)


def opened(content: bytes) -> Any:
    """A graph, open in onnxruntime on one thread of the CPU.

    Raises:
        AclError: onnxruntime does not take it.
    """
    import onnxruntime  # type: ignore[import-untyped]  # it ships no types

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except failures() as error:
        raise AclError(GE_LOAD, f"onnxruntime does not take the graph: {error}") from error


def numpy_type(word: str) -> npt.DTypeLike:
    """The type of numpy that is onnxruntime's ``tensor(float)``."""
    inner = word.removeprefix("tensor(").removesuffix(")")
    return _WORDS.get(inner, inner)


def measured(session: Any, names: Sequence[str], outputs: Sequence[str], shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    """The shapes of a graph's outputs, by running it on zeros.

    Args:
        session: the graph, open in onnxruntime.
        names: of its inputs.
        outputs: names of its outputs.
        shapes: of the inputs.

    Raises:
        AclError: it does not run with these shapes.
    """
    import numpy as np

    types = {port.name: numpy_type(port.type) for port in session.get_inputs()}
    feeds = {name: np.zeros(shape, types[name]) for name, shape in zip(names, shapes, strict=True)}
    return tuple(result.shape for result in ran(session, outputs, feeds))


def ran(session: Any, outputs: Sequence[str], feeds: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[np.generic]]:
    """What the graph answers.

    Raises:
        AclError: it fails.
    """
    try:
        results: list[npt.NDArray[np.generic]] = session.run(list(outputs), feeds)
    except failures() as error:
        raise AclError(RT_AICORE_EXCEPTION, f"the graph fails: {error}") from error
    return results
