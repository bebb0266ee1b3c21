"""Runs the probe script on a board, over ssh, or on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ascendc.cann import npu_smi
from ascendc.cann.present import Replies, find, why_not
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
    simulated: bool = False
    """Whether the simulated CANN answered, and so there is no such board."""


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
    said = {str(name): _line(str(reason)) for name, reason in reasons.items()}
    missing = {name: reason for name, reason in said.items() if name in BoardFields.model_fields}
    values = {name: value for name, value in facts.items() if name in BoardFields.model_fields}
    values["soc"] = _soc(_replies(facts, said), missing)
    values["run_mode"] = _run_mode(facts, said, missing)
    canns = facts.get("cann")
    if isinstance(canns, list):
        values["cann"], values["other_canns"] = canns[0] if canns else None, canns[1:]
    values = {"version": 1, **values}
    try:
        fields = BoardFields.model_validate(values)
    except ValidationError as error:
        for name in {str(detail["loc"][0]) for detail in error.errors()}:
            missing[name] = f"{host} said {_line(json.dumps(values.pop(name)))}, which cannot be"
        fields = BoardFields.model_validate(values)
    return Report(fields, missing, facts.get("simulated") is True)


def _replies(facts: dict[str, Any], said: dict[str, str]) -> Replies:
    """What the board's tools answered, as far as it can be an answer at all."""
    table, acl, devices = facts.get("npu_smi"), facts.get("acl"), facts.get("devices")
    return Replies(
        npu_smi=table if isinstance(table, str) else None,
        acl=str(acl["soc"]) if isinstance(acl, dict) and "soc" in acl else None,
        devices=devices if isinstance(devices, int) else 0,
        reasons=tuple(said[name] for name in ("npu_smi", "acl") if name in said),
    )


def _soc(replies: Replies, missing: dict[str, str]) -> str | None:
    """The one kind of chip that there is, or else why there is no answer."""
    found = find(replies)
    if found is None:
        missing["soc"] = why_not(replies)
    elif len(found.chips) > 1:
        missing["soc"] = f"there are several kinds of chips: {_line(', '.join(chip.said for chip in found.chips))}"
    else:
        return found.chips[0].soc or found.chips[0].said
    return None


def _run_mode(facts: dict[str, Any], said: dict[str, str], missing: dict[str, str]) -> str | None:
    """``device``: programs run on the chip's own CPU; ``host``: the chip is a PCIe card."""
    acl, table = facts.get("acl"), facts.get("npu_smi")
    if isinstance(acl, dict) and (mode := {"0": "device", "1": "host"}.get(str(acl.get("mode")))):
        return mode
    buses = {chip.bus for chip in npu_smi.chips(table)} if isinstance(table, str) else set()
    if not buses or None in buses:
        missing["run_mode"] = said.get("npu_smi", "neither AscendCL nor npu-smi says it")
        return None
    # A chip that is not behind PCIe shows no bus id.
    return "device" if "NA" in buses else "host"


def _line(text: str) -> str:
    """The last line of a foreign text, fit to be printed and to be a comment."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(letter if letter.isprintable() else "?" for letter in lines[-1])[:200] if lines else ""
