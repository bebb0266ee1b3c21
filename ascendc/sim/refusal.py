"""What the simulated ATC refuses: what our rules refuse, in the order in which ATC would come to it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ascendc import check
from ascendc.cann.aipp import lint as aipp
from ascendc.cann.aipp.question import Question
from ascendc.cann.aipp.read import read_file
from ascendc.cann.atc import chip
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.table import table
from ascendc.cann.operators import installed
from ascendc.cann.soc import Soc
from ascendc.errors import UsageError
from ascendc.sim.faces import OUTPUT_TYPES

UNSIMULATED = (
    *("singleop", "cluster_config", "hccl_sub_comm_config", "build_config", "raw_ge_options"),
    *("is_input_adjust_hw_layout", "out_nodes", "is_output_adjust_hw_layout"),
    *("external_weight", "save_original_model"),
)
"""Options that make another interface, or other files, than the simulated ATC does."""

_ONLY = {"mode": ("0",), "framework": ("5",), "output_type": tuple(OUTPUT_TYPES)}
"""Options of which it takes these values only."""


class RefusedError(Exception):
    """ATC stops here; the lines of its error block."""

    def __init__(self, *lines: str) -> None:
        super().__init__(lines[0])
        self.lines = lines


def simulated_chip(options: Mapping[str, str]) -> Soc:
    """The chip that an OM is for.

    Raises:
        RefusedError: its operators are not known here, though ATC may know them.
    """
    name, soc = options["soc_version"], chip.named(Options.of(options))
    if soc is None:
        raise RefusedError(f"E10001: not simulated: --soc_version={name}")
    try:
        check.operators_of(soc, installed.find(os.environ))
    except UsageError as error:
        raise RefusedError(f"E10001: not simulated: --soc_version={name}: {error.message}") from error
    return soc


def refuse_unsimulated(options: Mapping[str, str]) -> None:
    """Stop at an option that is not simulated: an OM that passes over it would be another than was asked for.

    Raises:
        RefusedError: there is one.
    """
    for name, value in options.items():
        other = name in UNSIMULATED and not table()[name].is_off(value)
        if other or (value and name in _ONLY and value not in _ONLY[name]):
            raise RefusedError(f"E10001: not simulated: --{name}={value}")


def refuse_first(findings: Iterator[tuple[str, str, str]]) -> None:
    """Stop at the first of our rules' findings: code, message, fix.

    Raises:
        RefusedError: there is one.
    """
    for code, message, fix in findings:
        raise RefusedError(f"{code}: {message}", f"        Solution: {fix}")


def check_operators(onnx: Path, soc: Soc) -> None:
    """Stop at the first operator that ATC's ONNX parser does not know in this opset.

    Raises:
        RefusedError: there is one, or the graph cannot be read in full.
    """
    try:
        [report] = check.check_file(onnx, [soc]).reports
    except UsageError as error:
        raise RefusedError(f"E13005: {error.message}") from error
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
