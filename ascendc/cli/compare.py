"""``ascendc compare``: whether two forms of a model answer alike, by numbers, by task and layer by layer."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from ascendc.cli.build import SET_HELP
from ascendc.cli.positive import Positive

EXIT_REFUSED = 4


@click.command()
@click.argument("reference", type=click.Path(path_type=Path), metavar="A")
@click.argument("candidate", type=click.Path(path_type=Path), metavar="B")
@click.option("--samples", type=click.Path(path_type=Path), metavar="FILE.npz|FOLDER", help="Inputs, samples first.")
@click.option("--part", metavar="NAME", help="Of a recipe or bundle: only this, or what a single graph is.")
@click.option("--target", metavar="NAME", help="Which target of a bundle [the first that can run].")
@click.option("--limit", type=Positive(), metavar="X", help="Error allowed [by the sides].")
@click.option("--layers", is_flag=True, help="Layer by layer: the first tensor that goes beyond.")
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help=SET_HELP)
@click.option("--allow-simulated", is_flag=True, help="Offer a device an OM that no real ATC made.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: docs/compare.schema.json.")
def compare(
    reference: Path,
    candidate: Path,
    samples: Path | None,
    part: str | None,
    target: str | None,
    limit: float | None,
    layers: bool,
    overrides: tuple[str, ...],
    allow_simulated: bool,
    as_json: bool,
) -> int:
    """Hold B against A, the reference.

    Each is a recipe (its PyTorch model), an .onnx, an .om, a bundle, saved outputs (.npz, or a folder of .npy), or,
    with --layers, a folder of AscendCL's dumps.

    Shapes, dtypes, NaN and infinity are refused first; then errors are judged on the scale of how far samples are
    apart, and a recipe's or bundle's plugin judges the task. Exit 4: they differ.

    Example: ascendc compare recipe.yaml build/tiny-clip
    """
    from ascendc.judge.opened import side
    from ascendc.judge.result import to_json
    from ascendc.judge.table import lines
    from ascendc.judge.verdict import compare as judge

    if overrides and not any(path.suffix in (".yaml", ".yml") for path in (reference, candidate)):
        raise click.UsageError("--set is for recipes")
    with ExitStack() as stack:
        one = stack.enter_context(
            side(reference, "reference", overrides=overrides, target=target, allow_simulated=allow_simulated)
        )
        other = stack.enter_context(
            side(candidate, "candidate", overrides=overrides, target=target, allow_simulated=allow_simulated)
        )
        if target is not None and "bundle" not in (one.kind, other.kind):
            raise click.UsageError("--target is for bundles")
        verdict = judge(one, other, samples, part, limit, layered=layers)
    click.echo(to_json(verdict) if as_json else "\n".join(lines(verdict)))
    return 0 if verdict.ok else EXIT_REFUSED
