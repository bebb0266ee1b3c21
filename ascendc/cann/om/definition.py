"""The partition MODEL_DEF: the graph as the compiler kept it. Read are its attributes, and what faces the caller.

Field numbers: ``ge_ir.proto`` of the graph engine (August 2026). A definition of megabytes costs milliseconds: the
bodies of operators that do not face the caller are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from ascendc.cann.om import attributes
from ascendc.cann.om.attributes import Attributes, Names
from ascendc.cann.om.interface import Gears, Interface, Port
from ascendc.cann.om.types import BITS, PROTO_DTYPES
from ascendc.protobuf import BYTES, VARINT, Content, Field, TornError, fields

_FED = ("Data", "AippData", "AnnData")
"""Operator types that are inputs."""

_GEAR_KINDS = {1: "batch", 2: "image", 3: "dims"}


@dataclass(frozen=True)
class Op:
    """An operator that faces the caller."""

    name: str
    type: str
    attributes: Attributes
    sources: tuple[tuple[str, int], ...]
    """Where its inputs come from: operator and index."""
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


@dataclass(frozen=True)
class Definition:
    """A model definition in a file."""

    data: Content
    start: int
    end: int

    @cached_property
    def attributes(self) -> Attributes:
        """Of the model: ``soc_version``, ``atc_version``, ``atc_cmdline`` and more.

        Raises:
            TornError: it is no protobuf message.
        """
        return attributes.read(self.data, [field for field in self._fields if field.number == 11])

    @cached_property
    def ops(self) -> tuple[Op, ...]:
        """The operators of the first graph that face the caller.

        Raises:
            TornError: it is no protobuf message.
        """
        graphs = [field for field in self._fields if field.number == 7 and field.kind == BYTES]
        names = Names.of(self.attributes)
        return tuple(_ops(self.data, graphs[0], names)) if graphs else ()

    @cached_property
    def _fields(self) -> tuple[Field, ...]:
        return tuple(fields(self.data, self.start, self.end))

    def interface(self) -> Interface:
        """Inputs, outputs and gears, for files whose list of them is missing (before CANN 8.0)."""
        fed = [op for op in self.ops if op.type in _FED]
        places = [op.attributes.number("index") for op in fed]
        if all(place is not None for place in places):  # older files have no index, and list them in order
            fed = [op for _, op in sorted(zip(places, fed, strict=True), key=lambda pair: pair[0] or 0)]
        names = self.attributes.texts("attr_model_out_nodes_name")
        ends = [op for op in self.ops if op.type == "NetOutput"]
        outputs = tuple(
            Port(_output_name(ends[0], index, names), port.shape, port.dtype, port.format, port.size)
            for index, port in enumerate(ends[0].inputs if ends else ())
        )
        return Interface(tuple(_input(op) for op in fed), outputs, self.gears())

    def gears(self) -> Gears | None:
        """The gears, which are the branches of a Case."""
        for op in self.ops:
            count = op.attributes.number("_batch_num")
            kind = _GEAR_KINDS.get(op.attributes.number("mbatch_dynamic_type") or 0)
            if op.type == "Case" and count is not None:
                values = tuple(op.attributes.numbers(f"_pred_value_{index}") for index in range(min(count, 1024)))
                if kind is None:  # not said by older files
                    kind = "batch" if all(len(value) == 1 for value in values) else "dims"
                return Gears(kind, values)  # type: ignore[arg-type]  # the three words of the table above
        return None


def _ops(data: Content, graph: Field, names: Names) -> Iterator[Op]:
    for field in fields(data, graph.start, graph.end):
        if field.number != 6 or field.kind != BYTES:
            continue
        parts = list(fields(data, field.start, field.end))
        type_ = next((_text(data, part) for part in parts if part.number == 2), "")
        if type_ not in (*_FED, "NetOutput", "Case"):
            continue
        sources = [_text(data, part) for part in parts if part.number == 24]
        indexes: list[int] = []
        for part in parts:
            if part.number == 25:
                indexes += [part.start] if part.kind == VARINT else attributes.packed(data, part)
        yield Op(
            name=next((_text(data, part) for part in parts if part.number == 1), ""),
            type=type_,
            attributes=attributes.read(data, [part for part in parts if part.number == 10], names),
            # zeros are not written
            sources=tuple(zip(sources, [*indexes, *[0] * len(sources)], strict=False)),
            inputs=tuple(_port(data, part) for part in parts if part.number == 33),
            outputs=tuple(_port(data, part) for part in parts if part.number == 34),
        )


def _port(data: Content, field: Field) -> Port:
    """A TensorDescriptor: name 1, dtype 2, shape 3 {dim 1}, layout 4."""
    if field.kind != BYTES:
        raise TornError(f"the field at byte {field.at} is no tensor description")
    name, dtype, layout = "", None, None
    shape: list[int] = []
    for part in fields(data, field.start, field.end):
        if part.number == 1:
            name = _text(data, part)
        elif part.number == 2 and part.kind == VARINT:
            dtype = PROTO_DTYPES.get(part.start)
        elif part.number == 4:
            layout = _text(data, part)
        elif part.number == 3 and part.kind == BYTES:
            for dim in fields(data, part.start, part.end):
                if dim.number == 1:
                    shape += [dim.start] if dim.kind == VARINT else attributes.packed(data, dim)
    axes = tuple(axis if axis < 1 << 63 else axis - (1 << 64) for axis in shape)
    return Port(name, axes, dtype, layout, _bytes(axes, dtype))


def _input(op: Op) -> Port:
    """An input by its operator's name; where gears leave axes open, with -1 there."""
    port = (*op.outputs, *op.inputs)[0] if op.outputs or op.inputs else Port(op.name, None, None, None)
    shape = op.attributes.numbers("_mbatch_origin_input_dims") or port.shape
    return Port(op.name, shape, port.dtype, port.format, port.size)


def _output_name(op: Op, index: int, names: Sequence[str]) -> str:
    source, number = op.sources[index] if index < len(op.sources) else ("", 0)
    if index < len(names):
        return names[index] if ":" in names[index] else f"{names[index]}:{number}"
    return f"output_{index}_{source}_{number}"


def _bytes(shape: Sequence[int], dtype: str | None) -> int | None:
    """Bytes by shape: what the file says of an output's size is padded."""
    if dtype not in BITS or any(axis < 0 for axis in shape):
        return None
    return (prod(shape) * BITS[dtype] + 7) // 8


def _text(data: Content, field: Field) -> str:
    if field.kind != BYTES:
        raise TornError(f"the field at byte {field.at} is no text")
    return data[field.start : field.end].decode(errors="replace")
