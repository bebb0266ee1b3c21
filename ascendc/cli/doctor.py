"""``ascendc doctor``: what this machine has, lacks, and how to mend it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ascendc.doctor import Finding

_COLOURS = {"found": "green", "missing": "yellow", "broken": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per finding, one a line.")
def doctor(as_json: bool) -> None:
    """Say what this machine has, lacks, and how to mend it."""
    from ascendc.doctor import examine

    findings = examine()
    if as_json:
        import json
        from dataclasses import asdict

        for finding in findings:
            click.echo(json.dumps(asdict(finding)))
    elif sys.stdout.isatty():
        _table(findings)
    else:
        _plain(findings)


def _plain(findings: tuple[Finding, ...]) -> None:
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        click.echo(f"{finding.name:<{width}}  {finding.state:<7}  {finding.detail}")
        if finding.fix and finding.state != "found":
            click.echo(f"{'':<{width}}  fix:     {finding.fix}")


def _table(findings: tuple[Finding, ...]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_edge=False, pad_edge=False, box=None)
    for heading in ("what", "state", "detail", "fix"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        table.add_row(
            Text(finding.name), Text(finding.state, _COLOURS[finding.state]), Text(finding.detail), Text(finding.fix)
        )
    Console().print(table)
