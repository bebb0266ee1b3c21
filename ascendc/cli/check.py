"""``ascendc check``: what ATC would make of each node of an ONNX file, before ATC runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ascendc.cann.operators.verdict import PrecisionMode
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from ascendc.check import Asked, Group, Report

_SAID = {
    "aicore": "AI Core",
    "aicpu": "AI CPU",
    "cast": "cast needed",
    "static": "static shapes only",
    "name": "name taken",
    "opset": "wrong opset",
    "unmapped": "unknown to ATC",
    "unknown": "cannot be told",
}

_OPS = 6
"""Operators of one reason that are named; ``--json`` has every node."""


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--soc", "socs", multiple=True, required=True, metavar="SOC", help="As Ascend310P3; may be repeated.")
@click.option("--cann", metavar="VERSION", help="The CANN that will compile it, as 8.0.RC2.")
@click.option("--batch", metavar="N[,N…]", help="Size of open first axes; several are gears. Unless given: 1.")
@click.option("--size", "sizes", multiple=True, metavar="AXIS=N", help="Size of another open axis, by its name.")
@click.option("--dynamic", is_flag=True, help="Leave open what --size does not name, as ATC does with ranges.")
@click.option("--precision-mode", type=click.Choice(get_args(PrecisionMode)), default="force_fp16", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per SoC, one a line: docs/check.schema.json.")
def check(
    model: Path,
    socs: tuple[str, ...],
    cann: str | None,
    batch: str | None,
    sizes: tuple[str, ...],
    dynamic: bool,
    precision_mode: PrecisionMode,
    as_json: bool,
) -> None:
    """Say for every node of an ONNX file whether ATC knows it, and where it will run: AI Core or AI CPU.

    Its parser reads every node, engines are asked once constants are folded. Judged by CANN's own files where
    set_env.sh was sourced, else by ascendc's tables: then exit code 4 says that ATC would refuse the model, and 0 is a
    forecast, no promise.
    """
    from ascendc.cann import soc as names
    from ascendc.check import check_file, to_json

    resolved = [names.resolve(name) for name in socs]
    checked = check_file(model, [found.soc for found in resolved], _asked(cann, batch, sizes, dynamic, precision_mode))
    for note in (*(note for found in resolved for note in found.notes), *checked.notes):
        click.echo(f"note: {note}", err=True)
    for report in checked.reports:
        if as_json:
            import json

            click.echo(json.dumps(to_json(report), ensure_ascii=False))
        else:
            click.echo("\n".join(lines(model, report)))
    if not all(report.ok for report in checked.reports):
        raise SystemExit(4)


def lines(model: Path, report: Report) -> list[str]:
    """The report for people, worst first."""
    from ascendc.check import grouped

    counts = ", ".join(f"{n} {_SAID[status]}" for status, n in report.counts.items() if n)
    said = [
        f"{model} on {report.soc}: {_verdict(report)}",
        f"  opset {report.opset or 'none'}, {_nodes(sum(report.counts.values()))}: {counts}",
        f"  {report.source}",
    ]
    if report.conditional:
        verb = "is" if report.conditional == 1 else "are"
        said.insert(
            2, f"  {report.conditional} on the AI Core {verb} subject to CANN's own checks of shapes and attributes"
        )
    for group in grouped(report):
        said += ["", *_group(group)]
    return [*said, ""]


def _verdict(report: Report) -> str:
    """The first line; what it does not say is not known: ATC fuses, tiles and checks more than tables hold."""
    if report.errors:
        mind = "ATC will decide" if report.is_live else "ATC would refuse it"
        return f"{mind}: {_nodes(report.errors)} that its parser stops at"
    if report.counts["cast"] or report.counts["static"]:
        return "its parser takes it, but engines may not"
    if report.counts["unknown"]:
        return "nothing is known against it, but not everything is known"
    slow = report.counts["aicpu"]
    return f"a kernel is known for every node{f', for {slow} on the AI CPU alone' if slow else ''}"


def _nodes(count: int) -> str:
    return f"{count} node{'s' * (count != 1)}"


def _group(group: Group) -> list[str]:
    first = group.example
    ops = [f"{op} × {n}" if n > 1 else op for op, n in group.ops]
    more = f" and {len(ops) - _OPS} more operators" if len(ops) > _OPS else ""
    node = first.node or f"a node without a name{f', which makes {first.output}' if first.output else ''}"
    example = f"{'for example ' if group.count > 1 else ''}{node}"
    module = f", module {first.module}" if first.module else ""
    tensor = f", tensor {first.tensor} ({first.dtype})" if first.tensor else ""
    said = [f"{_SAID[first.status]}: {', '.join(ops[:_OPS])}{more}: {first.reason}", f"  {example}{module}{tensor}"]
    return [*said, f"  fix: {first.fix}"] if first.fix else said


def _asked(
    cann: str | None, batch: str | None, sizes: tuple[str, ...], dynamic: bool, precision: PrecisionMode
) -> Asked:
    from ascendc.cann.version import Cann
    from ascendc.check import Asked

    return Asked(
        precision,
        Cann.parse(cann) if cann and cann != "unknown" else None,
        tuple(_number("--batch", text) for text in batch.split(",")) if batch else (),
        tuple(_size(text) for text in sizes),
        dynamic,
    )


def _size(text: str) -> tuple[str, int]:
    name, separator, number = text.rpartition("=")
    if not separator or not name:
        raise UsageError("ASC2312", f"--size must be AXIS=N, not `{text}`")
    return name, _number("--size", number)


def _number(option: str, text: str) -> int:
    if not text.strip().isdecimal() or not 0 < int(text) < 1 << 31:
        raise UsageError("ASC2312", f"{option} must hold sizes of 1 and more, not `{text}`")
    return int(text)
