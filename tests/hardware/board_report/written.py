"""Writes both files, and says what to do with them."""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from .markdown import markdown, verdicts
from .report import SCHEMA, Report

FILE, TEXT = "hardware-report.json", "hardware-report.md"


def write(report: Report, output: Path) -> None:
    """Write to `output`; if that can no longer be written to, to a new folder below the one for temporary files.

    Raises:
        OSError: neither can be written to.
    """
    try:
        _files(report, output)
    except OSError as error:  # the disk is full, or gone: what took hours is not lost for it
        lost, output = output, Path(tempfile.mkdtemp(prefix="hardware-report-"))
        _files(report, output)
        sys.stderr.write(f"error: {lost} cannot be written to ({error.strerror}): the report is in {output}\n")
    print(f"\n{'SIMULATED: ' if report.simulated else ''}{verdicts(report)}")
    print(f"Written: {output / FILE}, and {TEXT} beside it.")
    print("Nothing was sent. Names, addresses and serial numbers that were recognised are taken out: read both files.")
    if report.simulated:
        print("This was the simulator: there is nothing to file.")
    else:
        print("If you agree that they become public, file them by the form `Hardware report` of the project's issues.")


def _files(report: Report, output: Path) -> None:
    record = {"schema": SCHEMA, **asdict(report)}
    (output / FILE).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (output / TEXT).write_text(markdown(report), encoding="utf-8")
