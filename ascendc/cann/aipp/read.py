"""A configuration file becomes typed blocks, and what ATC's parser would refuse of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ascendc.cann.aipp import table
from ascendc.cann.aipp.finding import Refusal
from ascendc.cann.aipp.op import AippOp
from ascendc.cann.aipp.text import Entry, Message, parse
from ascendc.cann.aipp.tokens import GrammarError
from ascendc.cann.aipp.values import UnfitError, did_you_mean, named, value
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.cann.aipp.table import Field

MOST_BYTES = 1 << 18
"""Of a file that is read: a hundred times what any configuration has needed so far."""

MOST_REFUSALS = 50
"""That are listed: whoever feeds us another kind of text need not read more."""

_SHAPE_MODES = {"batch": 0, "resolution": 1}
_SHAPE_RANK = table.Field("related_input_rank", "uint32", False, "both", None, None, 0, False, "")
_SHAPE_BATCHES = table.Field("batch_list", "uint32", True, "both", None, None, None, False, "")
_SHAPE_MODE = table.Field("mode", "mode", False, "both", None, None, None, False, "")
_SHAPE_FIELDS = {known.name: known for known in (_SHAPE_MODE, _SHAPE_RANK, _SHAPE_BATCHES)}


@dataclass(frozen=True)
class Block:
    """One ``aipp_op`` and where it stands."""

    op: AippOp
    line: int
    lines: dict[str, int]
    """Of every field that the file sets, also to its default; of several times the last."""
    readable: bool
    """False where the value of a field was refused: what the block means is not known then."""


@dataclass(frozen=True)
class MultiShape:
    """A ``multi_shape_op`` block (GE, insert_op.proto): read and written, and judged by no rule here."""

    mode: str = "batch"
    """``batch`` or ``resolution``, or a number."""
    related_input_rank: int = 0
    batch_list: tuple[int, ...] = ()


@dataclass(frozen=True)
class Config:
    """A configuration file."""

    blocks: tuple[Block, ...] = ()
    shapes: tuple[MultiShape, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    """What ATC's parser refuses; it stops at the first, we go on as long as the grammar can be followed."""

    @property
    def ops(self) -> tuple[AippOp, ...]:
        """The blocks without their lines."""
        return tuple(block.op for block in self.blocks)


def read_file(path: Path) -> Config:
    """The configuration at `path`.

    Raises:
        UsageError: there is no such file (ASC2201), it is no text (ASC2202), or it is too large (ASC2203).
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise UsageError("ASC2201", f"the AIPP configuration `{path}` does not exist") from error
    except OSError as error:
        raise UsageError("ASC2201", f"the AIPP configuration `{path}` cannot be read: {error.strerror}") from error
    if re.search(rb"[\x00-\x08\x0e-\x1f\x7f]", data):
        raise UsageError(
            "ASC2202",
            f"the AIPP configuration `{path}` is no text: it holds control characters; allowed: protobuf's text format",
            hint="FILE is what --insert_op_conf takes, not an ONNX or OM file",
        )
    if len(data) > MOST_BYTES:
        raise UsageError(
            "ASC2203", f"the AIPP configuration `{path}` is too large; allowed: {MOST_BYTES >> 10} KB, none needs more"
        )
    # Comments may be in any encoding (GBK is common): ATC reads bytes, and what is beyond ASCII only counts there.
    try:
        return read(data.decode("utf-8"))
    except UnicodeDecodeError:
        return read(data.decode("latin-1"))


def read(text: str) -> Config:
    """The configuration in a text; nothing is raised, all that is wrong is in `Config.refusals`."""
    reader = _Reader()
    try:
        entries = parse(text)
    except GrammarError as error:
        reader.refuse("", error.line, error.message, "write aipp_op { … } with one `field: value` a line")
        return Config(refusals=tuple(reader.refusals))
    blocks: list[Block] = []
    shapes: list[MultiShape] = []
    for entry in entries:
        if entry.name not in ("aipp_op", "multi_shape_op"):
            reader.outside(entry)
        elif not isinstance(entry.value, Message):
            reader.refuse(entry.name, entry.line, f"`{entry.name}` must be a block", f"write {entry.name} {{ … }}")
        elif entry.name == "aipp_op":
            blocks.append(reader.block(f"aipp_op[{len(blocks)}]", entry.line, entry.value))
        else:
            values, _, _ = reader.values(f"multi_shape_op[{len(shapes)}]", entry.value, _SHAPE_FIELDS)
            shapes.append(MultiShape(**values))
    return Config(tuple(blocks), tuple(shapes), tuple(reader.refusals))


@dataclass
class _Reader:
    """Checks entries against the fields there are; collects what is refused."""

    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, path: str, line: int, message: str, fix: str) -> None:
        if len(self.refusals) < MOST_REFUSALS:
            self.refusals.append(Refusal("E13018", path, "parse", f"line {line}: {message}", fix))

    def outside(self, entry: Entry) -> None:
        """A field that stands beside the blocks."""
        inside = entry.name in table.fields()
        guess = "" if inside else did_you_mean(entry.name, ("aipp_op",))
        self.refuse(
            entry.name,
            entry.line,
            f"`{entry.name}` must not stand outside a block{guess}; allowed there: aipp_op, multi_shape_op",
            "put it between aipp_op { and }" if inside else "delete it",
        )

    def block(self, path: str, line: int, message: Message) -> Block:
        values, lines, readable = self.values(path, message, table.fields())
        return Block(AippOp(**values), line, lines, readable)

    def values(
        self, path: str, message: Message, fields: dict[str, Field]
    ) -> tuple[dict[str, Any], dict[str, int], bool]:
        """The fields of a block, their lines, and whether the value of each could be read."""
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        readable = True
        for entry in message.entries:
            known = fields.get(entry.name)
            if known is None:
                self.unknown(path, entry, fields)
                continue
            if entry.value is None and known.repeated:
                continue
            try:
                found: Any = _value(entry, known)
            except UnfitError as error:
                readable = False
                self.refuse(f"{path}.{entry.name}", entry.line, error.message, error.fix)
                continue
            lines[entry.name], first = entry.line, lines.get(entry.name)
            if known.repeated:
                values.setdefault(entry.name, []).append(found)
                continue
            if values.get(entry.name):  # a zero leaves no trace in proto3, so that its repetition is not noticed
                self.refuse(
                    f"{path}.{entry.name}",
                    entry.line,
                    f"`{entry.name}` is set twice (first on line {first}); allowed: once",
                    f"delete one of the lines {first} and {entry.line}",
                )
            values[entry.name] = found
        frozen = {name: tuple(found) if isinstance(found, list) else found for name, found in values.items()}
        return frozen, lines, readable

    def unknown(self, path: str, entry: Entry, fields: dict[str, Field]) -> None:
        if len(self.refusals) >= MOST_REFUSALS:
            return  # a guess takes a millisecond
        said, fix = did_you_mean(entry.name, fields), "delete it, or write the name that is meant (docs/aipp.md)"
        if entry.name == "rotation_angle":
            said, fix = ": documents show it, ATC's parser does not know it", "delete it"
        self.refuse(f"{path}.{entry.name}", entry.line, f"`{entry.name}` is no field{said}", fix)


def _value(entry: Entry, known: Field) -> bool | int | float | str:
    if isinstance(entry.value, Message):
        raise UnfitError(f"`{known.name}` must be a value, not a block", f"write {known.name}: value")
    if entry.value is None or (entry.listed and not known.repeated):
        raise UnfitError(f"`{known.name}` must be one value, not a list", f"write {known.name}: value")
    if known is _SHAPE_MODE:
        return named(entry.value, known.name, _SHAPE_MODES)
    return value(entry.value, known)
