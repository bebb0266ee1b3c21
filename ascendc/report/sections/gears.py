"""How a part scales with its batch, and the gears that are worth it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.report.charts import Chart, Point
from ascendc.report.numbers import ms, rate
from ascendc.report.page import Column, Figure, Origin, Section, table
from ascendc.report.words import Said, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ascendc.bench.gears import Scaling
    from ascendc.report.given import Given
    from ascendc.report.page import Block

_COLUMNS = (
    Column(Text("configuration", "配置")),
    Column(Text("batch", "批大小"), numeric=True),
    Column("P50 ms", numeric=True),
    Column(Text("items/s", "条/秒"), numeric=True),
    Column(Text("worth a gear", "值得设档")),
)


def gears(given: Given) -> Section | None:
    """The section; None where only one batch size was measured."""
    blocks = [
        block
        for results in given.benches
        for part in dict.fromkeys(scaling.part for scaling in results.scaling)
        for block in _blocks(results.model.name, part, results.scaling)
    ]
    return Section("gears", Text("Batches and gears", "批大小与档位"), tuple(blocks)) if blocks else None


def name_of(scaling: Scaling) -> str:
    """``om npu fp16 @ card``."""
    name = f"{scaling.runtime} {scaling.device} {scaling.precision}"
    return f"{name} @ {scaling.target}" if scaling.runtime == "om" else name


def _blocks(name: str, part: str, scalings: Sequence[Scaling]) -> Iterator[Block]:
    mine = [scaling for scaling in scalings if scaling.part == part]
    points = tuple(
        Point(name_of(s), point.batch, point.per_second, point.batch in s.gears) for s in mine for point in s.points
    )
    yield Figure(
        Text("{name}, {part}: throughput by batch", "{name}，{part}：吞吐量随批大小变化").fill(name=name, part=part),
        Origin.MEASURED,
        Chart("curves", points, Text("batch", "批大小"), Text("items a second", "条/秒")),
        Text(
            "Full marks: worth a gear. Hollow ones: latency without throughput.",
            "实心：值得设档。空心：只增时延，不增吞吐。",
        ),
    )
    yield table(
        Text(
            "{name}, {part}: batches; as gears of a recipe: {all}", "{name}，{part}：批大小；配方中的档位：{all}"
        ).fill(name=name, part=part, all="; ".join(f"batch: {list(s.gears)}" for s in mine)),
        Origin.MEASURED,
        _COLUMNS,
        tuple(row for scaling in mine for row in _rows(scaling)),
        note=Text(
            "A gear: the smallest batch, and each larger one that gives at least 10 % more than the last.",
            "档位：最小批大小，以及比上一档吞吐至少高 10 % 的更大批大小。",
        ),
    )


def _rows(scaling: Scaling) -> Iterator[tuple[Said, ...]]:
    for point in scaling.points:
        worth = Text("yes", "是") if point.batch in scaling.gears else Text("no", "否")
        yield name_of(scaling), str(point.batch), ms(point.p50_ms), rate(point.per_second), worth
