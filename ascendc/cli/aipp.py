"""``ascendc aipp``: check an AIPP configuration, write one, show what the model will see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ascendc.cann.aipp.lint import Report, Summary
    from ascendc.cann.soc import Soc

_FILE = click.Path(path_type=Path)


class _Size(click.ParamType):  # type: ignore[type-arg]  # generic in newer click only
    """``HxW``."""

    name = "HxW"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        height, _, width = str(value).partition("x")
        if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)) or len(height + width) > 12:
            self.fail(f"`{value}` must be height and width, such as 224x224", param, ctx)
        return int(height), int(width)


class _Gears(click.ParamType):  # type: ignore[type-arg]  # likewise
    """``h,w;h,w``, as ATC takes it."""

    name = "H,W;H,W"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[tuple[int, int], ...]:
        if isinstance(value, tuple):
            return value
        gears = [gear.split(",") for gear in str(value).strip(";").split(";")]
        if not all(
            len(gear) == 2 and all(side.strip().isdecimal() and len(side) < 7 for side in gear) for gear in gears
        ):
            self.fail(f"`{value}` must be heights and widths, such as 224,224;448,448", param, ctx)
        return tuple((int(height), int(width)) for height, width in gears)


@click.group()
def aipp() -> None:
    """Check an AIPP configuration, write one, show what the model will see."""


@aipp.command()
@click.argument("file", type=_FILE)
@click.option("--soc", metavar="NAME", help="For which chip [rules that hold for all; what some refuse is a doubt].")
@click.option("--model", type=_FILE, metavar="M.onnx", help="Whose inputs the blocks are put before.")
@click.option("--size", type=_Size(), help="Height and width of the image input, where the model does not say.")
@click.option("--batch", type=click.IntRange(1), help="Largest batch, for max_src_image_size [the model's, or 1].")
@click.option("--dynamic-image-size", "gears", type=_Gears(), default=(), help="As ATC gets it.")
@click.option("--dynamic-dims", is_flag=True, help="ATC gets --dynamic_dims.")
@click.option("--input-fp16-nodes", "fp16", default="", metavar="A;B", help="As ATC gets it; with --model.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object (docs/aipp-lint.schema.json).")
def lint(
    file: Path,
    soc: str | None,
    model: Path | None,
    size: tuple[int, int] | None,
    batch: int | None,
    gears: tuple[tuple[int, int], ...],
    dynamic_dims: bool,
    fp16: str,
    as_json: bool,
) -> None:
    """Say what ATC refuses of FILE (--insert_op_conf), and what it accepts though it is wrong.

    Errors are sorted by where ATC stops: `parse`, `graph`, or `kernel`, minutes later. Exit 4 if there are any.
    Example: ascendc aipp lint aipp.cfg --soc Ascend310P3 --model resnet50.onnx
    """
    from ascendc.cann.aipp.lint import Question
    from ascendc.cann.aipp.lint import lint as judge
    from ascendc.cann.aipp.read import read_file

    config = read_file(file)
    nodes = tuple(name for name in fp16.split(";") if name)
    outline = None
    if model is not None:
        from ascendc.onnx_file import read_outline

        outline = read_outline(model)
    report = judge(config, Question(_soc(soc), outline, size, batch, gears, dynamic_dims, nodes))
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps({"version": "1", **asdict(report)}, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(str(file), report)))
    if not report.ok:
        raise SystemExit(4)


def _soc(name: str | None) -> Soc | None:
    """The chip that is asked about; what had to be assumed is said on stderr."""
    from ascendc.cann.soc import resolve

    if name is None:
        return None
    resolved = resolve(name)
    for note in resolved.notes:
        click.echo(f"ascendc: {note}", err=True)
    return resolved.soc


def _lines(file: str, report: Report) -> list[str]:
    lines = []
    for error in report.errors:
        lines += [f"error  {error.code} at {error.gate}: {error.field or 'the file'}"]
        lines += [f"  {error.message}", f"  fix: {error.fix}"]
    for doubt in report.lint:
        lines += [f"doubt  {doubt.field or 'the file'}", f"  {doubt.message}", f"  fix: {doubt.fix}"]
    if report.ok:
        lines += [f"aipp_op[{index}]: {_made(op)}" for index, op in enumerate(report.ops)]
    gates = [error.gate for error in report.errors]
    counts = ", ".join(f"{gates.count(gate)} at {gate}" for gate in dict.fromkeys(gates))
    errors = f"{_plural(len(gates), 'error')} ({counts})" if gates else "no errors"
    return [*lines, f"{file}: {_plural(len(report.ops), 'block')}, {errors}, {_plural(len(report.lint), 'doubt')}"]


def _made(op: Summary) -> str:
    """``pixels takes 150528 bytes a picture: RGB888_U8, 224×224 (height × width); the network sees 224×224``."""
    who = op.input or "the input"
    if op.fields.get("aipp_mode") == "dynamic":
        return f"{who} takes pictures of up to {op.fields['max_src_image_size']} bytes a batch; the program says how"
    source = "×".join(map(str, op.source)) or "the network's size"
    result = "×".join(map(str, op.result)) or "its own size"
    size = f"{op.bytes} bytes a picture: " if op.bytes is not None else ""
    return f"{who} takes {size}{op.fields['input_format']}, {source} (height × width); the network sees {result}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
