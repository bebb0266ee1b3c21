"""What a report is made of: sections of blocks. Nothing here knows HTML."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Literal

from ascendc.report.numbers import UNKNOWN
from ascendc.report.words import Said, Text

if TYPE_CHECKING:
    from ascendc.report.charts import Chart

MOST_ROWS = 100
"""Of a table; the files that were given have all."""


class Origin(Enum):
    """How a figure was come by; it stands beside every one, in words."""

    MEASURED = Text("measured", "实测")
    SIMULATED = Text("simulated", "模拟")
    ESTIMATED = Text("estimated", "估算")
    RECORDED = Text("read from files", "读自文件")


MEANINGS = {
    Origin.MEASURED: Text(
        "by a clock, a counter or a comparison, on the machine that is named",
        "在所述机器上由时钟、计数器或对比得到",
    ),
    Origin.SIMULATED: Text(
        "on the simulated device: it says nothing of speed or of a real chip",
        "在模拟设备上得到：不代表速度，也不代表真实芯片",
    ),
    Origin.ESTIMATED: Text(
        "computed on the host from tables or an emulation; no chip was asked",
        "在主机上由数据表或仿真推算；未使用任何芯片",
    ),
    Origin.RECORDED: Text("as the files that were built or given say it", "取自所构建或给出的文件"),
}


@dataclass(frozen=True)
class Column:
    """Of a table."""

    head: Said
    numeric: bool = False
    """Numbers stand to the right."""
    long: bool = False
    """Sentences or paths: it must not become narrow."""


@dataclass(frozen=True)
class Table:
    """Rows under heads."""

    caption: Said
    origin: Origin
    columns: tuple[Column, ...]
    rows: tuple[tuple[Said, ...], ...]
    note: Said = ""
    folded: bool = False
    """Shown when it is asked for."""


@dataclass(frozen=True)
class Figure:
    """A chart."""

    caption: Said
    origin: Origin
    chart: Chart
    note: Said = ""


@dataclass(frozen=True)
class Picture:
    """A picture, as the bytes of a PNG."""

    caption: Said
    origin: Origin
    png: bytes
    note: Said = ""


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Facts:
    """Names and what they stand for."""

    caption: Said
    origin: Origin
    rows: tuple[tuple[Said, Said], ...]


@dataclass(frozen=True)
class Remark:
    """A paragraph."""

    text: Said
    tone: Literal["plain", "good", "warning"] = "plain"


Block = Table | Figure | Pictures | Facts | Remark


@dataclass(frozen=True)
class Section:
    """One topic."""

    id: str
    """In the page's address: ``stages``."""
    title: Said
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Key:
    """A figure that stands at the top."""

    figure: Said
    label: Said
    origin: Origin


@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    lede: Said
    """What was built, for which chips, whether it is valid, how fast or how damaged: in one sentence."""
    keys: tuple[Key, ...]
    sections: tuple[Section, ...]
    sources: tuple[str, ...]
    """The files it was made of."""


def table(
    caption: Said,
    origin: Origin,
    columns: tuple[Column, ...],
    rows: tuple[tuple[Said, ...], ...],
    *,
    note: Said = "",
    folded: bool = False,
) -> Table:
    """A table of `MOST_ROWS` rows at most, which says how many are left out, without columns that know nothing."""
    known = [n for n in range(len(columns)) if any(row[n] != UNKNOWN for row in rows)]
    shown = tuple(tuple(row[n] for n in known) for row in rows[:MOST_ROWS])
    made = Table(caption, origin, tuple(columns[n] for n in known), shown, note, folded)
    if len(rows) <= MOST_ROWS:
        return made
    more = Text("{n} more rows are in the file.", "其余 {n} 行见文件。").fill(n=str(len(rows) - MOST_ROWS))
    return replace(made, note=Text("{note} {more}", "{note}{more}").fill(note=note, more=more))
