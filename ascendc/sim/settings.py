"""What is simulated: read once from the environment, which ``ascendc sim env`` writes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ascendc.errors import UsageError

PREFIX = "ASCENDC_SIM_"
"""Of every variable."""

FAULTS = {
    "device-lost": "every call that reaches the device fails (507899)",
    "oom": "memory of the device cannot be had (207018)",
    "exec": "a model fails while it runs (507015)",
    "load": "a model cannot be loaded (545001)",
    "slow": "a model takes seconds",
    "timeout": "a model does not end, and whoever waits is told so (507014)",
    "host-oom": "pinned memory of the host cannot be had (207001)",
    "streams": "no stream can be made (207008)",
    "handle": "a stream that is waited for is no live one any more (107017)",
}
"""What can be made to fail, and what is seen then."""


ATC_FAULTS = {
    "hang": "it never ends",
    "killed": "it is killed, as for lack of memory (137)",
    "crash": "it runs into what is not its own (139)",
    "loader": "a library of the driver is not there, and it does not begin (127)",
    "op-compile": "an operator cannot be compiled (E20001)",
    "truncated": "it says that it succeeded, and its OM is cut short",
    "lies": "it says that it succeeded, and writes nothing",
    "python": "the Python that it loads lacks a module (E40020)",
    "write": "its OM cannot be written (E13004)",
}
"""What ATC can be made to do, and what is seen then."""


@dataclass(frozen=True)
class Fault:
    """Something that fails on demand."""

    name: str
    after: int = 0
    """How many calls succeed before."""
    times: int | None = None
    """How many calls fail then; None: all."""

    @classmethod
    def parse(cls, text: str) -> Fault:
        """``exec``, ``exec@3`` (after three calls), ``exec@3x1`` (and once only).

        Raises:
            UsageError: it is no fault (ASC2501).
        """
        match = re.fullmatch(r"([a-z-]+)(?:@([0-9]{1,9})(?:x([0-9]{1,9}))?)?", text)
        if match is None or match[1] not in FAULTS:
            allowed = ", ".join(FAULTS)
            raise UsageError(
                "ASC2501", f"`{text}` is no fault; allowed: {allowed}; with @3: after three calls, @3x1: once"
            )
        return cls(match[1], int(match[2] or 0), int(match[3]) if match[3] else None)


@dataclass(frozen=True)
class Settings:
    """A simulated machine."""

    soc: str = "Ascend310P3"
    run_mode: int = 1
    """0: the program runs on the board itself (RC); 1: on a host with a card (EP)."""
    devices: int = 1
    faults: tuple[Fault, ...] = ()
    memory: int = 8 << 30
    """Bytes of a device."""
    atc_fault: str = ""
    """One of `ATC_FAULTS`; empty: none."""
    strict: bool = False
    """Whether ``acl.finalize`` raises where something is still live, and a copy of a wrong kind fails; else both are
    said on stderr, and it goes on."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """What the environment says.

        Raises:
            UsageError: a variable cannot be meant (ASC2501, ASC2502).
        """
        plain = cls()
        faults, atc_fault = environ.get(f"{PREFIX}FAULT", ""), environ.get(f"{PREFIX}ATC_FAULT", "")
        if atc_fault not in ("", *ATC_FAULTS):
            raise UsageError("ASC2501", f"`{atc_fault}` is no fault of ATC; allowed: {', '.join(ATC_FAULTS)}")
        return cls(
            soc=environ.get(f"{PREFIX}SOC", plain.soc),
            run_mode=_number(environ, "RUN_MODE", plain.run_mode, (0, 1)),
            devices=_number(environ, "DEVICES", plain.devices, range(1, 65)),
            faults=tuple(Fault.parse(one) for one in faults.split(",") if one),
            memory=_number(environ, "MEMORY", plain.memory, range(1, 1 << 40)),
            atc_fault=atc_fault,
            strict=bool(_number(environ, "STRICT", int(plain.strict), (0, 1))),
        )

    def exports(self) -> dict[str, str]:
        """The variables that say it."""
        faults = ",".join(
            f"{one.name}@{one.after}" + (f"x{one.times}" if one.times is not None else "") for one in self.faults
        )
        values = {
            "SOC": self.soc,
            "RUN_MODE": self.run_mode,
            "DEVICES": self.devices,
            "MEMORY": self.memory,
            "STRICT": int(self.strict),
            "FAULT": faults,
            "ATC_FAULT": self.atc_fault,
        }
        return {f"{PREFIX}{name}": str(value) for name, value in values.items()}


def here() -> Settings:
    """What this process's environment says."""
    return Settings.of(os.environ)


def _number(environ: Mapping[str, str], name: str, default: int, allowed: range | tuple[int, ...]) -> int:
    text = environ.get(f"{PREFIX}{name}", "")
    if not text:
        return default
    if not text.isdecimal() or int(text) not in allowed:
        said = f"{allowed[0]} to {allowed[-1]}"
        raise UsageError("ASC2502", f"{PREFIX}{name} must be a number from {said}, not `{text}`")
    return int(text)
