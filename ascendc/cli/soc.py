"""``ascendc soc``: what is known of a SoC, what its names mean, and which one is in this machine."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ascendc.errors import EnvironmentLacksError, UsageError

if TYPE_CHECKING:
    from ascendc.cann.present import Present

VERSION = "1"
"""Of the JSON."""

MOST_BYTES = 1 << 20
"""Of an output of npu-smi: a machine with sixteen chips prints three kilobytes."""


@click.command()
@click.argument("name", required=False)
@click.option("--here", is_flag=True, help="Which chip this machine has.")
@click.option("--npu-smi", "file", metavar="FILE", help="Which chip a saved output of npu-smi shows; - reads stdin.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: docs/soc.schema.json.")
def soc(name: str | None, here: bool, file: str | None, as_json: bool) -> None:
    """Say what is known of NAME: a value of --soc_version, a family, what people say, a product.

    Without NAME, every family. `910B`, `310B4`, `ascend310p3`, `A2` and `300I Pro` are all understood.
    """
    if (name is not None) + here + (file is not None) > 1:
        raise UsageError("ASC1214", "only one of NAME, --here and --npu-smi may be given", hint="ascendc soc --here")
    from ascendc.cann import about

    if here:
        from ascendc.probe import here as ask

        report = about.of_machine(ask())
    elif file is not None:
        report = about.of_machine(_saved(file))
    else:
        report = about.everything() if name is None else about.of_name(name)
    if as_json:
        click.echo(json.dumps({"version": VERSION, **asdict(report)}, ensure_ascii=False))
    else:
        from ascendc.cli.soc_text import text

        click.echo(text(report))
    if report.machine and not report.socs:
        raise SystemExit(EnvironmentLacksError.exit_code)


def schema_text() -> str:
    """The schema of the JSON, as docs/soc.schema.json holds it."""
    from ascendc.cann.about import Report
    from ascendc.contract import DIALECT, schema_of

    schema = {"$schema": DIALECT, "title": "ascendc soc --json", **schema_of(Report, version=VERSION)}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _saved(file: str) -> Present:
    from ascendc.cann.present import find_saved

    try:
        if file == "-":
            content = sys.stdin.buffer.read(MOST_BYTES)
        else:
            with Path(file).open("rb") as stream:
                content = stream.read(MOST_BYTES)
    except OSError as error:
        raise UsageError("ASC1215", f"`{file}` cannot be read: {error.strerror}") from error
    return find_saved(content.decode(errors="replace"), "standard input" if file == "-" else file)
