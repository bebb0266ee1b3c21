"""``ascendc forecast``: what float16 will do to a model, and which nodes must stay in float32."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ascendc.cli.build import SET_HELP
from ascendc.cli.positive import Positive
from ascendc.errors import UsageError
from ascendc.precision.modes import V2, WHITE, Mode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ascendc.outlook import Outlook, Rewrite, Subject
    from ascendc.precision.forecast import Culprit
    from ascendc.precision.kept import Found
    from ascendc.precision.rounding import Overflow
    from ascendc.precision.units import Bound

VERSION = "1"
"""Of the JSON."""

EXIT_REFUSED = 4

RECIPES = (".yaml", ".yml")

SAID = 8
"""Nodes and tensors that are printed; ``--json`` has all."""


@click.command()
@click.argument("path", type=click.Path(path_type=Path), metavar="MODEL.onnx|RECIPE")
@click.option("--mode", type=click.Choice(get_args(Mode)), help="ATC's precision mode [force_fp16, or the target's].")
@click.option("--bound", type=click.Choice(["fused", "unfused"]), default="fused", show_default=True)
@click.option("--samples", type=click.Path(path_type=Path), metavar="FILE.npz|FOLDER", help="Inputs, samples first.")
@click.option("--overflow", type=click.Choice(["inf", "saturate"]), default="inf", show_default=True)
@click.option("--limit", type=Positive(), metavar="X", help="Error that is allowed [0.03].")
@click.option(
    "--keep", type=click.Path(path_type=Path), metavar="FILE", help="Write what must stay in float32, for ATC."
)
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help=SET_HELP)
@click.option("--json", "as_json", is_flag=True, help="One object per graph, one a line: docs/forecast.schema.json.")
def forecast(
    path: Path,
    mode: Mode | None,
    bound: Bound,
    samples: Path | None,
    overflow: Overflow,
    limit: float | None,
    keep: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> int:
    """Foretell what float16 will do to MODEL, or to the graphs of a RECIPE: on this host, without CANN or a device.

    Every node is rounded as ATC's precision mode has it, and the outputs are held against themselves in float32,
    relative to how far apart different samples are. Exit 4: beyond the limit. --keep finds the precision mode and the
    fewest nodes that must stay in float32 (in --mode, where it is given), and writes the file that ATC takes; what an
    interrupted search has tried is kept beside it.
    """
    from ascendc import outlook

    found = []
    subjects = list(_subjects(path, mode, samples, limit, overrides, as_json))
    for subject in subjects:
        file = None if keep is None else _file(keep, subject.name, [one.name for one in subjects])
        cache = None if file is None else file.with_name(f".{file.name}.trials")
        one = outlook.look(subject, bound, overflow, keep=keep is not None, cache=cache, say=_say)
        found.append(one)
        if as_json:
            import json

            click.echo(json.dumps(outlook.to_json(one, VERSION), ensure_ascii=False))
        else:
            click.echo("\n".join(lines(one)))
        if one.kept is not None and file is not None:
            _write(one, one.kept, file, as_json)
        if cache is not None:
            cache.unlink(missing_ok=True)
        if one.unfused is not None and not one.unfused.ok:
            click.echo(f"warning: {one.model}: {_unfused(one)}", err=True)
    return 0 if all(one.ok or one.kept is not None for one in found) else EXIT_REFUSED


def schema_text() -> str:
    """The schema of the JSON, as docs/forecast.schema.json holds it."""
    import json

    from ascendc.contract import DIALECT, schema_of
    from ascendc.outlook import Outlook

    schema = {"$schema": DIALECT, "title": "ascendc forecast --json", **schema_of(Outlook, version=VERSION)}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def lines(found: Outlook) -> Iterator[str]:
    """What is printed of one graph."""
    worst = [one.rel_to_sample_distance for one in found.end_to_end.values()]
    scale = f"of the distance between samples, {found.limit:g} allowed"
    error = "numbers are lost" if None in worst else f"error {max(one or 0 for one in worst):.2g} {scale}"
    yield f"{found.model} in {found.mode}: {'passes' if found.ok else 'FAILS'}: {error}"
    yield f"  estimated on this host, {found.bound}; {found.count} samples: {found.samples}"
    for name, damage in found.end_to_end.items():
        if damage.rel_to_sample_distance is None or damage.cosine is None or damage.max_abs is None:
            yield f"  output {name}: NaN or infinity"
        else:
            yield (
                f"  output {name}: error {damage.rel_to_sample_distance:.2g}, cosine {damage.cosine:.7f}, "
                f"max abs {damage.max_abs:.2g}"
            )
    if found.overflow:
        yield "  beyond float16, in the order of the graph:"
        for lost in found.overflow[:SAID]:
            yield f"    {lost.node}: up to {lost.value:.3g}" + (" (65504 is the end)" if lost.value > 65504 else "")
        if len(found.overflow) > SAID:
            yield f"    and {len(found.overflow) - SAID} more (--json)"
    if found.culprits:
        alone = "what it does to the outputs alone; " if found.culprits[0].tried else ""
        yield f"  worst nodes: {alone}its own error, of the distance between samples; what has added up"
        yield from map(_culprit, found.culprits[:SAID])
    if not found.ok and found.kept is None:
        yield "  what must stay in float32, as a file for ATC: the same command with --keep FILE"


def _culprit(culprit: Culprit) -> str:
    figures = (*([culprit.effect] if culprit.tried else []), culprit.own_to_sample_distance, culprit.accumulated)
    numbers = "  ".join(map(_figure, figures))
    module = f", module {culprit.module}" if culprit.module else ""
    return f"    {numbers}  {culprit.op} {culprit.node}{module}"


def _figure(number: float | None) -> str:
    return f"{'lost' if number is None else f'{number:.1e}':>7}"


def _unfused(found: Outlook) -> str:
    assert found.unfused is not None
    worst = found.unfused.worst
    error = "numbers are lost" if worst is None else f"the error is {worst:.2g}"
    return (
        f"it passes as long as ATC fuses its norms and GELUs; where it does not, {error} (--bound unfused shows where)"
    )


def _subjects(
    path: Path,
    mode: Mode | None,
    samples: Path | None,
    limit: float | None,
    overrides: Sequence[str],
    as_json: bool,
) -> Iterator[Subject]:
    from ascendc import outlook
    from ascendc.cli.progress import Plain

    if path.suffix in RECIPES:
        if samples is not None:
            raise click.UsageError("--samples is for ONNX files: a recipe has its own (verify.folder)")
        yield from outlook.of_recipe(path, overrides, mode, limit, (lambda _: None) if as_json else Plain(0))
    else:
        if overrides:
            raise click.UsageError("--set is for recipes")
        yield outlook.of_file(path, samples, mode, limit)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _file(keep: Path, subject: str, subjects: Sequence[str]) -> Path:
    """Where to write: a file for each part, and target if they differ; said before the work if it cannot be."""
    parts = [one.partition(" @ ")[0] for one in subjects]
    part, _, targets = subject.partition(" @ ")
    label = re.sub(r"[^\w.-]+", "-", part if parts.count(part) == 1 else f"{part}-{targets}")
    path = keep if len(subjects) == 1 else keep.with_stem(f"{keep.stem}-{label}")
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError("ASC2718", f"--keep `{path}` cannot be written: its folder must exist and be yours to write")
    return path


def _write(found: Outlook, kept: Found, path: Path, quiet: bool) -> None:
    """Write beside `path`, then rename: an interrupt leaves what was there."""
    if found.rewrites:
        click.echo(f"the graph must be rewritten before: {_recipe(found.rewrites)} in a recipe", err=True)
    if not kept.types and not kept.keep:
        click.echo(f"nothing must stay in float32 in {kept.mode}; no file is written", err=True)
        return
    text = kept.text
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if quiet:
        return
    names = kept.types or tuple(name for one in kept.keep for name in one.nodes)
    click.echo(f"in float32 must stay {len(names)} {'types' if kept.types else 'nodes'}; error then {kept.after:.2g}:")
    for name in names:
        click.echo(f"  {name}")
    click.echo(f"ATC's options: --{_mode_option(kept.mode)}={kept.mode} --{kept.option}={path}")
    products = sorted({one.op for one in kept.keep if one.op in WHITE})
    if products:
        click.echo(
            f"note: the cube unit multiplies in float16: a chip without a float32 kernel for {' and '.join(products)} "
            "cannot keep it. ascendc check MODEL.onnx --soc SOC --precision-mode must_keep_origin_dtype says which"
        )


def _recipe(rewrites: Sequence[Rewrite]) -> str:
    """As YAML that fits into a line."""
    import json

    options = {one.name: one.options for one in rewrites if one.options}
    said = {"add": [one.name for one in rewrites], **({"options": options} if options else {})}
    return f"passes: {json.dumps(said, ensure_ascii=False)}"


def _mode_option(mode: Mode) -> str:
    return "precision_mode_v2" if mode in V2 else "precision_mode"
