"""The partition MODEL_DEF: the graph as the compiler kept it. Read are its attributes, and what faces the caller.

Field numbers: ``ge_ir.proto`` of the graph engine (August 2026); how names and shapes are put together: its
``model_introduction.cc``. A definition of megabytes costs milliseconds: the bodies of operators that do not face the
caller are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from ascendc.cann.om import attributes
from ascendc.cann.om.attributes import MOST, Attributes, Names, bounded, text
from ascendc.cann.om.interface import GEAR_KINDS, Gears, Interface, Port
from ascendc.cann.om.types import BITS, PROTO_DTYPES, RANK
from ascendc.protobuf import BYTES, VARINT, Content, Field, TornError, fields

_FED = ("Data", "AippData", "AnnData")
"""Operator types that are inputs."""


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
        return attributes.read(self.data, _numbered(self.data, self.start, self.end, 11), levels=0)

    @cached_property
    def ops(self) -> tuple[Op, ...]:
        """The operators of the first graph that face the caller.

        Raises:
            TornError: it is no protobuf message, or has more of them than any model.
        """
        graph = next(_numbered(self.data, self.start, self.end, 7), None)
        if graph is None or graph.kind != BYTES:
            return ()
        return tuple(_ops(self.data, graph, Names.of(self.attributes)))

    def interface(self) -> Interface:
        """Inputs, outputs and gears, for files whose list of them is missing (before CANN 8.0)."""
        fed = [op for op in self.ops if op.type in _FED]
        places = [op.attributes.number("index") for op in fed]
        if all(place is not None for place in places):  # older files have no index, and list them in order
            fed = [op for _, op in sorted(zip(places, fed, strict=True), key=lambda pair: pair[0] or 0)]
        return Interface(tuple(_input(op) for op in fed), self._outputs(), self.gears())

    def gears(self) -> Gears | None:
        """The gears, which are the branches of a Case."""
        for op in self.ops:
            count = op.attributes.number("_batch_num")
            if op.type != "Case" or count is None:
                continue
            listed = (op.attributes.numbers(f"_pred_value_{index}") for index in range(min(count, 1024)))
            values = tuple(value for value in listed if value)
            kind = GEAR_KINDS.get(op.attributes.number("mbatch_dynamic_type") or 0)
            if kind is None:  # not said by older files
                kind = "batch" if all(len(value) == 1 for value in values) else "dims"
            return Gears(kind, values) if values else None
        return None

    def _outputs(self) -> tuple[Port, ...]:
        ends = [op for op in self.ops if op.type == "NetOutput"]
        if not ends:
            return ()
        names = self.attributes.texts("attr_model_out_nodes_name")
        if len(names) != len(ends[0].inputs):
            names = ()
        return tuple(
            Port(_output_name(ends[0], index, names), port.shape, port.dtype, port.format, port.size)
            for index, port in enumerate(ends[0].inputs)
        )


def _numbered(data: Content, start: int, end: int, number: int) -> Iterator[Field]:
    return (field for field in fields(data, start, end) if field.number == number)


def _ops(data: Content, graph: Field, names: Names) -> Iterator[Op]:
    held = ports = 0
    for field in _numbered(data, graph.start, graph.end, 6):
        if field.kind != BYTES:
            continue
        type_ = next((text(data, part) for part in _numbered(data, field.start, field.end, 2)), "")
        if type_ in (*_FED, "NetOutput", "Case"):
            held += field.end - field.start
            bounded(held, field)
            op = _op(data, field, type_, names)
            ports += 1 + len(op.inputs) + len(op.outputs)
            if ports > MOST:
                raise TornError(f"there are more than {MOST} inputs and outputs")
            yield op


def _op(data: Content, field: Field, type_: str, names: Names) -> Op:
    """An OpDef: name 1, attr 10, src_name 24, src_index 25, input_desc 33, output_desc 34."""
    name = ""
    sources: list[str] = []
    indexes: list[int] = []
    inputs: list[Port] = []
    outputs: list[Port] = []
    for part in fields(data, field.start, field.end):
        if part.number == 1:
            name = text(data, part)
        elif part.number == 24:
            sources.append(text(data, part))
        elif part.number == 25:
            indexes += [part.start] if part.kind == VARINT else attributes.packed(data, part)
        elif part.number in (33, 34):
            ports = inputs if part.number == 33 else outputs
            ports.append(_port(data, part))
            if len(ports) > MOST:
                raise TornError(f"there are more than {MOST} inputs and outputs")
    found = attributes.read(data, _numbered(data, field.start, field.end, 10), names)
    indexes += [0] * (len(sources) - len(indexes))  # zeros are not written
    return Op(name, type_, found, tuple(zip(sources, indexes, strict=False)), tuple(inputs), tuple(outputs))


def _port(data: Content, field: Field) -> Port:
    """A TensorDescriptor: name 1, dtype 2, shape 3 {dim 1}, layout 4."""
    if field.kind != BYTES:
        raise TornError(f"the field at byte {field.at} is no tensor description")
    name, dtype, layout = "", None, None
    shape: list[int] = []
    for part in fields(data, field.start, field.end):
        if part.number == 1:
            name = text(data, part)
        elif part.number == 2 and part.kind == VARINT:
            dtype = PROTO_DTYPES.get(part.start)
        elif part.number == 4:
            layout = text(data, part)
        elif part.number == 3 and part.kind == BYTES:
            for dim in _numbered(data, part.start, part.end, 1):
                shape += [attributes.signed(dim.start)] if dim.kind == VARINT else attributes.packed(data, dim)
                if len(shape) > RANK:
                    raise TornError(f"the shape at byte {part.at} has more than {RANK} axes")
    return Port(name, tuple(shape), dtype, layout, _bytes(shape, dtype))


def _input(op: Op) -> Port:
    """An input by its operator's name; where gears leave axes open, with -1 there."""
    # What the loader reports is the operator's input; the compiler may give its output another layout.
    port = (*op.inputs, *op.outputs)[0] if op.inputs or op.outputs else Port(op.name, None, None, None)
    said = op.attributes.numbers("_dynamic_aipp_input_dims") or op.attributes.numbers("_mbatch_origin_input_dims")
    return Port(op.name, said or port.shape, port.dtype, port.format, port.size)


def _output_name(op: Op, index: int, names: Sequence[str]) -> str:
    source, number = op.sources[index] if index < len(op.sources) else ("", 0)
    if names:
        return names[index] if ":" in names[index] else f"{names[index]}:{number}"
    return f"output_{index}_{source}_{number}"


def _bytes(shape: Sequence[int], dtype: str | None) -> int | None:
    """Bytes by shape: what the file says of an output's size is padded."""
    if dtype not in BITS or any(axis < 0 for axis in shape):
        return None
    size = (prod(shape) * BITS[dtype] + 7) // 8
    return size if size < 1 << 63 else None
