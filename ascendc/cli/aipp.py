"""``ascendc aipp``: check an AIPP configuration, write one, show what the model will see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ascendc.errors import UsageError

if TYPE_CHECKING:
    from ascendc.aipp_show import Seen
    from ascendc.cann.aipp.lint import Report, Summary
    from ascendc.cann.soc import Soc

VERSION = "1"
"""Of what ``lint --json`` writes."""

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


@aipp.command(short_help="Say what ATC refuses of a configuration, and what is doubtful.")
@click.argument("file", type=_FILE)
@click.option("--soc", metavar="NAME", help="For which chip [rules that hold for all; what some refuse is a doubt].")
@click.option("--model", type=_FILE, metavar="M.onnx", help="Whose inputs the blocks are put before.")
@click.option(
    "--size", type=_Size(), metavar="HxW", help="Height and width of the image input, where the model does not say."
)
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
    from ascendc.cann.aipp.lint import lint as judge
    from ascendc.cann.aipp.question import Question
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

        click.echo(json.dumps({"version": VERSION, **asdict(report)}, ensure_ascii=False))
    else:
        unknown = () if outline else ("channels",) if size or gears else ("sizes", "channels")
        click.echo("\n".join(_lines(str(file), report, unknown)))
    if not report.ok:
        raise SystemExit(4)


def schema_text() -> str:
    """The JSON Schema of ``ascendc aipp lint --json``, as docs/aipp-lint.schema.json holds it."""
    import json

    from ascendc.cann.aipp.lint import Report
    from ascendc.contract import DIALECT, schema_of

    schema = {"$schema": DIALECT, "title": "ascendc aipp lint --json", **schema_of(Report, version=VERSION)}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


_SOURCES = ("rgb", "bgr", "rgbx", "bgrx", "xrgb", "xbgr", "nv12", "nv21")
_YUV = ("bt601-full", "bt601-narrow", "bt709-full", "bt709-narrow")


@aipp.command(short_help="Write the block that fits a model's preprocessing.")
@click.argument("preprocess", type=_FILE, metavar="PREPROCESS.json|BUNDLE")
@click.option("--source", type=click.Choice(_SOURCES), default="rgb", show_default=True, help="Bytes in memory.")
@click.option("--yuv", type=click.Choice(_YUV), default="bt601-full", show_default=True, help="Of nv12 and nv21.")
@click.option("--rank", type=click.IntRange(0), default=0, show_default=True, help="Of the image input, from 0.")
@click.option("-o", "--output", type=_FILE, help="[standard output]")
def derive(preprocess: Path, source: Any, yuv: str, rank: int, output: Path | None) -> None:
    """Write the block that does what a model's preprocessing does: means, deviations, colours.

    Example: ascendc aipp derive build/clip --source nv12 -o aipp.cfg
    """
    from ascendc.aipp_show import fitting
    from ascendc.cann.aipp.write import write

    standard, range = _standard(yuv)
    text = write([fitting(preprocess, source, standard, range, rank)])
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError("ASC2213", f"`{output}` cannot be written: {error.strerror or error}") from error


@aipp.command(short_help="Show what the model will see of a picture.")
@click.argument("file", type=_FILE)
@click.argument("image", type=_FILE)
@click.option("--soc", metavar="NAME", help="Whose rounding is emulated [Ascend310P3].")
@click.option("--model", type=_FILE, metavar="M.onnx", help="Whose input's size counts.")
@click.option("--size", type=_Size(), metavar="HxW", help="Height and width of the image input, where no model says.")
@click.option("--against", type=_FILE, metavar="PREPROCESS.json|BUNDLE", help="How the model wants its pictures.")
@click.option("--source", type=click.Choice(_SOURCES), help="Bytes handed over [RGB or nv12, whatever swaps are set].")
@click.option("--yuv", type=click.Choice(_YUV), help="Of nv12 and nv21 [that of the block's matrix].")
@click.option("--block", type=click.IntRange(0), default=0, show_default=True, help="Which aipp_op, from 0.")
@click.option("-o", "--output", type=_FILE, metavar="OUT.png", help="[FILE's name, with -seen.png]")
def show(
    file: Path,
    image: Path,
    soc: str | None,
    model: Path | None,
    size: tuple[int, int] | None,
    against: Path | None,
    source: Any,
    yuv: str | None,
    block: int,
    output: Path | None,
) -> None:
    """Show what the model will see of IMAGE through FILE: a picture, figures, and what looks wrong.

    Emulated on this machine, from documents: no chip is asked.
    Example: ascendc aipp show aipp.cfg cat.jpg --against build/clip -o seen.png
    """
    from ascendc.aipp_show import show as emulate
    from ascendc.onnx_file import read_outline

    seen = emulate(
        file,
        image,
        output or Path(f"{file.stem}-seen.png"),
        soc=_soc(soc),
        model=None if model is None else read_outline(model),
        size=size,
        against=against,
        source=source,
        yuv=None if yuv is None else _standard(yuv),
        index=block,
    )
    click.echo("\n".join(_seen(seen, against)))


def _standard(yuv: str) -> Any:
    """``bt601-full`` in two words."""
    return tuple(yuv.split("-"))


def _seen(seen: Seen, against: Path | None) -> list[str]:
    names = {1: ("grey",), 3: ("0", "1", "2")}[len(seen.channels)]
    lines = [f"aipp_op[{seen.index}], emulated as on {seen.soc}", f"handed over: {seen.source}"]
    lines += [f"the network sees {'×'.join(map(str, seen.shape))} (batch×channels×height×width):"]
    for name, channel in zip(names, seen.channels, strict=True):
        lines += [f"  channel {name}: min {channel.low:.4f}, max {channel.high:.4f}, mean {channel.mean:.4f}"]
    if seen.difference is not None:
        lines += [f"against {against}: max error {seen.difference.max:.4f}, mean {seen.difference.mean:.5f}"]
    elif against is not None:
        lines += [f"against {against}: not compared, since the block changes channels or adds a border"]
    lines += [f"doubtful: {line}" for line in seen.doubts]
    lines += [f"looks wrong: {line}" for line in seen.wrong]
    return [*lines, f"picture: {seen.picture}"]


def _soc(name: str | None) -> Soc | None:
    """The chip that is asked about; what had to be assumed is said on stderr."""
    from ascendc.cann.soc import resolve

    if name is None:
        return None
    resolved = resolve(name)
    for note in resolved.notes:
        click.echo(f"ascendc: {note}", err=True)
    return resolved.soc


def _lines(file: str, report: Report, unknown: tuple[str, ...]) -> list[str]:
    """The findings, what the blocks make of the input, and what of the model's input was not known."""
    lines = []
    for error in report.errors:
        lines += [f"error  {error.code} at {error.gate}: {error.field or 'the file'}"]
        lines += [f"  {error.message}", f"  fix: {error.fix}"]
    for doubt in report.lint:
        lines += [f"doubt  {doubt.field or 'the file'}", f"  {doubt.message}", f"  fix: {doubt.fix}"]
    if report.ok:
        lines += [f"aipp_op[{index}]: {_made(op)}" for index, op in enumerate(report.ops)]
    if report.ops and unknown:
        lines += [f"not judged: whether {' and '.join(unknown)} are those of the model's input (--model M.onnx)"]
    gates = [error.gate for error in report.errors]
    counts = ", ".join(f"{gates.count(gate)} at {gate}" for gate in dict.fromkeys(gates))
    errors = f"{_plural(len(gates), 'error')} ({counts})" if gates else "no errors"
    return [*lines, f"{file}: {_plural(len(report.ops), 'block')}, {errors}, {_plural(len(report.lint), 'doubt')}"]


def _made(op: Summary) -> str:
    """``pixels takes 150528 bytes a picture: RGB888_U8, 224×224 (height × width); the network sees 224×224``."""
    who = op.input or "the input"
    if op.fields.get("aipp_mode") == "dynamic":
        return f"{who} takes pictures of up to {op.fields['max_src_image_size']} bytes a batch; the program says how"
    size = f"{op.bytes} bytes a picture: " if op.bytes is not None else ""
    source = f", {'×'.join(map(str, op.source))} (height × width)" if op.source else " of the network's size"
    result = f"; the network sees {'×'.join(map(str, op.result))}" if op.result else ""
    return f"{who} takes {size}{op.fields['input_format']}{source}{result}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
