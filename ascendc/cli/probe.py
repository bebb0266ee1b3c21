"""``ascendc probe``: a board's facts into a file that a target can name."""

from __future__ import annotations

from pathlib import Path

import click

from ascendc.errors import UsageError


@click.command()
@click.argument("host", required=False, metavar="[USER@HOST]")
@click.option("--local", is_flag=True, help="Probe this machine.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("board.yaml"),
    show_default=True,
    help="File to write.",
)
@click.option("--force", is_flag=True, help="Overwrite the file.")
def probe(host: str | None, local: bool, output: Path, force: bool) -> None:
    """Read a board's exact SoC, run mode, CANN, driver, Python, glibc, memory and disk.

    One script goes to the board by ssh and runs in its Python; nothing is left there. A recipe takes the file
    as a target: `targets: [{board: board.yaml}]`.
    """
    if local == (host is not None):
        raise UsageError("ASC1051", "one of USER@HOST and --local must be given", hint="ascendc probe --local")
    if output.exists() and not force:
        raise UsageError("ASC1052", f"{output} exists already", hint="--force overwrites it, -o names another file")
    from ascendc.probe import ask, render, summary

    report = ask(host)
    text = render(report, f"ascendc probe {host or '--local'}", str(output))
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError("ASC1053", f"{output} cannot be written: {error.strerror}") from error
    click.echo(summary(report))
    click.echo(f"{output}: written")
