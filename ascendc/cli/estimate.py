"""``ascendc estimate``: bounds of an ONNX model on a chip."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

import click

from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ascendc.cann.cost.bounds import Bound
    from ascendc.cann.cost.published import Comparison
    from ascendc.cann.cost.report import Estimate, Slow
    from ascendc.cann.soc import Figure

VERSION = "1"
"""Of the JSON."""

WIDTH = 110
"""Columns of prose."""

LEAST = 0.005
"""Share of the time from which a type of operators is named."""

SAID = 10
"""Nodes on the AI CPU that are printed."""

_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))

MOST = 1 << 20
"""Largest batch or size of an axis."""


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--soc", "soc_name", required=True, metavar="SOC", help="The chip: `ascendc soc` lists them.")
@click.option("--batch", metavar="N,N…", help="Items at once.  [default: 1,8, or what the file is fixed to]")
@click.option("--precision", type=click.Choice(["fp16", "bf16", "fp32"]), default="fp16", show_default=True)
@click.option("--size", "sizes", multiple=True, metavar="AXIS=N", help="Size of another symbolic axis.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: docs/estimate.schema.json.")
def estimate(
    model: Path,
    soc_name: str,
    batch: str | None,
    precision: Literal["fp16", "bf16", "fp32"],
    sizes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Bound latency, throughput and memory of the ONNX file MODEL on a chip, and show where its time goes.

    Nothing is run: FLOPs and bytes of the graph after constant folding, against the chip's peak and bandwidth.
    """
    from ascendc.cann.soc import resolve
    from ascendc.estimate import estimate as estimate_model

    resolved = resolve(soc_name)
    batches = [_number("--batch", text) for text in batch.split(",")] if batch is not None else []
    found = estimate_model(model, resolved.soc, batches, precision, dict(map(_size, sizes)))
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps({"version": VERSION, **asdict(found)}, ensure_ascii=False))
        return
    for note in (*resolved.notes, *found.notes):
        click.echo(f"note: {note}", err=True)
    for line in text(found):
        click.echo(line)


def schema_text() -> str:
    """The schema of the JSON, as docs/estimate.schema.json holds it."""
    import json

    from ascendc.cann.cost.report import Estimate
    from ascendc.contract import DIALECT, schema_of

    schema = {"$schema": DIALECT, "title": "ascendc estimate --json", **schema_of(Estimate, version=VERSION)}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _number(option: str, text: str) -> int:
    if text.strip().isascii() and text.strip().isdecimal() and 0 < int(text[:9]) <= MOST:
        return int(text)
    raise UsageError("ASC2355", f"{option} must be numbers from 1 to {MOST}, not `{text[:40]}`", hint="--batch 1,8")


def _size(text: str) -> tuple[str, int]:
    name, equals, number = text.rpartition("=")
    if not equals or not name:
        raise UsageError("ASC2356", f"--size must be AXIS=N, not `{text[:40]}`", hint="--size sequence=77")
    return name, _number("--size", number)


def text(found: Estimate) -> Iterator[str]:
    """What is printed, line by line."""
    chip = found.chip
    yield f"This is {found.basis}."
    for part in found.formula.split("; "):
        yield f"  {part}"
    yield f"  peak = {_figure(chip.peak, 'TFLOPS')}"
    yield f"  bandwidth = {_figure(chip.bandwidth, 'GB/s')}"
    yield ""
    yield f"{found.model} on {chip.soc} in {chip.precision}" + (f": {found.encoder}" if found.encoder else "")
    heads = (
        "batch",
        "matrix GFLOP",
        "other GFLOP",
        "latency ≥ ms",
        "items/s ≤",
        "limit",
        "unfused ms",
        "weights",
        "activations ≥",
    )
    yield from _columns([heads, *map(_row, found.bounds)])
    yield _memory(found)
    yield ""
    yield from _where(found.bounds[-1])
    yield ""
    yield from _ai_cpu(found.ai_cpu)
    if found.compared:
        yield "Published figures of the nearest models:"
        yield from (f"  {line}" for compared in found.compared for line in _compared(compared))
    else:
        yield "Published figures: none of a model like this one."


def _where(bound: Bound) -> Iterator[str]:
    """Types, then the dearest kinds of nodes."""
    kinds = [cost for cost in bound.types if cost.share >= LEAST]
    rest = sum(cost.share for cost in bound.types) - sum(cost.share for cost in kinds)
    said = ", ".join(f"{cost.count} {cost.op} {cost.share:.1%}" for cost in kinds)
    yield f"Where the time goes at batch {bound.batch}, unfused:"
    yield from wrap(f"{said}, the others {rest:.1%}", WIDTH, initial_indent="  ", subsequent_indent="  ")
    dear = [node for node in bound.nodes if node.milliseconds]
    yield from _columns(
        [("share", "ms", "limit", "nodes", "inputs", "the first")]
        + [
            (
                f"{node.share:.1%}",
                f"{node.milliseconds:.3g}",
                node.limit,
                f"{node.count} {node.op}",
                " · ".join(node.shapes),
                node.example,
            )
            for node in dear
        ]
    )


def _ai_cpu(slow: tuple[Slow, ...] | None) -> Iterator[str]:
    if slow is None:
        yield "AI CPU: not known, there is no table of this chip's operators."
    elif not slow:
        yield "AI CPU: no node, by the tables of ascendc check."
    else:
        yield f"AI CPU: {len(slow)} nodes leave the AI cores and are slower than their bound (ascendc check has fixes):"
        yield from (f"  {node.op} {node.name}: {node.why}" for node in slow[:SAID])
        if len(slow) > SAID:
            yield f"  and {len(slow) - SAID} more (--json has all)"


def _row(bound: Bound) -> tuple[str, ...]:
    return (
        str(bound.batch),
        f"{bound.matrix_flops / 1e9:.4g}",
        f"{bound.other_flops / 1e9:.3g}",
        f"{bound.milliseconds:.3g}",
        _rate(bound.per_second),
        bound.limit,
        f"{bound.unfused_milliseconds:.3g}",
        _size_of(bound.weights),
        _size_of(bound.activations),
    )


def _memory(found: Estimate) -> str:
    need = max(bound.memory for bound in found.bounds)
    if found.chip.memory is None:
        return f"  memory: at least {_size_of(need)}; what the chip has is not in CANN's platform list"
    verdict = "fits" if found.fits else "DOES NOT FIT"
    has = f"{_size_of(found.chip.memory.value)} ({found.chip.memory.basis})"
    return f"  memory: at least {_size_of(need)} of {has}: {verdict}"


def _compared(compared: Comparison) -> Iterator[str]:
    kind = "the same shape" if compared.same else f"not the same: {compared.shape}"
    source = ", ".join(filter(None, [kind, compared.source, compared.note]))
    yield (
        f"{compared.model} on {compared.soc}, batch {compared.batch}: published {_rate(compared.per_second)} items/s, "
        f"{compared.share:.0%} of its bound of {_rate(compared.bound_per_second)} ({source})"
    )
    if compared.expected_per_second is not None:
        yield f"  at that share this model would reach {_rate(compared.expected_per_second)} items/s: an extrapolation"


def _figure(figure: Figure, unit: str) -> str:
    return f"{figure.value:g} {unit} ({figure.basis}{f': {figure.note}' if figure.note else ''})"


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.3g}"


def _size_of(size: float) -> str:
    if size and size % (1 << 30) == 0:
        return f"{size / (1 << 30):g} GiB"
    unit, name = next(((unit, name) for unit, name in _UNITS if size >= unit), (1, "B"))
    return f"{size / unit:.3g} {name}"


def _columns(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
