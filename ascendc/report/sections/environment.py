"""Where and with what it was built and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.report.numbers import UNKNOWN, size
from ascendc.report.page import Facts, Origin, Section
from ascendc.report.words import Said, Text, joined

if TYPE_CHECKING:
    from ascendc.account.record import Record
    from ascendc.bench.result import Results
    from ascendc.report.given import Given

_COMMAND, _STARTED = Text("command", "命令"), Text("began", "开始时间")
_MACHINE, _VERSIONS = Text("machine", "机器"), Text("versions", "版本")


def environment(given: Given) -> Section | None:
    """The section; None without a record and results."""
    built = [_built(build.name, build.record) for build in given.builds if build.record]
    blocks = (*built, *map(_measured, given.benches))
    return Section("environment", Text("Environment", "环境"), blocks) if blocks else None


def _built(name: str, record: Record) -> Facts:
    machine = record.machine
    memory = size(machine.memory_bytes) if machine.memory_bytes else UNKNOWN
    rows: list[tuple[Said, Said]] = [
        (_COMMAND, record.command),
        (_STARTED, record.started),
        (_MACHINE, f"{machine.platform}, {machine.cpus or UNKNOWN} CPU, {memory}"),
        (
            _VERSIONS,
            ", ".join(f"{tool} {version}" for tool, version in (("ascendc", record.ascendc), *record.tools.items())),
        ),
        (Text("recipe", "配方"), f"{record.recipe} (sha256 {(record.recipe_sha256 or UNKNOWN)[:16]})"),
    ]
    if record.overrides:
        rows.append((Text("set", "设置"), joined(record.overrides)))
    if record.bundle_digest:
        rows.append((Text("bundle", "部署包"), f"sha256 {record.bundle_digest}"))
    return Facts(Text("{name} was built with", "{name} 的构建环境").fill(name=name), Origin.RECORDED, tuple(rows))


def _measured(results: Results) -> Facts:
    machine, setting = results.machine, results.setting
    memory = size(machine.memory) if machine.memory else UNKNOWN
    load = UNKNOWN if setting.load_before is None else f"{setting.load_before:.2f}"
    rows: tuple[tuple[Said, Said], ...] = (
        (_COMMAND, results.command),
        (_STARTED, setting.started),
        (_MACHINE, f"{machine.cpu}, {machine.cores} CPU, {memory}, {machine.system}, {setting.kernel}"),
        (_VERSIONS, ", ".join(f"{n} {v}" for n, v in (("Python", setting.python), *setting.versions.items()))),
        ("CANN", setting.cann or Text("none", "无")),
        (Text("driver", "驱动"), setting.driver or Text("none", "无")),
        (Text("governor", "调频策略"), setting.governor or Text("not told", "未知")),
        (Text("load before", "之前负载"), load),
    )
    name = results.model.name
    return Facts(Text("{name} was measured on", "{name} 的测试环境").fill(name=name), Origin.RECORDED, rows)
