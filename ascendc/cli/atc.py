"""``ascendc atc``: what ATC would say of a command line; what its options are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.cann.atc.findings import Finding
    from ascendc.cann.atc.lint import Report
    from ascendc.cann.atc.script import Invocation
    from ascendc.cann.outline import Outline

VERSION = "1"
"""Of the JSON that ``lint --json`` prints; fields may be added to it."""

_REFUSED = 4


@click.group()
def atc() -> None:
    """Check an ATC command line; explain an option."""


@atc.command()
@click.argument("command", required=False)
@click.option("-f", "--file", "file", metavar="FILE", help="A script with ATC commands instead; `-`: standard input.")
@click.option("--cann", metavar="VERSION", help="The CANN whose ATC is to take it, such as 8.1.RC1.")
@click.option(
    "--model", type=click.Path(path_type=Path), help="The ONNX model, if --model of the command is elsewhere."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per ATC command, one a line.")
@click.pass_context
def lint(
    context: click.Context, command: str | None, file: str | None, cann: str | None, model: Path | None, as_json: bool
) -> None:
    """Say what ATC would refuse of COMMAND, and what is doubtful; nothing is run.

    COMMAND is one argument: put it in single quotes, so that your shell leaves it as it is. Where its ONNX model is
    there, names and shapes are compared with it. Ends with 4 if there is an error.
    """
    from ascendc.cann.atc import lint as linter
    from ascendc.cann.atc.script import invocations
    from ascendc.cann.version import Cann
    from ascendc.errors import UsageError

    if (command is None) == (file is None):
        raise click.UsageError("Give either COMMAND or -f FILE.")
    try:
        version = Cann.parse(cann) if cann else None
    except UsageError as error:
        raise UsageError(error.id, f"--cann {error.message}") from error
    text = _clean(command) if command is not None else _read(str(file))
    folder = Path(file).parent if file not in (None, "-") else None
    refused = False
    for invocation in invocations(text, f"`{file}`" if file else "the command line"):
        outline = _outline(invocation, model, folder)
        report = linter.lint(invocation, cann=version, model=outline)
        refused |= not report.ok
        click.echo(
            as_text(report) if as_json else "\n".join(_lines(report, f"{file}:{invocation.line}: " if file else ""))
        )
    context.exit(_REFUSED if refused else 0)


@atc.command(context_settings={"ignore_unknown_options": True})
@click.argument("option", required=False)
def docs(option: str | None) -> None:
    """Say what OPTION does, takes, excludes and needs; without it, list all options by group."""
    from ascendc.cann.atc import about

    click.echo(about.option(option) if option else about.listing())


def as_text(report: Report) -> str:
    """One line of JSON, as `docs/atc-lint.schema.json` describes it."""
    import json
    from dataclasses import asdict

    return json.dumps({"version": VERSION, **asdict(report)}, ensure_ascii=False)


def schema_text() -> str:
    """``docs/atc-lint.schema.json``."""
    import json

    from ascendc.cann.atc.lint import Report
    from ascendc.contract import DIALECT, schema_of

    return json.dumps({"$schema": DIALECT, **schema_of(Report, version=VERSION)}, indent=2, ensure_ascii=False) + "\n"


def _lines(report: Report, before: str) -> Iterator[str]:
    for kind, findings in (("error", report.errors), ("warning", report.warnings)):
        for finding in findings:
            yield f"{before}{kind} {_said(finding)}"
    yield f"{before}{_summary(report)}"


def _said(finding: Finding) -> str:
    """``E10035 --dynamic_batch_size has one gear; ATC wants at least two. Fix: …``."""
    about = f"--{finding.option} " if finding.option else "the command "
    return f"{finding.code}: {about}{finding.message}. Fix: {finding.fix}"


def _summary(report: Report) -> str:
    chip = f" for {report.soc_version}" if report.soc_version else ""
    errors, warnings = _count(len(report.errors), "error"), _count(len(report.warnings), "warning")
    if report.ok:
        return f"ok: {_count(len(report.options), 'option')}{chip}, no errors, {warnings}"
    return f"{errors}, {warnings}: ATC would not make the OM that is meant{chip}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _outline(invocation: Invocation, model: Path | None, folder: Path | None) -> Outline | None:
    """The ONNX model: the one named to us, or the command's own where it is there."""
    from ascendc.onnx_file import read_outline

    if model is not None:
        return read_outline(model)
    from ascendc.cann.atc.grammar import parse

    options = parse(invocation.words)
    named = options.value("model")
    if named is None or not named.endswith(".onnx") or options.value("framework") not in ("5", None):
        return None
    found = [place / named for place in (Path(), folder) if place is not None and _is_file(place / named)]
    return read_outline(found[0]) if found else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file system takes
        return False


def _read(file: str) -> str:
    """The text of a file or of standard input, without more of it than is looked at."""
    from ascendc.cann.atc.script import LONGEST
    from ascendc.errors import UsageError

    try:
        with click.open_file(file, "rb") as stream:
            content: bytes = stream.read(4 * LONGEST + 1)
    except OSError as error:
        raise UsageError("ASC2104", f"`{file}` cannot be read: {error.strerror}") from error
    return content.decode("utf-8", errors="replace")


def _clean(command: str) -> str:
    """Without the half characters that Python makes of bytes that are no UTF-8."""
    return command.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")
