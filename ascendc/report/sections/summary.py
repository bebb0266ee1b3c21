"""The top of the report: what was built, for which chips, whether it is valid, how fast, how damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.report.numbers import ms, rate, seconds, small
from ascendc.report.page import Key, Origin
from ascendc.report.sections.benchmark import ranked
from ascendc.report.sections.precision import worst
from ascendc.report.sections.verification import STATES, error_of
from ascendc.report.words import Said, Text, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.bench.result import Case, Results
    from ascendc.report.given import Build, Given
    from ascendc.runtime.manifest import Manifest

_STOP, _PAUSE = Text(". ", "。"), Text("; ", "；")


def title(given: Given) -> str:
    """The names of what was given, each once."""
    names = [build.name for build in given.builds] or [results.model.name for results in given.benches]
    names = names or [forecast.model for forecast in given.forecasts] or [report.soc for report in given.checks]
    return ", ".join(dict.fromkeys(names)) or "ascendc"


def lede(given: Given) -> Said:
    """In one sentence, where one thing was built."""
    said = [*map(_built, given.builds), *_float16(given), *map(_fast, given.benches)]
    parts = [one for one in said if one is not None]
    return Text("{all}.", "{all}。").fill(all=joined(parts, _PAUSE)) if parts else ""


def keys(given: Given) -> tuple[Key, ...]:
    """The figures that stand out."""
    return tuple(_keys(given))


def _built(build: Build) -> Text | None:
    record, made = build.record, build.manifest
    if made is not None:
        return _valid(made)
    if record is None:
        return None
    if record.status == "failed" and record.error is not None:
        failed = Text("{name} was not built: {why}", "{name} 未构建成功：{why}")
        return failed.fill(name=build.name, why=f"{record.error.id} {record.error.message}")
    if record.status == "interrupted":
        return Text("the build of {name} was interrupted", "{name} 的构建被中断").fill(name=build.name)
    return Text("{name} was built up to {stage}", "{name} 已构建到 {stage}").fill(name=build.name, stage=record.until)


def _valid(made: Manifest) -> Text:
    """``tiny-clip (image, text) for Ascend310: …``."""
    chips = joined(dict.fromkeys(artefact.soc for artefact in made.artefacts))
    states = joined(STATES.get(state, state) for state in dict.fromkeys(a.state for a in made.artefacts))
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
    return said.fill(name=made.name, parts=parts, chips=chips, verdict=verdict, states=states)


def _float16(given: Given) -> Iterator[Text]:
    if not given.forecasts:
        return
    errors = [worst(forecast) for forecast in given.forecasts]
    ok = all(forecast.ok for forecast in given.forecasts)
    verdict = Text("stays within its limit", "在限值之内") if ok else Text("leaves its limit", "超出限值")
    error = (
        Text("numbers are lost", "出现数值丢失") if None in errors else small(max(e for e in errors if e is not None))
    )
    said = Text("its float16 error {verdict} ({error}, estimated)", "其 float16 误差{verdict}（{error}，估算）")
    yield said.fill(verdict=verdict, error=error)


def _fast(results: Results) -> Text:
    best = _best(results)
    if best is None:
        return Text("nothing could be measured", "未能测得性能数据")
    said = joined(
        Text("{part} {ms} ms", "{part} {ms} 毫秒").fill(part=case.part, ms=ms(case.latency.p50_ms))
        for case in best
        if case.latency
    )
    where = f"{best[0].runtime}, {best[0].device}"
    fast = Text(
        "at best it takes {said} for a batch of {batch} ({where}, P50, measured)",
        "最快：批大小 {batch} 时 {said}（{where}，P50，实测）",
    )
    return fast.fill(said=said, batch=str(best[0].batch), where=where)


def _best(results: Results) -> list[Case] | None:
    """The fastest right row of each part, at the smallest batch."""
    right = [case for case in results.cases if case.state == "measured" and case.latency is not None]
    if not right:
        return None
    least = min(case.batch for case in right)
    parts = dict.fromkeys(case.part for case in right if case.batch == least)
    return [ranked([c for c in right if (c.part, c.batch) == (part, least)])[0] for part in parts]


def _keys(given: Given) -> Iterator[Key]:
    for build in given.builds[:1]:
        if build.manifest is not None and build.manifest.artefacts:
            error = max(artefact.error for artefact in build.manifest.artefacts)
            limit = max((golden.limit for golden in build.manifest.golden), default=0.0)
            label = Text(
                "ONNX error of the sample distance, {limit} allowed", "ONNX 误差（占样本间距离），允许 {limit}"
            )
            yield Key(small(error), label.fill(limit=small(limit)), Origin.MEASURED)
    if given.forecasts:
        errors = [worst(forecast) for forecast in given.forecasts]
        figure: Said = Text("lost", "丢失") if None in errors else small(max(e for e in errors if e is not None))
        label = Text(
            "float16 error of the sample distance, {limit} allowed", "float16 误差（占样本间距离），允许 {limit}"
        )
        yield Key(figure, label.fill(limit=small(min(f.limit for f in given.forecasts))), Origin.ESTIMATED)
    for results in given.benches[:1]:
        yield from _speed(results)
    for build in given.builds[:1]:
        if build.record is not None:
            yield Key(seconds(build.record.seconds), Text("build", "构建耗时"), Origin.MEASURED)


def _speed(results: Results) -> Iterator[Key]:
    for case in (_best(results) or [])[:2]:
        assert case.latency is not None
        label = Text("{part}, P50, {rate} items/s, {device}", "{part}，P50，{rate} 条/秒，{device}").fill(
            part=case.part, rate=rate(case.latency.per_second), device=f"{case.runtime} {case.device}"
        )
        yield Key(f"{ms(case.latency.p50_ms)} ms", label, Origin.MEASURED)
