"""What a rule looks at: one block, the chips it is for, and the input it is put before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.cann.aipp.finding import Doubt, Gate, Refusal
from ascendc.cann.soc import OWNED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ascendc.cann.aipp.op import AippOp
    from ascendc.cann.aipp.read import Block
    from ascendc.cann.aipp.table import Family


@dataclass(frozen=True)
class Network:
    """The input of the model that the block is put before; None: not known."""

    name: str | None
    """None where only a size was said."""
    dtype: str | None
    channels: int | None
    height: int | None
    width: int | None

    def __str__(self) -> str:
        """``input `pixels (3×224×224)```; ``the model's input (?×224×224)`` without its name."""
        sizes = (self.channels, self.height, self.width)
        shape = f"({'×'.join('?' if size is None else str(size) for size in sizes)})"
        return f"the model's input {shape}" if self.name is None else f"input `{self.name} {shape}`"


@dataclass(frozen=True)
class Case:
    """One block to be judged."""

    index: int
    block: Block
    families: tuple[Family, ...]
    """Of the SoC; without one, all that have static AIPP."""
    soc: str | None
    """Its exact name, where one is asked about."""
    network: Network | None

    @property
    def op(self) -> AippOp:
        """The block's fields."""
        return self.block.op

    @property
    def output_dtype(self) -> str:
        """What AIPP writes: float16, unless the model's input is uint8 or int8."""
        dtype = self.network.dtype if self.network else None
        return dtype if dtype in ("int8", "uint8") else "float16"

    def path(self, field: str) -> str:
        """``aipp_op[0].crop_size_w``; the block itself without a field."""
        return f"aipp_op[{self.index}].{field}" if field else f"aipp_op[{self.index}]"

    def said(self, field: str, message: str) -> str:
        """The message with the line of the field, or of the block where the file does not set the field."""
        return f"line {self.block.lines.get(field, self.block.line)}: {message}"

    def refuse(self, gate: Gate, field: str, message: str, fix: str, code: str | None = None) -> Refusal:
        """ATC refuses it, at the graph with no more than a status unless `code` says another."""
        code = code or ("E81012" if gate == "kernel" else "PARAM_INVALID")
        return Refusal(code, self.path(field), gate, self.said(field, message), fix)

    def doubt(self, field: str, message: str, fix: str) -> Doubt:
        """ATC accepts it."""
        return Doubt(self.path(field), self.said(field, message), fix)

    def where(self, refuses: Callable[[Family], bool], field: str, message: str, fix: str) -> Iterator[Refusal | Doubt]:
        """What some chips refuse: an error if all do, else a doubt that names those that people have."""
        found = [family.short for family in self.families if refuses(family)]
        if len(found) == len(self.families):
            yield self.refuse("kernel", field, message, fix)
        elif found := [short for short in found if short in OWNED]:
            yield self.doubt(field, f"{message}, on {', '.join(found)}", fix)
