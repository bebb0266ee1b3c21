"""The message at the head of a dump: which tensors it holds, and where their bytes are.

Sources of the field numbers: ``dump_data.proto`` of Ascend/msprobe (August 2026) and of MindSpore (2021), which agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ascendc.cann.om.attributes import packed
from ascendc.cann.om.types import FORMATS, PROTO_DTYPES, RANK
from ascendc.protobuf import BYTES, VARINT, Content, Field, TornError, fields

if TYPE_CHECKING:
    from collections.abc import Iterator

Way = Literal["input", "output"]

SIMULATED = "ascendc_simulated"
"""The attribute by which the simulated AscendCL marks what it writes."""

MOST = 1 << 12
"""Tensors and attributes that one operator may have; the largest known have some hundred."""

MOST_BYTES = 1 << 24
"""Of a description."""

_EMBEDDED, _SIZE = {"output": 5, "input": 4}, {"output": 6, "input": 5}
_ORIGINAL_SHAPE = {"output": 7, "input": 6}
"""Field numbers that an OpOutput and an OpInput do not share."""


@dataclass(frozen=True)
class Dumped:
    """A tensor in the file."""

    way: Way
    index: int
    """Among the inputs, or the outputs."""
    dtype: str
    """numpy's name, ``bfloat16``; or the number that stands for none of them."""
    format: str
    """``ND``, ``NC1HWC0``…; or a number."""
    shape: tuple[int, ...]
    """As the bytes lie."""
    original_shape: tuple[int, ...]
    """As the model has it; empty: not said, or a scalar."""
    node: str
    """Of an output the node of the original model that it is of; empty: not said."""
    node_index: int
    """Which of its outputs."""
    start: int
    """Where the bytes are in the file."""
    size: int
    """How many."""


@dataclass(frozen=True)
class Description:
    """Of one operator in one run."""

    version: str
    op: str
    """Name of the operator; older files do not say it."""
    simulated: bool
    tensors: tuple[Dumped, ...]


@dataclass
class _Described:
    """A tensor's message, as it is read."""

    numbers: dict[int, int] = field(default_factory=dict)
    shape: tuple[int, ...] = ()
    original: tuple[int, ...] = ()
    node: str = ""
    node_index: int = 0
    inside: Field | None = None

    def dumped(self, way: Way, index: int, start: int, size: int) -> Dumped:
        """It, with the place of its bytes."""
        dtype, layout = self.numbers.get(1, 0), self.numbers.get(2, 0)
        return Dumped(
            way=way,
            index=index,
            dtype=PROTO_DTYPES.get(dtype, str(dtype)),
            format=FORMATS.get(layout, str(layout)),
            shape=self.shape,
            original_shape=self.original,
            node=self.node,
            node_index=self.node_index,
            start=start,
            size=size,
        )


def describe(data: Content, start: int, end: int, *, behind: bool) -> Description:
    """Read a DumpData: version 1, output 3, input 4, op_name 6, attr 7.

    Args:
        data: the file.
        start: where the message begins.
        end: where it ends.
        behind: whether the tensors' bytes follow it, inputs first, then outputs; else they are inside.

    Raises:
        TornError: it is no such message, or has more tensors than any operator.
    """
    if behind and end - start > MOST_BYTES:
        raise TornError(f"its description has {end - start} bytes; allowed: {MOST_BYTES}")
    version, op, simulated, held = "", "", False, 0
    found: dict[Way, list[_Described]] = {"input": [], "output": []}
    for part in fields(data, start, end):
        held += part.number in (3, 4, 7)
        if held > MOST:
            raise TornError(f"it describes more than {MOST} tensors and attributes")
        if part.kind != BYTES:
            continue
        if part.number == 1:
            version = _text(data, part)
        elif part.number in (3, 4):
            way: Way = "output" if part.number == 3 else "input"
            found[way].append(_tensor(data, part, way))
        elif part.number == 6:
            op = _text(data, part)
        elif part.number == 7:
            simulated |= _attribute(data, part) == SIMULATED
    if not version and not any(found.values()):
        raise TornError("it has no version, and describes no tensor")
    tensors = _behind(found, end, len(data)) if behind else _inside(found)
    return Description(version, op, simulated, tuple(tensors))


def _behind(found: dict[Way, list[_Described]], at: int, end: int) -> Iterator[Dumped]:
    """Where each tensor's bytes are behind the message."""
    for way, several in found.items():
        for index, one in enumerate(several):
            size = one.numbers.get(_SIZE[way], 0)
            if size > end - at:
                raise TornError(f"{way} {index} should have {size} bytes, and {end - at} are left")
            yield one.dumped(way, index, at, size)
            at += size


def _inside(found: dict[Way, list[_Described]]) -> Iterator[Dumped]:
    """Likewise inside it."""
    for way, several in found.items():
        for index, one in enumerate(several):
            yield one.dumped(
                way, index, *((one.inside.start, one.inside.end - one.inside.start) if one.inside else (0, 0))
            )


def _tensor(data: Content, message: Field, way: Way) -> _Described:
    """An OpOutput: data_type 1, format 2, shape 3, original_op 4, data 5, size 6, original_shape 7.

    An OpInput has no original_op, and what follows moves up by one.
    """
    found = _Described()
    for part in fields(data, message.start, message.end):
        if part.kind == VARINT:
            found.numbers[part.number] = part.start
        elif part.kind != BYTES:
            continue
        elif part.number == 3:
            found.shape = _shape(data, part)
        elif part.number == _EMBEDDED[way]:
            found.inside = part
        elif part.number == _ORIGINAL_SHAPE[way]:
            found.original = _shape(data, part)
        elif part.number == 4 and way == "output":
            found.node, found.node_index = _origin(data, part)
    return found


def _origin(data: Content, message: Field) -> tuple[str, int]:
    """An OriginalOp: name 1, output_index 2."""
    name, index = "", 0
    for part in fields(data, message.start, message.end):
        if part.number == 1 and part.kind == BYTES:
            name = _text(data, part)
        elif part.number == 2 and part.kind == VARINT:
            index = part.start
    return name, index


def _shape(data: Content, message: Field) -> tuple[int, ...]:
    """A Shape: dim 1, packed or one by one."""
    dims: list[int] = []
    for part in fields(data, message.start, message.end):
        if part.number == 1 and part.kind == VARINT:
            dims.append(part.start)
        elif part.number == 1 and part.kind == BYTES and part.end - part.start <= 10 * RANK:
            dims += packed(data, part)
        if len(dims) > RANK:
            raise TornError(f"a shape has more than {RANK} axes")
    if any(dim < 0 for dim in dims):
        raise TornError("a shape has an axis below 0")
    return tuple(dims)


def _attribute(data: Content, message: Field) -> str:
    """The name of an OpAttr: name 1, value 2."""
    named = (part for part in fields(data, message.start, message.end) if part.number == 1 and part.kind == BYTES)
    return next((_text(data, part) for part in named), "")


def _text(data: Content, field: Field) -> str:
    return bytes(data[field.start : field.end]).decode(errors="replace")
