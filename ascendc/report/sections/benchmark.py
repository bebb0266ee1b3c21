"""The benchmark: rows best first, how latencies spread, and what could not be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.bench.table import name_of
from ascendc.report.charts import Chart, Spread
from ascendc.report.numbers import UNKNOWN, ms, rate, size, small
from ascendc.report.page import Column, Figure, Origin, Remark, Section, table
from ascendc.report.words import Said, Text, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ascendc.bench.distribution import Distribution
    from ascendc.bench.result import Case, Results
    from ascendc.report.given import Given
    from ascendc.report.page import Block

TICKS = 100
"""Runs of a row that are drawn; of more, as many quantiles."""

MOST_SPREADS = 30

_COLUMNS = (
    Column(Text("batch", "批大小"), numeric=True),
    Column(Text("configuration", "配置")),
    Column(Text("mean ms", "均值 ms"), numeric=True),
    Column(Text("P50 ms (95 % CI)", "P50 ms（95 % 置信区间）"), numeric=True),
    Column("P95", numeric=True),
    Column("P99", numeric=True),
    Column(Text("items/s", "条/秒"), numeric=True),
    Column(Text("without copies", "不含拷贝"), numeric=True),
    Column(Text("with preprocessing", "含预处理"), numeric=True),
    Column(Text("memory", "内存"), numeric=True),
    Column(Text("of the estimated bound", "占估算上限"), numeric=True),
    Column(Text("relative", "相对最优"), numeric=True),
)

_READING = Text(
    "Relative: to the best of the same batch. With copies unless a column says otherwise.",
    "相对最优：与同一批大小的最优者相比。除注明外均含拷贝。",
)

_MISSING = (
    Column(Text("configuration", "配置")),
    Column(Text("parts", "部件")),
    Column(Text("state", "状态")),
    Column(Text("reason", "原因"), long=True),
)

_SIMULATED = Text("{name} on the simulated device, which has no speed", "{name} 在模拟设备上运行；它没有速度可言")

_STATES = {
    "refused": Text("refused: answers are wrong", "拒绝：答案有误"),
    "simulated": Text("simulated: no figures", "模拟：无数据"),
    "unavailable": Text("unavailable", "不可用"),
    "failed": Text("failed", "失败"),
}


def benchmark(given: Given) -> Section | None:
    """The section; None without results."""
    blocks = [block for results in given.benches for block in _blocks(results)]
    return Section("benchmark", Text("Benchmark", "性能测试"), tuple(blocks)) if blocks else None


def ranked(rows: Sequence[Case]) -> list[Case]:
    """Best first, by mean latency; what answers wrong comes last."""
    timed = [case for case in rows if case.latency is not None]
    return sorted(timed, key=lambda case: (case.state == "refused", case.latency.mean_ms if case.latency else 0.0))


def _blocks(results: Results) -> Iterator[Block]:
    name = results.model.name
    if not results.complete:
        yield Remark(Text("The benchmark was interrupted.", "性能测试被中断。"), "warning")
    if (results.setting.load_before or 0) > results.machine.cores / 2:
        busy = Text(
            "The machine was busy (load {load}): figures are not of a quiet one.",
            "机器繁忙（负载 {load}）：并非空闲机器的数据。",
        )
        yield Remark(busy.fill(load=f"{results.setting.load_before:.1f}"), "warning")
    timed = dict.fromkeys(case.part for case in results.cases if case.latency is not None)
    for part in timed:
        caption = Text(
            "{name}, {part}: {runs} runs of each row, best first", "{name}，{part}：每行 {runs} 次运行，最优在前"
        )
        yield table(
            caption.fill(name=name, part=part, runs=str(results.runs)),
            Origin.MEASURED,
            _COLUMNS,
            tuple(_rows([case for case in results.cases if case.part == part])),
            note=_READING,
        )
    if timed:
        yield _spreads(results)
        yield from _answers(results)
    if simulated := tuple(_missing(case for case in results.cases if case.state == "simulated")):
        yield table(_SIMULATED.fill(name=name), Origin.SIMULATED, _MISSING, simulated)
    if missing := tuple(_missing(case for case in results.cases if case.state != "simulated")):
        caption = Text("{name}: not measured, and why", "{name}：未测量的配置及原因")
        yield table(caption.fill(name=name), Origin.RECORDED, _MISSING, missing)
    for note in results.notes:
        yield Remark(note)


def _rows(cases: Sequence[Case]) -> Iterator[tuple[Said, ...]]:
    """By batch, and then best first."""
    for batch in sorted({case.batch for case in cases}):
        rows = ranked([case for case in cases if case.batch == batch])
        best = next((case.latency.mean_ms for case in rows if case.state == "measured" and case.latency), None)
        for case in rows:
            if case.latency is not None:
                yield _row(case, case.latency, best)


def _row(case: Case, taken: Distribution, best: float | None) -> tuple[Said, ...]:
    relative: Said = f"{100 * best / taken.mean_ms:.1f} %" if best and taken.mean_ms else UNKNOWN
    return (
        str(case.batch),
        name_of(case),
        ms(taken.mean_ms),
        f"{ms(taken.p50_ms)} ({ms(taken.p50_low_ms)}–{ms(taken.p50_high_ms)})",
        ms(taken.p95_ms),
        ms(taken.p99_ms),
        rate(taken.per_second),
        rate(case.compute.per_second) if case.compute else UNKNOWN,
        rate(case.whole.per_second) if case.whole else UNKNOWN,
        _memory(case),
        f"{case.roofline.share:.0%}" if case.roofline else UNKNOWN,
        Text("wrong", "有误") if case.state == "refused" else relative,
    )


def _memory(case: Case) -> str:
    if case.memory is None:
        return UNKNOWN
    return size(case.memory.peak) if case.memory.peak is not None else f"{size(case.memory.process_peak)} RSS"


def _spreads(results: Results) -> Figure:
    cases = [case for case in results.cases if case.latency is not None][:MOST_SPREADS]
    several = len({name_of(case) for case in cases}) > 1
    rows = tuple(
        Spread(
            f"{case.part} × {case.batch}{f', {name_of(case)}' if several else ''}",
            _thinned([value for one in case.samples_ms for value in one]),
            case.latency.p50_ms if case.latency else 0.0,
        )
        for case in cases
    )
    values = [value for row in rows for value in row.values]
    note = Text(
        "A thin line for every run, a thick one for the median; part × batch.",
        "细线为每次运行，粗线为中位数；部件 × 批大小。",
    )
    return Figure(
        Text("How the latencies of {name} spread", "{name} 的时延分布").fill(name=results.model.name),
        Origin.MEASURED,
        Chart(
            "spreads", rows, Text("milliseconds", "毫秒"), log=max(values) > 30 * min(values) > 0 if values else False
        ),
        note if several else Text("{it} {name}.", "{it}{name}。").fill(it=note, name=name_of(cases[0])),
    )


def _thinned(values: list[float]) -> tuple[float, ...]:
    ordered = sorted(values)
    if len(ordered) <= TICKS:
        return tuple(ordered)
    return tuple(ordered[round(n * (len(ordered) - 1) / (TICKS - 1))] for n in range(TICKS))


def _answers(results: Results) -> Iterator[Remark]:
    checked = [case.validation for case in results.cases if case.validation is not None]
    if checked:
        right = sum(found.ok for found in checked)
        error = max((found.error for found in checked if found.error is not None and found.ok), default=None)
        said = Text(
            "{right} of {all} rows agree with the golden outputs (measured in the same run; worst {error}).",
            "{all} 行中有 {right} 行与参考输出一致（同次运行中实测；最差 {error}）。",
        )
        filled = said.fill(right=str(right), all=str(len(checked)), error=small(error))
        yield Remark(filled, "good" if right == len(checked) else "warning")


def _missing(cases: Iterable[Case]) -> Iterator[tuple[Said, ...]]:
    """One row for cases that have the same reason."""
    reasons: dict[tuple[str, str, str], list[Case]] = {}
    for case in cases:
        if case.state != "measured":
            reasons.setdefault((name_of(case), case.state, case.reason), []).append(case)
    for (name, state, reason), rows in reasons.items():
        yield name, joined(dict.fromkeys(case.part for case in rows)), _STATES.get(state, state), reason
