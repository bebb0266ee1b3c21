"""Several clients that call at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.bench.table import name_of
from ascendc.report.numbers import ms, rate
from ascendc.report.page import Column, Origin, Section, table
from ascendc.report.words import Text

if TYPE_CHECKING:
    from ascendc.report.given import Given

_COLUMNS = (
    Column(Text("configuration", "配置")),
    Column(Text("part", "部件")),
    Column(Text("batch", "批大小"), numeric=True),
    Column(Text("clients", "客户端"), numeric=True),
    Column(Text("items/s", "条/秒"), numeric=True),
    Column("P50 ms", numeric=True),
    Column("P95", numeric=True),
    Column("P99", numeric=True),
    Column(Text("evenness", "均匀度"), numeric=True),
)


def clients(given: Given) -> Section | None:
    """The section; None where one called at a time."""
    rows = tuple(
        (
            name_of(case),
            case.part,
            str(case.batch),
            str(load.clients),
            rate(load.per_second),
            *(ms(value) for value in (load.latency.p50_ms, load.latency.p95_ms, load.latency.p99_ms)),
            f"{load.evenness:.2f}",
        )
        for results in given.benches
        for case in results.cases
        for load in case.loads
    )
    caption = Text("Throughput of all clients together, latency of single calls", "所有客户端的总吞吐，单次调用的时延")
    even = Text(
        "Evenness: calls of the client that got least over those of the one that got most.",
        "均匀度：得到最少调用的客户端与最多者之比。",
    )
    blocks = (table(caption, Origin.MEASURED, _COLUMNS, rows, note=even),)
    return Section("clients", Text("Clients at once", "并发客户端"), blocks) if rows else None
