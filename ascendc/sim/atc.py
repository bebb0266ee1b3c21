"""The simulated ``atc``: it takes ATC's command line, refuses what our rules refuse, and speaks as ATC does.

It is evidence of protocol: exit codes, markers, files. What it accepts, a real ATC may refuse. It ends at the first
problem, as ATC does; ``ascendc atc lint`` and ``ascendc check`` name all of them.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from ascendc.cann.aipp.question import Question
from ascendc.cann.atc import grammar, lint
from ascendc.cann.atc.ignored import NAMED, SIGN
from ascendc.cann.outline import Outline
from ascendc.cann.soc import Soc
from ascendc.errors import UsageError
from ascendc.onnx_file import read_outline
from ascendc.sim import build
from ascendc.sim.device.codes import AclError
from ascendc.sim.faces import read_gears
from ascendc.sim.refusal import (
    RefusedError,
    check_aipp,
    check_operators,
    refuse_first,
    refuse_unsimulated,
    simulated_chip,
)
from ascendc.sim.settings import here
from ascendc.sim.usage import complaint

START = "ATC start working now, please wait for a moment."
SUCCESS = "ATC run success, welcome to the next use."
FAILURE = "ATC run failed, Please check the detail log, Try 'atc --help' for more information"
FAILED = 255
"""Exit status: ATC's own is 0xFFFFFFFF, of which a shell sees the last byte."""

NOT_LOADED = 127
"""Exit status where a library is missing."""

_LIBRARY = "libascend_hal.so"
_TRACE = ("        TraceBack (most recent call last):", "        simulated[FUNC:main][FILE:atc.py][LINE:1]")
"""How every error block ends."""

_SIGNALS = {"killed": signal.SIGKILL, "crash": signal.SIGSEGV}
_MESSAGES = {
    "op-compile": "E20001: Compile operator [MatMulV2] failed.",
    "python": "E40020: Failed to import Python module [decorator].",
    "write": "E13004: Failed to write the OM.",
}


def main(argv: Sequence[str] | None = None, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Run; returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    out, err = out or sys.stdout, err or sys.stderr
    try:
        fault = here().atc_fault
    except UsageError as error:
        err.write(f"ascendc sim: {error.message}\n")
        return FAILED
    options = grammar.parse(grammar.words_of(words))
    if "help" in options.given:
        out.write("usage: atc --name=value … (simulated: `ascendc atc docs` lists the options)\n")
        return 0
    if said := complaint(options, words):
        err.write(f"ERROR: {said} (simulated)\n")
        return FAILED
    if fault == "loader":
        err.write(f"atc.bin: error while loading shared libraries: {_LIBRARY}: no such file (simulated)\n")
        return NOT_LOADED
    out.write(f"{START} (simulated)\n")
    out.flush()
    try:
        _strike(fault)
        target = _compile(words, fault)
    except RefusedError as refused:
        out.write("\n".join((FAILURE, *refused.lines, *_TRACE, "")))
        _plog(refused.lines)
        return FAILED
    out.write(f"{SUCCESS} (simulated: {target.name} runs on no device)\n")
    return 0


def _compile(words: list[str], fault: str) -> Path:
    report = lint.lint_argv(words)
    refuse_first((finding.code, f"--{finding.option} {finding.message}", finding.fix) for finding in report.errors)
    given = dict(report.options)
    refuse_unsimulated(given)
    onnx = Path(given["model"])
    if not os.path.isfile(onnx) or not os.access(onnx, os.R_OK):  # noqa: PTH113 - pathlib's raises at long names
        raise RefusedError(f"E10410: {onnx} does not exist or cannot be read.")
    try:
        outline = read_outline(onnx)
    except UsageError as error:
        raise RefusedError(f"E13005: {error.message}") from error
    report = lint.lint_argv(words, model=outline)
    refuse_first((finding.code, f"--{finding.option} {finding.message}", finding.fix) for finding in report.errors)
    soc = simulated_chip(given)
    check_operators(onnx, soc)
    if config := given.get("insert_op_conf"):
        check_aipp(Path(config), _question(soc, outline, given))
    if file := given.get("keep_dtype"):
        _pass_over(Path(file), {node.name for node in outline.nodes}, given.get("log", ""))
    try:
        made = build.compiled(onnx, given)
    except AclError as error:
        raise RefusedError(f"E19999: Inner Error! {error.message}") from error
    target = Path(f"{given['output']}{made.suffix}.om")
    if fault != "lies":
        _write(target, made.content[: len(made.content) // 2 if fault == "truncated" else None])
    return target


def _write(target: Path, content: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError as error:
        raise RefusedError(f"E13004: {target} cannot be written: {error.strerror}.") from error


def _question(soc: Soc, outline: Outline, options: Mapping[str, str]) -> Question:
    gears = read_gears(options)
    sizes = tuple((value[0], value[1]) for value in gears.values) if gears and gears.kind == "image" else ()
    return Question(soc=soc, model=outline, image_sizes=sizes)


def _strike(fault: str) -> None:
    if fault == "hang":
        while True:
            time.sleep(1)
    elif fault in _SIGNALS:
        os.kill(os.getpid(), _SIGNALS[fault])
    elif fault in _MESSAGES:
        raise RefusedError(_MESSAGES[fault], "        Solution: none; the fault is simulated.")


def _pass_over(file: Path, nodes: Collection[str], level: str) -> None:
    """Names of nodes that are not in the graph: a warning in the log, if it is kept, and nothing else."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"E10410: {file} does not exist or cannot be read.") from error
    unknown = [name for line in lines if (name := line.strip()) and "::" not in name and name not in nodes]
    if unknown and level in ("debug", "info", "warning"):
        named = " ".join(f"op name:[{name}]" for name in unknown[:NAMED])
        more = " .." if len(unknown) > NAMED else ""
        _plog([f"[attr_options.cc:1]1 {SIGN}:{len(unknown)} not in the graph: {named}{more}"], "WARNING")


def _plog(lines: Sequence[str], level: str = "ERROR") -> None:
    """The log that ATC leaves where it is told to."""
    root = os.environ.get("ASCEND_PROCESS_LOG_PATH")
    if not root:
        return
    folder = Path(root) / "debug" / "plog"
    text = "".join(f"[{level}] GE({os.getpid()},atc.bin):simulated {line.strip()}\n" for line in lines)
    with suppress(OSError):  # what ATC says does not depend on where its log can be kept
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"plog-{os.getpid()}_1.log").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
