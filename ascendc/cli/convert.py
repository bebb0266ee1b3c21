"""``ascendc convert``: a build without a recipe; the recipe that says the same is written and used."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ascendc.errors import UsageError

if TYPE_CHECKING:
    from ascendc.registry import Registry

MARK = "# Written by `ascendc convert"
"""Starts the line that says a recipe may be overwritten."""

GEARS = (1, 2, 4, 8)
"""What ``--dynamic-batch`` compiles for."""


class _Models(click.Group):
    """One sub-command for every model plugin, whoever brought it; all take the same options."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_plugins(ctx).models)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        _plugins(ctx).model(cmd_name)  # an unknown name is said in the registry's words
        return click.Command(
            cmd_name,
            params=_model.params,
            callback=_model.callback,
            help=_model.help,
            short_help=f"Convert a model of the plugin `{cmd_name}`.",
        )


def _plugins(ctx: click.Context) -> Registry:
    from ascendc import registry

    if not isinstance(ctx.obj, registry.Registry):
        ctx.obj = registry.load()
    return ctx.obj


@click.group(cls=_Models)
def convert() -> None:
    """Build a model without a recipe; the recipe used is written beside the bundle."""


@click.command()
@click.argument("source", required=False, metavar="[MODEL]")
@click.option("--model", help="The same as MODEL: a name that the plugin knows, a hub id, a file or a folder.")
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path),
    help="Folder for recipe.yaml and bundle/ [build/<plugin>].",
)
@click.option("--soc-version", required=True, help="The chip, as Ascend310P3.")
@click.option("--cann", default="unknown", show_default=True, help="The CANN version on the board.")
@click.option("--batch-size", type=click.IntRange(1), default=1, show_default=True, help="Of every part.")
@click.option("--dynamic-batch", is_flag=True, help="Gears 1, 2, 4, 8, and --batch-size.")
@click.option("--precision", type=click.Choice(["fp16", "mixed", "origin", "auto"]), help="[fp16]")
@click.option("--aipp", type=click.Choice(["none", "rgb"]), help="Who normalises pictures; rgb: the chip. [none]")
@click.option("--opset", type=click.IntRange(1), help="Of the ONNX graph. [suits the CANN]")
@click.option("--weights", type=click.Choice(["pretrained", "random"]), help="[pretrained]")
@click.option("--revision", help="Branch, tag or commit of a hub id.")
@click.option("--part", "parts", multiple=True, help="Build this part; may be given again. [all]")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="One of the plugin's own options.")
@click.option("--allow-pickle", is_flag=True, help="Load weights that only a full pickle holds: it can run code.")
@click.option("--require-om", is_flag=True, help="Exit 5 if an OM cannot be compiled here.")
@click.option("--json", "as_json", is_flag=True, help="One event per line on stdout.")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors.")
@click.option("-v", "--verbose", is_flag=True, help="Print what every step says.")
@click.pass_context
def _model(
    ctx: click.Context,
    /,
    output_dir: Path | None,
    require_om: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **said: Any,
) -> int:
    """Convert MODEL and package it for the board.

    What is built is what recipe.yaml in the output folder says: for more than these options can say (several
    targets, parts that differ), copy it, change it, and run `ascendc build`.
    """
    from ascendc.cli.build import execute
    from ascendc.recipe import path_options

    folder = output_dir or Path("build") / str(ctx.info_name)
    path = folder / "recipe.yaml"
    plugin = str(ctx.info_name)
    paths = path_options(_plugins(ctx).model(plugin).Options)
    _write(path, _text(plugin, _content(plugin, folder, paths, **said)))
    return execute(
        [path],
        output=folder / "bundle",
        require_om=require_om,
        as_json=as_json,
        verbosity=-1 if quiet else int(verbose),
    )


def _content(
    plugin: str,
    folder: Path,
    paths: tuple[str, ...],
    *,
    source: str | None,
    model: str | None,
    soc_version: str,
    cann: str,
    batch_size: int,
    dynamic_batch: bool,
    precision: str | None,
    aipp: str | None,
    opset: int | None,
    weights: str | None,
    allow_pickle: bool,
    revision: str | None,
    parts: tuple[str, ...],
    options: tuple[str, ...],
) -> dict[str, Any]:
    """What the options say, as a recipe; what they leave open is left out.

    Args: `paths`: those of the plugin's own options that are paths.
    """
    if (source is None) == (model is None):
        raise UsageError("ASC1056", "one model must be given: as MODEL or by --model", hint="ascendc plugins")
    named = source or str(model)
    batch = sorted({*GEARS, batch_size}) if dynamic_batch else batch_size
    sections = {
        "version": 1,
        "model": {
            "plugin": plugin,
            "source": _relative(named, folder) if Path(named).expanduser().exists() else named,
            "revision": revision,
            "weights": weights,
            "allow_pickle": allow_pickle or None,
            "parts": list(parts),
            "options": _options(options, paths, folder),
        },
        "export": {"opset": opset},
        "targets": [{"soc": soc_version, "cann": cann, "batch": batch, "precision": precision, "aipp": aipp}],
        "bundle": {"name": plugin},
    }
    return {name: value for name, section in sections.items() if (value := _said(section))}


def _said(section: Any) -> Any:
    """`section` without what was not said."""
    if isinstance(section, dict):
        return {name: _said(value) for name, value in section.items() if value not in (None, [], {})}
    return [_said(item) for item in section] if isinstance(section, list) else section


def _relative(named: str, folder: Path) -> str:
    """A path that is relative to the current folder, as the recipe in `folder` must name it."""
    path = Path(named).expanduser().absolute()
    # By what links lead to: `..` in the recipe is followed as the file system does.
    relative = os.path.relpath(path.parent.resolve() / path.name, folder.resolve())
    return relative if relative.startswith(".") else f"./{relative}"


def _options(settings: tuple[str, ...], paths: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """``name=value`` pairs; a value is YAML."""
    from ascendc.document.reader import parse

    options = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise UsageError("ASC1057", f"--option {setting}: must be NAME=VALUE")
        value = parse(text, f"--option {setting}").values
        options[name] = _relative(value, folder) if name in paths and isinstance(value, str) else value
    return options


def _text(plugin: str, content: dict[str, Any]) -> str:
    """The recipe file. Its values are JSON, which is YAML whose text is always quoted."""
    lines = [
        "# yaml-language-server: $schema=recipe.schema.json",
        f"{MARK} {plugin}`, and overwritten by the next one into this folder: copy it to change it.",
    ]
    for name, section in content.items():
        if isinstance(section, dict):
            lines += ["", f"{name}:", *(f"  {_pair(*item)}" for item in section.items())]
        elif isinstance(section, list):
            lines += ["", f"{name}:"]
            for item in section:
                first, *rest = (_pair(*pair) for pair in item.items())
                lines += [f"  - {first}", *(f"    {pair}" for pair in rest)]
        else:
            lines += ["", _pair(name, section)]
    return "\n".join(lines) + "\n"


def _pair(name: str, value: Any) -> str:
    return f"{name}: {json.dumps(value, ensure_ascii=False)}"


def _write(path: Path, text: str) -> None:
    """Write the recipe, and the schema its first line names; a recipe of somebody else's stays."""
    from ascendc.cli.recipe import schema_text

    try:
        if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace"):
            raise UsageError(
                "ASC1054",
                f"{path} exists, and `ascendc convert` has not written it",
                hint=f"ascendc build {path}  (or name another folder by --output-dir)",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.with_name("recipe.schema.json").write_text(schema_text(), encoding="utf-8")
    except OSError as error:
        raise UsageError("ASC1055", f"{path} cannot be written: {error.strerror}") from error
