"""What float16 does: own against accumulated error, by layer, and the nodes that do it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ascendc.onnx_file import read_outline
from ascendc.report.charts import Chart, Pair
from ascendc.report.numbers import UNKNOWN, large, small
from ascendc.report.page import Column, Figure, Origin, Remark, Section, table
from ascendc.report.words import Said, Text, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ascendc.account.findings import Findings
    from ascendc.outlook import Outlook
    from ascendc.precision.damage import Damage
    from ascendc.precision.forecast import Culprit
    from ascendc.report.given import Given
    from ascendc.report.page import Block

MOST_LAYERS = 48
"""That have a row in the chart: those with the largest errors of their own."""

CULPRITS = 12

_LAYER = re.compile(r"(.*?\.\d+)(?:\.|$)")

_OUTPUTS = (
    Column(Text("output", "输出")),
    Column(Text("error", "误差"), numeric=True),
    Column(Text("cosine", "余弦"), numeric=True),
    Column(Text("relative L2", "相对 L2"), numeric=True),
    Column(Text("max abs", "最大绝对"), numeric=True),
)

_GATE = (
    Column(Text("graph", "计算图")),
    Column(Text("mode", "模式")),
    Column(Text("worst output", "最差输出")),
    Column(Text("samples", "样本数"), numeric=True),
    Column(Text("error", "误差"), numeric=True),
    Column(Text("allowed", "允许"), numeric=True),
    Column(Text("verdict", "结论")),
)

_CULPRITS = (
    Column(Text("node", "节点"), long=True),
    Column(Text("operator", "算子")),
    Column(Text("alone on the outputs", "单独对输出"), numeric=True),
    Column(Text("own, of the sample distance", "自身（占样本间距离）"), numeric=True),
    Column(Text("own", "自身"), numeric=True),
    Column(Text("accumulated", "累积"), numeric=True),
    Column(Text("largest value", "最大值"), numeric=True),
)


def precision(given: Given) -> Section | None:
    """The section; None without a forecast."""
    order = _order(given)
    found = [build.record.findings for build in given.builds if build.record]
    blocks = [
        *(block for findings in found for block in _of_build(findings)),
        *(block for forecast in given.forecasts for block in _blocks(forecast, order)),
    ]
    return Section("precision", Text("What float16 does", "float16 的影响"), tuple(blocks)) if blocks else None


def _of_build(found: Findings) -> Iterator[Block]:
    """The gate's forecasts, and the plans of `precision: auto`."""
    if found.forecasts:
        rows = tuple(
            (
                one.label,
                one.mode,
                one.output,
                str(one.samples),
                _or_lost(one.error),
                small(one.limit),
                Text("passes", "通过") if one.ok else Text("fails", "不通过"),
            )
            for one in found.forecasts
        )
        yield table(Text("Foretold by the build", "构建时的预测"), Origin.ESTIMATED, _GATE, rows)
    for plan in found.plans:
        kept = joined((*plan.keep, *plan.types)) if plan.keep or plan.types else Text("nothing", "无")
        said = Text(
            "Plan for {label} on {soc}: {mode}, error {before} before, {after} after (estimated); float32: {kept}.",
            "{soc} 上 {label} 的方案：{mode}，误差由 {before} 变为 {after}（估算）；保留 float32：{kept}。",
        )
        yield Remark(
            said.fill(
                label=plan.label,
                soc=plan.soc,
                mode=plan.mode,
                before=_or_lost(plan.before),
                after=small(plan.after),
                kept=kept,
            )
        )


def worst(forecast: Outlook) -> float | None:
    """Error of the worst output, relative to the distance between samples; None where a number is lost."""
    found = [damage.rel_to_sample_distance for damage in forecast.end_to_end.values()]
    return None if None in found else max((one for one in found if one is not None), default=0.0)


def _blocks(forecast: Outlook, order: Mapping[str, int]) -> Iterator[Block]:
    name = forecast.model
    yield Remark(_lead(forecast), "good" if forecast.ok else "warning")
    rows = tuple(_output(output, damage) for output, damage in forecast.end_to_end.items())
    caption = Text("Outputs of {name} in float16, against themselves in float32", "{name} 的输出：float16 对比 float32")
    yield table(caption.fill(name=name), Origin.ESTIMATED, _OUTPUTS, rows, note=_samples(forecast))
    if pairs := _layers(forecast.culprits, order):
        yield Figure(
            Text("Error of {name} by layer: its own, and what has added up", "{name} 各层误差：自身与累积").fill(
                name=name
            ),
            Origin.ESTIMATED,
            Chart(
                "pairs",
                pairs,
                Text("relative L2 error, log scale", "相对 L2 误差（对数刻度）"),
                names=(Text("own", "自身"), Text("accumulated", "累积")),
                log=True,
            ),
            Text("The worst node of each layer. {order}.", "取各层最差的节点。{order}。").fill(order=_said(order)),
        )
    if forecast.culprits:
        rows = tuple(map(_culprit, forecast.culprits[:CULPRITS]))
        caption = Text("Nodes of {name} that do most of it, worst first", "{name} 中影响最大的节点，最差在前")
        yield table(caption.fill(name=name), Origin.ESTIMATED, _CULPRITS, rows)
    if forecast.overflow:
        lost = [f"{one.node} ({one.value:.3g})" for one in forecast.overflow[:CULPRITS]]
        said = Text("Beyond float16, which ends at 65504: {all}.", "超出 float16 上限 65504：{all}。")
        yield Remark(said.fill(all=joined(lost)), "warning")


def _lead(forecast: Outlook) -> Text:
    error = worst(forecast)
    verdict = Text("passes", "通过") if forecast.ok else Text("fails", "不通过")
    said = (
        Text("numbers are lost", "出现数值丢失")
        if error is None
        else Text(
            "error {error} of the distance between samples, {limit} allowed", "误差为样本间距离的 {error}，允许 {limit}"
        ).fill(error=small(error), limit=small(forecast.limit))
    )
    lead = Text("{name} in {mode} {verdict} (estimated): {said}.", "{name} 在 {mode} 下{verdict}（估算）：{said}。")
    return lead.fill(name=forecast.model, mode=forecast.mode, verdict=verdict, said=said)


def _samples(forecast: Outlook) -> Text:
    bound = {
        "fused": Text("as far as ATC fuses norms and GELUs", "假定 ATC 融合归一化与 GELU"),
        "unfused": Text("the worst case, where nothing is fused", "最坏情况：不融合"),
    }[forecast.bound]
    note = Text("{count} samples: {samples}; {bound}.", "{count} 个样本：{samples}；{bound}。")
    return note.fill(count=str(forecast.count), samples=forecast.samples, bound=bound)


def _said(order: Mapping[str, int]) -> Text:
    return Text("In the order of the graph", "按计算图顺序") if order else Text("Ordered by name", "按名称排序")


def _output(name: str, damage: Damage) -> tuple[Said, ...]:
    if damage.rel_to_sample_distance is None:
        return name, Text("NaN or infinity", "NaN 或无穷"), UNKNOWN, UNKNOWN, UNKNOWN
    cosine = UNKNOWN if damage.cosine is None else f"{damage.cosine:.7f}"
    return name, small(damage.rel_to_sample_distance), cosine, small(damage.rel_l2), small(damage.max_abs)


def _culprit(one: Culprit) -> tuple[Said, ...]:
    effect = _or_lost(one.effect) if one.tried else UNKNOWN
    errors = map(_or_lost, (one.own_to_sample_distance, one.own, one.accumulated))
    return one.node, one.op, effect, *errors, large(one.max_abs_value)


def _or_lost(error: float | None) -> Said:
    return Text("lost", "丢失") if error is None else small(error)


def _layers(culprits: Sequence[Culprit], order: Mapping[str, int]) -> tuple[Pair, ...]:
    """The largest errors of each layer; a lost number has no mark."""
    layers: dict[str, list[Culprit]] = {}
    for one in culprits:
        layers.setdefault(layer(one), []).append(one)
    rows = {
        name: Pair(name, _most(c.own for c in found), _most(c.accumulated for c in found))
        for name, found in layers.items()
    }
    shown = sorted(rows, key=lambda name: -(rows[name].first or 0.0))[:MOST_LAYERS]

    def place(name: str) -> tuple[object, ...]:
        first = min((order[c.node] for c in layers[name] if c.node in order), default=len(order))
        return first, *_natural(name)

    return tuple(rows[name] for name in sorted(shown, key=place))


def layer(culprit: Culprit) -> str:
    """``vision_model.encoder.layers.3``: the module up to its first number; else the module, or the node's scope."""
    scope = culprit.module or culprit.node.strip("/").replace("/", ".").rpartition(".")[0]
    numbered = _LAYER.match(scope)
    return numbered[1] if numbered else scope or culprit.op


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in re.split(r"(\d{1,9})", name))


def _most(values: Iterator[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _order(given: Given) -> dict[str, int]:
    """Place of each node in its graph, from the bundles that were given."""
    order: dict[str, int] = {}
    for build in given.builds:
        if build.manifest is not None and build.folder is not None:
            for path in dict.fromkeys(artefact.onnx for artefact in build.manifest.artefacts):
                if (build.folder / path).is_file():
                    for node in read_outline(build.folder / path).nodes:
                        order.setdefault(node.name, len(order))
    return order
