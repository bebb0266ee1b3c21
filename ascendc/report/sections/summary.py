"""The top of the report: what was built, for which chips, whether it is valid, how fast, how damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.bench.table import name_of
from ascendc.report.numbers import ms, rate, seconds, small
from ascendc.report.page import Key, Origin
from ascendc.report.sections.benchmark import ranked
from ascendc.report.sections.comparison import origin_of
from ascendc.report.sections.precision import worst
from ascendc.report.sections.verification import error_of, is_simulated, state_of
from ascendc.report.words import Said, Text, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.bench.result import Case, Results
    from ascendc.check import Report
    from ascendc.judge.result import Verdict
    from ascendc.report.given import Build, Given
    from ascendc.runtime.manifest import Manifest

_PAUSE = Text("; ", "；")


def title(given: Given) -> str:
    """The names of what was given, each once."""
    names = [build.name for build in given.builds] or [results.model.name for results in given.benches]
    names = names or [forecast.model for forecast in given.forecasts]
    names = names or [f"{one.candidate.name} ≟ {one.reference.name}" for one in given.comparisons]
    names = names or [report.soc for report in given.checks]
    return ", ".join(dict.fromkeys(names)) or "ascendc"


def lede(given: Given) -> Said:
    """In one sentence, where one thing was built."""
    several = len(given.benches) > 1
    said = [
        *map(_built, given.builds),
        *map(_compared, given.comparisons),
        *_float16(given),
        *(_fast(results, named=several) for results in given.benches),
        *map(_checked, given.checks),
    ]
    parts = [one for one in said if one is not None]
    if not parts:
        return ""
    if not given.builds and not given.comparisons and (given.forecasts or not several):  # no name comes first
        parts[0] = Text(parts[0].en[0].upper() + parts[0].en[1:], parts[0].zh)
    return Text("{all}.", "{all}。").fill(all=joined(parts, _PAUSE))


def keys(given: Given) -> tuple[Key, ...]:
    """The figures that stand out."""
    return tuple(_keys(given))


def _built(build: Build) -> Text | None:
    record, made = build.record, build.manifest
    if made is not None:
        return _valid(build.name, made)
    if record is None:
        return None
    if record.status == "failed" and record.error is not None:
        failed = Text("{name} was not built: {why}", "{name} 未构建成功：{why}")
        return failed.fill(name=build.name, why=f"{record.error.id} {record.error.message}")
    if record.status == "interrupted":
        return Text("the build of {name} was interrupted", "{name} 的构建被中断").fill(name=build.name)
    return Text("{name} was built up to {stage}", "{name} 已构建到 {stage}").fill(name=build.name, stage=record.until)


def _valid(name: str, made: Manifest) -> Text:
    """``tiny-clip (image, text) for Ascend310: …``."""
    chips = joined(dict.fromkeys(artefact.soc for artefact in made.artefacts))
    simulated = is_simulated(made)
    states = joined(dict.fromkeys(state_of(artefact, simulated=simulated) for artefact in made.artefacts))
    agrees = all(error_of(made, golden.part) <= golden.limit for golden in made.golden)
    verdict = (
        Text("agrees with the original model (measured)", "与原模型一致（实测）")
        if agrees
        else Text("does not agree with the original model (measured)", "与原模型不一致（实测）")
    )
    said = Text(
        "{name} ({parts}) for {chips} {verdict}, {states}", "面向 {chips} 的 {name}（{parts}）{verdict}，{states}"
    )
    parts = joined(part.name for part in made.parts)
    return said.fill(name=name, parts=parts, chips=chips, verdict=verdict, states=states)


def _compared(verdict: Verdict) -> Text:
    agrees = Text("agrees", "一致") if verdict.ok else Text("differs", "不一致")
    said = Text(
        "{candidate} against {reference}: {agrees} ({origin})", "{candidate} 对比 {reference}：{agrees}（{origin}）"
    )
    return said.fill(
        candidate=verdict.candidate.name,
        reference=verdict.reference.name,
        agrees=agrees,
        origin=origin_of(verdict).value,
    )


def _checked(report: Report) -> Text:
    if not report.counts:
        return Text("{soc}: no table knows its operators", "{soc}：没有其算子数据").fill(soc=report.soc)
    said = Text(
        "{soc}: {n} of {all} nodes on the AI Core, as far as is known before ATC (estimated)",
        "{soc}：ATC 运行前已知 {all} 个节点中有 {n} 个在 AI Core 上（估算）",
    )
    n, every = report.counts.get("aicore", 0), sum(report.counts.values())
    return said.fill(soc=report.soc, n=str(n), all=str(every))


def _float16(given: Given) -> Iterator[Text]:
    if not given.forecasts:
        return
    errors = [worst(forecast) for forecast in given.forecasts]
    ok = all(forecast.ok for forecast in given.forecasts)
    verdict = Text("stays within its limit", "在限值之内") if ok else Text("leaves its limit", "超出限值")
    error = (
        Text("numbers are lost", "出现数值丢失") if None in errors else small(max(e for e in errors if e is not None))
    )
    said = Text("the float16 error {verdict} ({error}, estimated)", "float16 误差{verdict}（{error}，估算）")
    yield said.fill(verdict=verdict, error=error)


def _fast(results: Results, *, named: bool) -> Text:
    """The best of each part, with where it ran: the parts need not be best at the same place."""
    best = _best(results)
    places = dict.fromkeys(map(name_of, best))
    each = Text("{part} {ms} ms", "{part} {ms} 毫秒")
    if len(places) > 1:
        each = Text("{part} {ms} ms ({where})", "{part} {ms} 毫秒（{where}）")
    times = joined(
        each.fill(part=case.part, ms=ms(case.latency.p50_ms), where=name_of(case)) for case in best if case.latency
    )
    how = (
        Text("{where}, P50, measured", "{where}，P50，实测") if len(places) == 1 else Text("P50, measured", "P50，实测")
    )
    said = (
        Text("the fastest at batch {batch}: {times} ({how})", "批大小 {batch} 时最快：{times}（{how}）").fill(
            batch=str(best[0].batch), times=times, how=how.fill(where=next(iter(places)))
        )
        if best
        else Text("nothing could be measured", "未能测得性能数据")
    )
    return Text("{name}: {said}", "{name}：{said}").fill(name=results.model.name, said=said) if named else said


def _best(results: Results) -> list[Case]:
    """The fastest right row of each part, at the smallest batch; none where nothing was measured."""
    right = [case for case in results.cases if case.state == "measured" and case.latency is not None]
    least = min((case.batch for case in right), default=0)
    parts = dict.fromkeys(case.part for case in right if case.batch == least)
    return [ranked([c for c in right if (c.part, c.batch) == (part, least)])[0] for part in parts]


def _keys(given: Given) -> Iterator[Key]:
    bundles = [build.manifest for build in given.builds if build.manifest is not None and build.manifest.golden]
    if bundles:
        error = max(error_of(made, golden.part) for made in bundles for golden in made.golden)
        limit = min(golden.limit for made in bundles for golden in made.golden)
        label = Text("ONNX error of the sample distance, {limit} allowed", "ONNX 误差（占样本间距离），允许 {limit}")
        yield Key(small(error), label.fill(limit=small(limit)), Origin.MEASURED)
    if given.forecasts:
        errors = [worst(forecast) for forecast in given.forecasts]
        figure: Said = Text("lost", "丢失") if None in errors else small(max(e for e in errors if e is not None))
        label = Text(
            "float16 error of the sample distance, {limit} allowed", "float16 误差（占样本间距离），允许 {limit}"
        )
        yield Key(figure, label.fill(limit=small(min(f.limit for f in given.forecasts))), Origin.ESTIMATED)
    if len(given.benches) == 1:  # of several it would not be said whose figure it is
        yield from _speed(given.benches[0])
    if len(given.builds) == 1 and (record := given.builds[0].record) is not None:
        yield Key(seconds(record.seconds), Text("build", "构建耗时"), Origin.MEASURED)


def _speed(results: Results) -> Iterator[Key]:
    for case in _best(results)[:2]:
        assert case.latency is not None
        label = Text("{part}, P50, {rate} items/s, {where}", "{part}，P50，{rate} 条/秒，{where}").fill(
            part=case.part, rate=rate(case.latency.per_second), where=name_of(case)
        )
        yield Key(f"{ms(case.latency.p50_ms)} ms", label, Origin.MEASURED)
