"""Runs a step in a process of its own: a crash, a hang or a lost device ends that step and no other."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple, Type

from .job import CLONE, Job
from .report import FAILED, PASSED, Step

TAIL = 6000
"""Characters of a step's log that are kept."""


class Done(NamedTuple):
    """A step that was run."""

    step: Step
    rows: Tuple[Any, ...]


def isolated(name: str, row: Type[Any], job: Job, work: Path, limit: int) -> Done:
    """Run the step called `name`; its rows are of the class `row`.

    Args:
        name: one of `child.MODULES`.
        row: a flat dataclass with a `complaint`.
        job: what to try.
        work: a folder for its files.
        limit: seconds after which it is killed.
    """
    folder = work / name
    folder.mkdir()
    job_file, rows_file, said = folder / "job.json", folder / "rows.jsonl", folder / "said.txt"
    job_file.write_text(json.dumps(asdict(job)), encoding="utf-8")
    command = [sys.executable, str(CLONE / "tests" / "hardware" / "run.py"), "--child"]
    command += [name, str(job_file), str(rows_file)]
    env = dict(os.environ, ASCEND_PROCESS_LOG_PATH=str(folder / "plog"), PYTHONFAULTHANDLER="1")
    with said.open("wb") as file:
        try:
            code = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=env, timeout=limit
            ).returncode
            ending = _ending(code)
        except subprocess.TimeoutExpired:
            ending = f"did not end in {limit} s and was killed"
    words = said.read_text(encoding="utf-8", errors="replace").strip()
    rows = tuple(row(**_tuples(line)) for line in _lines(rows_file))
    ending = ending or ("" if rows else "ended without a result")
    complaints = [one.complaint for one in rows if one.complaint]
    if not ending and not complaints:
        return Done(Step(name, PASSED), rows)
    if ending:
        complaints.insert(0, f"{ending}: {_last_words(words)}" if words else ending)
    return Done(Step(name, FAILED, complaints[0], tail("\n".join(filter(None, [words, plog(folder)])))), rows)


def plog(folder: Path) -> str:
    """The errors in CANN's logs below `folder`."""
    errors: List[str] = []
    for path in sorted(folder.rglob("*.log")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        errors += [line for line in lines if "[ERROR]" in line][-40:]
    return "\n".join(errors)


def tail(text: str, length: int = TAIL) -> str:
    """The end of a log in at most `length` characters, from the beginning of a line if that begins there."""
    if len(text) <= length:
        return text
    end = text[len(text) - length + 2 :]
    return "…\n" + (end.partition("\n")[2] or end)


def _ending(code: int) -> str:
    """What an exit status says; nothing for 0."""
    if code >= 0:
        return f"ended with exit status {code}" if code else ""
    names = {number.value: number.name for number in signal.Signals}
    return f"died by signal {-code} ({names.get(-code, 'unknown')})"


def _last_words(text: str) -> str:
    """What the first traceback ends with: later ones are of cleaning up; else the last line."""
    found = re.search(r"^Traceback .*\n(?:[ \t].*\n)*(\S.*)", text, re.MULTILINE)
    return found.group(1) if found else text.splitlines()[-1]


def _lines(path: Path) -> List[Dict[str, Any]]:
    """Complete rows: the process may have died while it wrote one."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.split("\n")[:-1]]


def _tuples(row: Dict[str, Any]) -> Dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
