"""``ascendc run``: one question to a bundle, or to a recipe's PyTorch model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ascendc.cli.several import several

if TYPE_CHECKING:
    from ascendc.run import Asked
    from ascendc.torch_device import Precision

_MOMENT_S = 1
"""For a child to end after an interrupt."""


@click.command(cls=several("--image", "--texts", "--arrays", "--template"))
@click.argument("what", type=click.Path(path_type=Path, exists=True), metavar="BUNDLE|RECIPE")
@click.option("--image", "images", multiple=True, metavar="FILE|FOLDER...", help="Pictures to ask about.")
@click.option("--texts", multiple=True, metavar="TEXT...", help="What they may show.")
@click.option("--labels", metavar="FILE", help="What they may show: .txt, one a line, or .npz that --output wrote.")
@click.option("--template", "templates", multiple=True, metavar="TEXT...", help="A label's texts, averaged: `a {}`.")
@click.option("--arrays", multiple=True, metavar="FILE...", help=".npz or .npy, for models with other inputs.")
@click.option("--device", type=click.Choice(["auto", "npu", "cuda", "cpu"]), default="auto", show_default=True)
@click.option(
    "--precision",
    type=click.Choice(["fp32", "fp16", "bf16"]),
    help="What a recipe's model computes in; a bundle's is fixed.  [fp32]",
)
@click.option("--fp16", is_flag=True, help="The same as --precision fp16.")
@click.option(
    "--top-k", type=click.IntRange(0), default=5, show_default=True, help="Texts named per picture; 0: embeddings only."
)
@click.option(
    "--embed",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT.npz",
    help="Keep embeddings; with --top-k 0, of pictures or texts alone.",
)
@click.option("--output", metavar="OUT.npz", help="Keep names and embeddings, of pictures or else of labels.")
@click.option("--skip-broken", is_flag=True, help="Leave pictures out that cannot be read; exit code 4.")
@click.option("--allow-simulated", is_flag=True, help="Offer a device OMs of a bundle that no real ATC made.")
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Of a recipe: model.weights=random")
@click.option("--allow-pickle", is_flag=True, help="Load weights that only a full pickle holds: it can run code.")
@click.option("--target", help="Which target of a bundle [the first that can run].")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object; with a folder, --output or --skip-broken, one a line."
)
@click.option("-v", "--verbose", is_flag=True, help="Why better devices were passed over; tracebacks.")
def run(
    what: Path,
    embed: Path | None,
    as_json: bool,
    verbose: bool,
    target: str | None,
    overrides: tuple[str, ...],
    allow_pickle: bool,
    precision: Precision | None,
    fp16: bool,
    labels: str | None,
    templates: tuple[str, ...],
    output: str | None,
    skip_broken: bool,
    allow_simulated: bool,
    **question: Any,
) -> int:
    """Ask a BUNDLE directory, or the PyTorch model of a RECIPE, what the pictures show.

    The device that is really used stands in every answer; `auto` takes NPU before CUDA before CPU.

    Example: ascendc run build/tiny-clip --image square.png --texts "a red square" "a blue circle"
    """
    if fp16 and precision not in (None, "fp16"):
        raise click.UsageError(f"--fp16 means --precision fp16, and --precision is {precision}")
    precision = "fp16" if fp16 else precision
    if what.is_dir():
        if precision is not None:
            raise click.UsageError("--precision and --fp16 are for recipes: a bundle's was fixed when it was built")
        if overrides or allow_pickle:
            raise click.UsageError("--set and --allow-pickle change a recipe; a bundle is what it is")
        single = {"embed": embed, "target": target, "labels": labels, "output": output}
        flags = {"json": as_json, "verbose": verbose, "skip-broken": skip_broken}
        flags["allow-simulated"] = allow_simulated
        return _run_bundle(what, single, flags, templates, **question)
    from ascendc.run import run_recipe

    if allow_pickle:
        overrides += ("model.allow_pickle=true",)
    if target is not None:
        raise click.UsageError("--target chooses among a bundle's OMs; a recipe is run by PyTorch")
    folder = any(Path(image).is_dir() for image in question["images"])
    if labels is not None or templates or output is not None or skip_broken or allow_simulated or folder:
        only = "folders, --labels, --template, --output, --skip-broken and --allow-simulated"
        raise click.UsageError(f"{only} are for bundles: ascendc build RECIPE")
    asked = run_recipe(what, overrides=overrides, precision=precision or "fp32", **question)
    if embed is not None:
        _save(embed, asked)
    click.echo(_json(asked) if as_json else _text(asked, verbose))
    return 0


def _save(path: Path, asked: Asked) -> None:
    from ascendc.errors import UsageError
    from ascendc.runtime.npz import write_npz

    try:
        write_npz(path if path.suffix == ".npz" else Path(f"{path}.npz"), asked.answer.arrays)
    except OSError as error:
        raise UsageError("ASC2013", f"--embed: `{path}` cannot be written: {error.strerror}") from error


def _text(asked: Asked, verbose: bool) -> str:
    passed_over = [f"passed over {reason}" for reason in asked.choice.reasons] if verbose else []
    return "\n".join([*asked.answer.lines, *passed_over, *(f"{part}: {engine}" for part, engine in asked.engines)])


def _json(asked: Asked) -> str:
    import json

    return json.dumps(
        {
            "results": asked.answer.results,
            "engines": dict(asked.engines),
            "devices": dict.fromkeys(dict(asked.engines), asked.choice.device),
            "passed_over": asked.choice.reasons,
        },
        ensure_ascii=False,
    )


def _run_bundle(
    folder: Path,
    single: dict[str, Any],
    flags: dict[str, bool],
    templates: tuple[str, ...],
    *,
    images: tuple[str, ...],
    texts: tuple[str, ...],
    arrays: tuple[str, ...],
    device: str,
    top_k: int,
) -> int:
    """Let the bundle answer by itself, as it does on the board."""
    import sys

    from ascendc.bundle import manifest

    manifest.read(folder)
    command = [sys.executable, "-B", str(folder / "python"), "run", "--device", device, "--top-k", str(top_k)]
    command += [f"--{name}" for name, wanted in flags.items() if wanted]
    command += [f"--{name}={value}" for name, value in single.items() if value is not None]
    for name, values in (("image", images), ("texts", texts), ("arrays", arrays), ("template", templates)):
        command += [f"--{name}={value}" for value in values]
    return _wait(command)


def _wait(command: list[str]) -> int:
    """Run it. Ctrl-C reaches it too, so it has a moment to give back what it holds; then it is told, then killed.

    Raises:
        StageError: it died of a signal (ASC2014).
    """
    import signal
    import subprocess

    from ascendc.cli.interrupt import INTERRUPTED
    from ascendc.errors import StageError

    with subprocess.Popen(command) as child:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            for told in (signal.SIGINT, signal.SIGKILL):
                try:
                    child.wait(_MOMENT_S)
                    break
                except subprocess.TimeoutExpired:
                    child.send_signal(told)
            return INTERRUPTED
    if code < 0:
        hint = "dmesg, where memory ran out; npu-smi info, where a driver failed"
        raise StageError("ASC2014", f"the bundle's process died of {signal.Signals(-code).name}", hint=hint)
    return code
