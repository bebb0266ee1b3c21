"""``ascendc report``: one HTML file of what was built, checked, forecast and measured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ascendc.errors import UsageError

if TYPE_CHECKING:
    from ascendc.report.words import Language

MOST_BYTES = 3_000_000
"""Of a report; that of a build has a tenth."""


@click.command()
@click.argument("what", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="BUILD|RESULTS.json...")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("report.html"), show_default=True
)
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language [by LC_ALL, LC_MESSAGES, LANG; else en].")
def report(what: tuple[Path, ...], output: Path, lang: Language | None) -> None:
    """Write one HTML file, which asks nothing of the network, of a BUILD and of RESULTS.

    A BUILD is a bundle or its .build.json; RESULTS are what `ascendc bench --output`, and `ascendc compare`, `forecast`
    and `check` with --json wrote. Files are told apart by what they contain.

    Example: ascendc report build/tiny-clip bench.json forecast.json -o report.html
    """
    from ascendc import report as reports
    from ascendc.cli.explain import language_of_environment
    from ascendc.report.charts import require

    require()
    page = reports.page_of(reports.read(what))
    text = reports.html(page, lang or language_of_environment())
    if (size := len(text.encode())) > MOST_BYTES:
        raise UsageError(
            "ASC2906",
            f"the report would have {size / 1e6:.1f} MB; {MOST_BYTES / 1e6:.0f} MB are allowed, which can be mailed",
            hint="give fewer files, and write several reports",
        )
    _write(text, output)
    click.echo(f"{output}: {len(page.sections)} sections, {size / 1e3:.0f} kB")


def _write(text: str, path: Path) -> None:
    """Write the file: whole, or not at all.

    Raises:
        UsageError: it cannot be written (ASC2905).
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError("ASC2905", f"-o `{path}` cannot be written: {error.strerror}") from error
