"""What an ATC run came to: an OM, or one sentence that says why not.

Success is exit status 0, and the success line, and an OM in a folder that was empty before. ``compile.sh`` in a
bundle judges by the same rules and in the same words.
"""

from __future__ import annotations

import re
import shlex
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.cann.atc import command as atc
from ascendc.errors import AscendcError, EnvironmentLacksError, StageError, UsageError
from ascendc.toolchain import install

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.cann.explain.seen import Model
    from ascendc.toolchain.process import Outcome

TIME_LIMIT_VARIABLE = "ASCENDC_TIME_LIMIT"
"""Environment variable: seconds a run may take, here and in ``compile.sh``."""

LACKING = 69
"""Exit status of our script when something ATC needs is missing (EX_UNAVAILABLE)."""

_SHELL_SIGNAL = range(129, 129 + 64)
"""Exit statuses by which a shell or an engine says that a signal ended the command: 128 + its number."""

_NO_REASON = ("warning", "runtime")
"""Kinds of error for which ATC does not fail: it runs where no device is, and its logs say so."""

_BELOW = "\n        "
"""What puts the lines of a hint under its first."""

_NOT_STARTED = (126, 127)
"""Exit statuses of a shell, and of the loader, for a program that cannot be started."""


@dataclass(frozen=True)
class Failure:
    """Why there is no OM."""

    id: str
    sentence: str
    hint: str = ""
    lacking: bool = False
    """The environment lacks something, rather than that the run failed."""

    def error(self, label: str, log: Path, meaning: str = "") -> AscendcError:
        """The exception, which names the log.

        Args:
            label: of the part and the target.
            log: what ATC wrote, kept.
            meaning: of what is in the log, in our own words; may be empty.
        """
        if self.lacking:
            return EnvironmentLacksError(
                self.id, f"{label} cannot be compiled here: {self.sentence}", hint=self.hint or "ascendc doctor"
            )
        explain = f"ascendc explain -f {shlex.quote(str(log))}" if meaning else ""
        hints = [text for text in (meaning, self.hint, explain) if text]
        return StageError(self.id, f"ATC for {label} {self.sentence}; its log: {log}", hint=_BELOW.join(hints) or None)


def judge(outcome: Outcome, output: str, folder: Path, name: str, time_limit: float) -> Path | Failure:
    """The OM, or why there is none.

    Args:
        outcome: how the run ended.
        output: all it wrote.
        folder: where the OM was to come; empty before the run.
        name: of the OM, without suffix.
        time_limit: seconds it had.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith("ascendc:")]
    last = _quote(lines)
    succeeded = any(line.startswith(atc.SUCCESS) for line in lines)
    if outcome.timed_out:
        return Failure(
            "ASC1740",
            f"ran past its time limit of {time_limit:.0f} s and was stopped{last}",
            f"export {TIME_LIMIT_VARIABLE}={2 * time_limit:.0f}",
        )
    if outcome.status == 0:
        if not succeeded:
            return Failure("ASC1741", f"exited with status 0 without saying that it succeeded{last}")
        return _om(folder, name) or Failure("ASC1742", f"said that it succeeded, yet wrote no {name}.om")
    if succeeded:
        return Failure("ASC1743", f"said that it succeeded, yet exited with status {outcome.status}")
    return _failed(outcome.status, lines, install.facts(output))


def _failed(status: int, lines: list[str], facts: dict[str, str]) -> Failure:
    last = _quote(lines)
    if status == LACKING and facts.get(install.LACKS):
        return Failure("ASC1744", facts[install.LACKS], facts.get("hint", ""), lacking=True)
    wrong_python = [line for line in lines if _code(line) in atc.PYTHON_ERRORS]
    if wrong_python:
        return Failure(
            "ASC1745",
            f"cannot use the Python it loaded, {facts.get('python', 'an unknown one')}: {wrong_python[-1]}",
            "export ASCENDC_PYTHON=/path/to/python3",
        )
    number = -status if status < 0 else status - 128 if status in _SHELL_SIGNAL else 0
    if number == signal.SIGKILL:
        return Failure(
            "ASC1746",
            f"was killed by signal 9, most often for lack of memory{last}",
            "export TE_PARALLEL_COMPILER=1",
        )
    if number:
        return Failure("ASC1747", f"died by signal {number}{last}")
    if status in _NOT_STARTED:
        return Failure("ASC1748", f"could not be started (exit status {status}){last}", "ascendc doctor")
    return Failure("ASC1749", f"failed with exit status {status}{last}")


def meaning(log: Path, onnx: Path) -> str:
    """What went wrong and what to do, in two sentences, from what ATC and its own logs wrote; empty if it is not known.

    Args:
        log: of the run.
        onnx: the graph that was compiled, in which the place is looked for.
    """
    from ascendc.cann.explain import diagnosis, logs

    try:
        found = diagnosis.of_logs(logs.read(str(log)), model=_model(onnx))
    except UsageError:  # nothing in it is known to us
        return ""
    return "" if found.root.kind in _NO_REASON else diagnosis.summary(found)


def _model(onnx: Path) -> Model | None:
    from ascendc.cann.explain.seen import Model
    from ascendc.onnx_file import read_outline

    try:
        return Model(onnx.name, onnx.stat().st_size, read_outline(onnx))
    except UsageError:  # it may be the very reason
        return None


def _code(line: str) -> str:
    """The error code a line names, or nothing."""
    match = atc.ERROR_LINE.match(line)
    return match[1] if match else ""


def _quote(lines: list[str]) -> str:
    """The last line that names an error, or else the last line at all."""
    named = [line for line in lines if _code(line)]
    if named:
        return f": {named[-1]}"
    return f"; it last said: {lines[-1]}" if lines else "; it said nothing"


def _om(folder: Path, name: str) -> Path | None:
    """``name.om``, or with the suffix ``_<os>_<cpu>`` that ATC adds when the OM holds code for the host."""
    wanted = re.compile(rf"{re.escape(name)}(_[a-z0-9]+_[a-z0-9_]+)?\.om")
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if wanted.fullmatch(path.name) and path.stat().st_size:
            return path
    return None
