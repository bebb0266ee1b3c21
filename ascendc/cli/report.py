"""``ascendc report``: one HTML file of what was built, checked, forecast and measured."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ascendc.errors import UsageError

if TYPE_CHECKING:
    from ascendc.report.words import Language

MOST_BYTES = 3_000_000
"""Of a report; that of a build has a tenth."""

_PAGE = b"<!DOCTYPE html>"
"""How every report begins."""


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
    _see_that_it_may_go(output, what)
    page = reports.page_of(reports.read(what))
    text = reports.html(page, lang or language_of_environment())
    if (size := len(text.encode())) > MOST_BYTES:
        raise UsageError(
            "ASC2906",
            f"the report would have {size / 1e6:.1f} MB; {MOST_BYTES / 1e6:.0f} MB are allowed, which can be mailed",
            hint="give fewer files, and write several reports",
        )
    _write(text, output)
    click.echo(f"{click.format_filename(output)}: {len(page.sections)} sections, {size / 1e3:.0f} kB")


def _see_that_it_may_go(output: Path, what: tuple[Path, ...]) -> None:
    """A report replaces an older one, and nothing else.

    Raises:
        UsageError: the file holds something else, or would be in a bundle, which may not change (ASC2907).
    """
    where = os.path.realpath(output)
    for folder in what:
        if folder.is_dir() and Path(where).is_relative_to(os.path.realpath(folder)):
            raise UsageError(
                "ASC2907",
                f"-o `{output}` is in `{folder}`, and a bundle that holds what its build did not make is not valid",
                hint=f"-o {shlex.quote(os.path.relpath(Path(os.path.realpath(folder)).with_suffix('.html')))}",
            )
    if os.path.lexists(where) and not _is_page(Path(where)):
        raise UsageError(
            "ASC2907", f"-o `{output}` exists and is no HTML page; it is left as it is", hint="-o report.html"
        )


def _is_page(path: Path) -> bool:
    """Whether a file is what a report may replace: a page, or empty."""
    if not path.is_file():
        return False
    with suppress(OSError), path.open("rb") as file:
        return file.read(len(_PAGE)) in (b"", _PAGE)
    return False


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
        raise UsageError("ASC2905", f"-o `{path}` cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink()
