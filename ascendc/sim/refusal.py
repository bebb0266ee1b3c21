"""What the simulated ATC refuses: what our rules refuse, in the order in which ATC would come to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ascendc import check
from ascendc.cann import soc as socs
from ascendc.cann.aipp import lint as aipp
from ascendc.cann.aipp.question import Question
from ascendc.cann.aipp.read import read_file
from ascendc.errors import UsageError


class RefusedError(Exception):
    """ATC stops here; the lines of its error block."""

    def __init__(self, *lines: str) -> None:
        super().__init__(lines[0])
        self.lines = lines


def refuse_first(findings: Iterator[tuple[str, str, str]]) -> None:
    """Stop at the first of our rules' findings: code, message, fix.

    Raises:
        RefusedError: there is one.
    """
    for code, message, fix in findings:
        raise RefusedError(f"{code}: {message}", f"        Solution: {fix}")


def check_operators(onnx: Path, soc: socs.Soc) -> None:
    """Stop at the first operator that ATC's ONNX parser does not know in this opset.

    Raises:
        RefusedError: there is one.
    """
    [report] = check.check_file(onnx, [soc]).reports
    for finding in report.findings:
        if finding.status in ("opset", "unmapped"):
            key = f"ai.onnx::{report.opset}::{finding.op}"
            raise RefusedError(f"E16002: No ONNX parser is registered for [{key}], node [{finding.node}].")


def check_aipp(config: Path, question: Question) -> None:
    """Stop at what the front end, or later the kernel, refuses of an AIPP configuration.

    Raises:
        RefusedError: there is something, or the file cannot be read.
    """
    try:
        blocks = read_file(config)
    except UsageError as error:
        raise RefusedError(f"E10410: {error.message}.") from error
    for refusal in aipp.lint(blocks, question).errors:
        if refusal.gate == "kernel":
            raise RefusedError(
                "E20001: Compile operator [aipp] failed.",
                f"        Compile op[aipp] failed, cause: {refusal.message} ({refusal.field})",
            )
        raise RefusedError(f"{refusal.code}: {refusal.field}: {refusal.message}")
