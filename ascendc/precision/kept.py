"""What a search found must stay in float32, and the file that tells ATC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.errors import StageError
from ascendc.precision.mixlist import mixlist
from ascendc.precision.modes import Mode
from ascendc.precision.units import Bound

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Kept:
    """A unit that stays in float32."""

    nodes: tuple[str, ...]
    """Its nodes, by their names in the ONNX graph."""
    op: str
    module: str | None


@dataclass(frozen=True)
class Found:
    """What a search ended with."""

    mode: Mode
    bound: Bound
    limit: float
    before: float | None
    """Error of the worst output with nothing kept, relative to the distance between samples; None: a number is lost."""
    after: float
    """With `keep`; it is within `limit`, and with any one of them dropped it is not."""
    types: tuple[str, ...]
    """GE types that suffice, as mixed modes take them off float16; then `keep` is empty."""
    keep: tuple[Kept, ...]
    """Worst first; empty where nothing needs to be kept."""
    units: int
    """That the mode computes in float16."""
    exact: int
    """Units that are in float32 in the end: those that the mode leaves there, and what is kept."""
    casts: int
    """Results that are float16 where they are made and float32 where they are used, or the other way round."""
    trials: int
    """Runs of the model, over all samples or over as many as decide."""

    @property
    def cost(self) -> int:
        """What is slower than float16 throughout: units in float32, and casts, each a kernel of its own."""
        return self.exact + self.casts

    @property
    def option(self) -> str:
        """ATC's option that takes `text`."""
        return "modify_mixlist" if self.types else "keep_dtype"

    @property
    def text(self) -> str:
        """The file."""
        return mixlist(self.types) if self.types else keep_dtype(self.keep)


def keep_dtype(keep: Sequence[Kept]) -> str:
    """The file that ATC's ``--keep_dtype`` takes: one node a line (CANN 8.1).

    ATC drops names that it does not know with a line in its log alone, and what it fuses gets another name.

    Raises:
        StageError: a node has no name, or one that is no line of a file (ASC2716).
    """
    for one in keep:
        for name in one.nodes:
            if name == "" or name != name.strip() or any(sign < " " for sign in name):
                raise StageError(
                    "ASC2716",
                    f"a {one.op} {_called(name)} must stay in float32, and --keep_dtype takes names, one a line",
                    hint="name the nodes of the ONNX file: ATC's own names change with the graph",
                )
    return "".join(f"{name}\n" for one in keep for name in one.nodes)


def _called(name: str) -> str:
    return f"by the name {name!a}" if name else "without a name"
