"""What a simulated OM holds beside the facts that a genuine one has: the graph itself, and how to run it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ascendc.cann.om.container import read as read_container
from ascendc.sim.device.codes import GE_LOAD, AclError
from ascendc.sim.device.shapes import Range, Shape

if TYPE_CHECKING:
    from pathlib import Path

GRAPH, PLAN = 1, 2
"""Partition types that hold the ONNX file (WEIGHTS_DATA) and the plan (TASK_INFO)."""


@dataclass(frozen=True)
class Plan:
    """How a graph runs on the simulated device."""

    inputs: tuple[str, ...]
    """ONNX inputs, in order; those that ATC adds come behind them."""
    outputs: tuple[str, ...]
    """ONNX outputs, in order."""
    half: bool
    """Whether weights, inputs and outputs are rounded to float16, as ATC's default precision does."""
    aipp: str = ""
    """The AIPP configuration, as text."""
    ranges: tuple[Range, ...] = ()
    """Of each input, where shapes are open without gears."""
    shapes: tuple[Shape, ...] = ()
    """What the graph gets of each input, behind AIPP; empty: what the OM says."""
    given: tuple[tuple[Shape, ...], ...] = ()
    """For each gear the shapes of the outputs; empty: they are measured when they are asked for."""

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Plan:
        """From what `to_bytes` wrote, read as JSON.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        return cls(
            inputs=tuple(record["inputs"]),
            outputs=tuple(record["outputs"]),
            half=bool(record["half"]),
            aipp=str(record.get("aipp", "")),
            ranges=tuple(tuple((low, high) for low, high in limits) for limits in record.get("ranges", ())),
            shapes=_shapes(record.get("shapes", ())),
            given=tuple(map(_shapes, record.get("given", ()))),
        )

    def to_bytes(self) -> bytes:
        """As it lies in the file."""
        return json.dumps(asdict(self)).encode()


def _shapes(record: Sequence[Sequence[int]]) -> tuple[Shape, ...]:
    return tuple(tuple(int(size) for size in shape) for shape in record)


@dataclass(frozen=True)
class Payload:
    """Both."""

    onnx: bytes
    plan: Plan

    @classmethod
    def read(cls, path: Path) -> Payload:
        """From an OM that the simulated ATC wrote.

        Raises:
            AclError: it is some other's: a genuine OM holds no graph that could be simulated, and an OM2 is no such
                container.
        """
        data = path.read_bytes()
        try:
            models = read_container(data).models
            found = {part.number: data[part.start : part.end] for model in models for part in model}
            record = json.loads(found[PLAN])
            return cls(found[GRAPH], Plan.of(record))
        except (KeyError, ValueError, TypeError) as error:
            raise AclError(GE_LOAD, f"{path.name} was not made by the simulated ATC: it holds no graph") from error
