"""The file that ``ascendc probe`` writes and that a target's ``board`` names."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ascendc.cann.soc import Soc, table
from ascendc.cann.version import Cann
from ascendc.document import check
from ascendc.document import read as read_document
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.probe.ask import Report


def _exact_soc(name: str) -> str:
    if name not in table():
        text = f"must not be `{name}`, which no SoC is called; allowed: exact names such as Ascend310P3"
        raise PydanticCustomError("refused", "{text}", {"text": text})
    return name


def _cann(text: str) -> str:
    try:
        return Cann.parse(text).text
    except UsageError as error:
        raise PydanticCustomError("refused", "{text}", {"text": error.message}) from error


Word = Annotated[str, Field(pattern=r"^[0-9A-Za-z._+~:-]{1,64}$")]
Count = Annotated[int, Field(ge=0, lt=2**53)]
CannText = Annotated[str, AfterValidator(_cann)]


class BoardFields(BaseModel):
    """What is known of a board. None: it could not be read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    version: Literal[1]
    """of this file's format"""
    soc: Annotated[str, AfterValidator(_exact_soc)] | None = None
    """the exact chip"""
    run_mode: Literal["device", "host"] | None = None
    """device: programs run on the chip's own CPU; host: the chip is a PCIe card"""
    cann: CannText | None = None
    """the version that runs"""
    other_canns: list[CannText] = Field(default_factory=list)
    """further versions installed"""
    driver: Word | None = None
    """of the NPU"""
    arch: Word | None = None
    """of the CPU"""
    python: Word | None = None
    """of the python3 that ran the probe"""
    glibc: Word | None = None
    """of the operating system"""
    memory_mb: Count | None = None
    """in all, of the CPU"""
    disk_free_mb: Count | None = None
    """in the home folder"""


@dataclass(frozen=True)
class Board:
    """What a target takes from a board file."""

    soc: Soc | None
    cann: Cann | None


def read(path: Path) -> Board:
    """The board in a file. It may come from anywhere: nothing in it is believed unchecked.

    Raises:
        UsageError: it cannot be read or is not what the probe writes (ASC11xx), said as a recipe's errors are.
    """
    document = read_document(path)
    fields, problems = check(BoardFields, document)
    problems += document.problems
    if fields is None or problems:
        raise document.error(problems)
    return Board(table()[fields.soc] if fields.soc else None, Cann.parse(fields.cann) if fields.cann else None)


_PLAIN = re.compile(r"[A-Za-z0-9_./+-]*[A-Za-z_]")
"""File names that YAML takes as they are."""

_SIMULATED = "SIMULATED: the CANN of `ascendc sim env` answered; there is no such board"

_SUMMARY = ("soc", "cann", "driver", "python")


def summary(report: Report) -> str:
    """What a person looks for first, a line each: the value, or why it is missing."""
    missing = {name: f"not known: {report.missing.get(name, 'the probe did not say')}" for name in _SUMMARY}
    lines = [f"{name + ':':<8}{getattr(report.fields, name) or missing[name]}" for name in _SUMMARY]
    return "\n".join([*lines, *([_SIMULATED] if report.simulated else [])])


def render(report: Report, command: str, file: str) -> str:
    """The text of a board file: every field with what it means, or why it is missing.

    Args:
        report: what the board said.
        command: what asked it.
        file: where it will be, for the lines that say how a recipe uses it.
    """
    lines = [
        *([f"# {_SIMULATED}"] if report.simulated else []),
        f"# Written by `{command}`. A recipe uses it as a target:",
        "#   targets:",
        f"#     - board: {file if _PLAIN.fullmatch(file) else json.dumps(file)}",
        "",
    ]
    for name, field in BoardFields.model_fields.items():
        value = getattr(report.fields, name)
        comment = f"not known: {report.missing[name]}" if name in report.missing else field.description
        # JSON is YAML, and its quotes hold whatever the board said.
        lines.append(f"{name}: {json.dumps(value)}  # {comment}")
    return "\n".join(lines) + "\n"
