"""Runs the probe script on a board, over ssh, or on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ascendc.cann.soc import table
from ascendc.errors import EnvironmentLacksError, UsageError
from ascendc.probe.board import BoardFields
from ascendc.probe.probe_board import MARK

TIME_LIMIT = 180
"""Seconds for the whole conversation; each command on the board has 20."""

_SCRIPT = Path(__file__).parent / "probe_board.py"


@dataclass(frozen=True)
class Report:
    """What a board said, checked."""

    fields: BoardFields
    missing: dict[str, str]
    """Why a field is None, by its name."""


def ask(host: str | None) -> Report:
    """Probe `host` (as ssh knows it: ``user@board``), or this machine for None.

    Raises:
        UsageError: `host` is no host (ASC1221).
        EnvironmentLacksError: there is no ssh (ASC1222), it does not reach the host (ASC1223), the host has no
            Python 3 (ASC1224), it does not answer (ASC1225), the probe fails there (ASC1226), or something else
            comes back (ASC1227).
    """
    if host is None:
        return _checked(_run([sys.executable, "-"], "this machine"), "this machine")
    # What begins with a dash would be an option of ssh, and options of ssh can run commands.
    if host.startswith("-") or not host.isprintable() or not host or " " in host:
        raise UsageError("ASC1221", f"`{host}` is no host; allowed: a name or address, as ssh takes it: user@board")
    return _checked(_run(["ssh", "-T", "-o", "ConnectTimeout=15", host, "python3", "-"], host), host)


def _run(command: list[str], host: str) -> str:
    try:
        with _SCRIPT.open("rb") as script:
            done = subprocess.run(command, stdin=script, capture_output=True, timeout=TIME_LIMIT, check=False)
    except FileNotFoundError as error:
        raise EnvironmentLacksError(
            "ASC1222",
            f"{command[0]} is not on the PATH, so {host} cannot be asked",
            hint="install an ssh client, or run `ascendc probe --local` on the board",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise EnvironmentLacksError("ASC1225", f"{host} did not answer in {TIME_LIMIT} s") from error
    words = _line(done.stderr.decode("utf-8", "replace"))
    if done.returncode == 255:  # ssh's own
        raise EnvironmentLacksError("ASC1223", f"ssh does not reach {host}: {words}", hint=f"ssh {host} true")
    if done.returncode == 127:  # the shell's
        raise EnvironmentLacksError("ASC1224", f"{host} has no python3: {words}", hint="install Python 3.7 or newer")
    if done.returncode:
        raise EnvironmentLacksError("ASC1226", f"the probe failed on {host} with exit code {done.returncode}: {words}")
    return done.stdout.decode("utf-8", "replace")


def _checked(output: str, host: str) -> Report:
    """The answer among what a login shell may print around it."""
    try:
        lines = [line for line in output.splitlines() if line.startswith(MARK)]
        answer = json.loads(lines[-1].removeprefix(MARK))
        return _report(dict(answer["facts"]), dict(answer["missing"]), host)
    # pydantic's ValidationError, of the format's version, is a ValueError; deep nesting is a RecursionError.
    except (IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise EnvironmentLacksError(
            "ASC1227", f"{host} answered something that is no probe's report: {_line(output) or 'nothing'}"
        ) from error


def _report(facts: dict[str, Any], reasons: dict[str, Any], host: str) -> Report:
    """The facts, with what is not believable taken out.

    Raises:
        ValidationError: they are of another version.
    """
    missing = {str(name): _line(str(reason)) for name, reason in reasons.items() if name in BoardFields.model_fields}
    values = _values(facts, missing)
    try:
        fields = BoardFields.model_validate(values)
    except ValidationError as error:
        for name in {str(detail["loc"][0]) for detail in error.errors()}:
            missing[name] = f"{host} said {_line(json.dumps(values.pop(name)))}, which cannot be"
        fields = BoardFields.model_validate(values)
    return Report(fields, missing)


def _values(facts: dict[str, Any], missing: dict[str, str]) -> dict[str, Any]:
    """The probe's facts as the board file's fields: one SoC by its exact name, one CANN."""
    values = {name: value for name, value in facts.items() if name in BoardFields.model_fields}
    chips, canns = facts.get("soc"), facts.get("cann")
    if isinstance(chips, list):
        values["soc"] = _exact(str(chips[0])) if len(chips) == 1 else None
        if len(chips) != 1:
            missing["soc"] = f"there are several kinds of chips: {_line(', '.join(map(str, chips)))}"
    if isinstance(canns, list):
        values["cann"], values["other_canns"] = canns[0] if canns else None, canns[1:]
    return {"version": 1, **values}


def _exact(name: str) -> str:
    """npu-smi's ``310P3`` as ``Ascend310P3``; never a guess, as for names that people write."""
    known = {soc.lower(): soc for soc in table()}
    return known.get(name.lower()) or known.get(f"ascend{name}".lower()) or name


def _line(text: str) -> str:
    """The last line of a foreign text, fit to be printed and to be a comment."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(letter if letter.isprintable() else "?" for letter in lines[-1])[:200] if lines else ""
