"""Verification: the graphs against the original model, the task's verdict, and the state of every artefact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.report.numbers import small
from ascendc.report.page import Column, Origin, Remark, Section, table
from ascendc.report.words import Said, Text
from ascendc.sim.toolchain import Simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.report.given import Build, Given
    from ascendc.report.page import Block
    from ascendc.runtime.manifest import Artefact, Manifest

STATES = {
    "onnx-verified": Text("ONNX verified", "ONNX 已验证"),
    "om-deferred": Text("OM deferred", "OM 待编译"),
    "om-compiled": Text("OM compiled", "OM 已编译"),
    "om-accepted on device": Text("OM accepted on a device", "OM 已在设备上验收"),
    "om-accepted on simulator": Text("OM accepted on the simulator", "OM 已在模拟器上验收"),
}
"""Of artefacts, in words."""

_ARTEFACTS = (
    Column(Text("part", "部件")),
    Column(Text("chip", "芯片")),
    Column("CANN"),
    Column(Text("state", "状态")),
    Column(Text("batch", "批大小")),
    Column(Text("precision", "精度")),
    Column("AIPP"),
)

_ERRORS = (
    Column(Text("part", "部件")),
    Column(Text("samples", "样本数"), numeric=True),
    Column(Text("error", "误差"), numeric=True),
    Column(Text("allowed", "允许"), numeric=True),
    Column(Text("verdict", "结论")),
)


def verification(given: Given) -> Section | None:
    """The section; None without a bundle."""
    blocks = [block for build in given.builds if build.manifest for block in _blocks(build, build.manifest)]
    return Section("verification", Text("Verification", "验证"), tuple(blocks)) if blocks else None


def error_of(manifest: Manifest, part: str) -> float:
    """The largest of a part's graphs."""
    return max((artefact.error for artefact in manifest.artefacts if artefact.part == part), default=0.0)


def is_simulated(manifest: Manifest) -> bool:
    """Whether the OMs are of the simulated ATC."""
    return Simulated.NOTE in manifest.model.notes


def state_of(artefact: Artefact, *, simulated: bool) -> Said:
    """The state, in words; an OM that no device can run is not simply called compiled."""
    said = STATES.get(artefact.state, artefact.state)
    if simulated and artefact.state == "om-compiled":
        return Text("{state} (simulated)", "{state}（模拟）").fill(state=said)
    return said


def _blocks(build: Build, manifest: Manifest) -> Iterator[Block]:
    name = build.name
    if build.is_other:
        other = Text(
            "The record beside {name} is of another build, and left out.", "{name} 旁边的记录属于另一次构建，未采用。"
        )
        yield Remark(other.fill(name=name), "warning")
    simulated = is_simulated(manifest)
    rows = tuple(_artefact(one, simulated=simulated) for one in manifest.artefacts)
    yield table(Text("What is in {name}", "{name} 的内容").fill(name=name), Origin.RECORDED, _ARTEFACTS, rows)
    errors = tuple(
        (
            golden.part,
            str(golden.count),
            small(error_of(manifest, golden.part)),
            small(golden.limit),
            Text("agrees", "一致") if error_of(manifest, golden.part) <= golden.limit else Text("differs", "不一致"),
        )
        for golden in manifest.golden
    )
    if errors:
        yield table(
            Text(
                "ONNX against the original model, on the host that built {name}",
                "在构建 {name} 的主机上，ONNX 与原模型对比",
            ).fill(name=name),
            Origin.MEASURED,
            _ERRORS,
            errors,
            note=Text(
                "Largest error of a sample, over the median distance between samples: 1 would be another answer.",
                "单个样本的最大误差与样本间距离中位数之比：1 即等同于另一个样本的答案。",
            ),
        )
    for verdict in manifest.verdicts:
        yield Remark(Text("Task verdict (measured): {it}.", "任务结论（实测）：{it}。").fill(it=verdict), "good")
    if manifest.model.weights == "random":
        yield Remark(Text("The weights are random: answers mean nothing.", "权重是随机的：其回答没有意义。"), "warning")
    for note in manifest.model.notes:
        yield Remark(note, "warning" if note == Simulated.NOTE else "plain")


def _artefact(one: Artefact, *, simulated: bool) -> tuple[Said, ...]:
    state = state_of(one, simulated=simulated)
    batch = ", ".join(map(str, one.batch))
    return one.part, one.soc, one.cann or Text("unknown", "未知"), state, batch, one.precision, one.aipp
