"""A CANN tree that scripts and programs find: set_env.sh, atc, npu-smi, and the folder that ``import acl`` needs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import ascendc
from ascendc.sim.settings import Settings

VERSION = "8.1.RC1"
"""Of the CANN that is simulated: the one whose rules ascendc knows."""

SITE = Path(__file__).parent / "site"
"""What Python needs on its path for ``import acl``."""

ROOT = Path(ascendc.__file__).parents[1]

_MARK = "(simulated)"
"""What its installation says."""

_PROGRAM = """#!/usr/bin/env bash
# Simulated by ascendc: it makes nothing that a device could run.
export PYTHONPATH={root}
exec {python} -m {module} "$@"
"""


def is_planted(home: str) -> bool:
    """Whether the CANN whose home this is was written by `plant`."""
    infos = Path(home).glob("*-linux/ascend_toolkit_install.info")
    return any(_MARK in info.read_text(encoding="utf-8", errors="replace") for info in infos)


def plant(folder: Path, settings: Settings) -> Path:
    """Write the tree into `folder`; returns its set_env.sh."""
    home = folder / VERSION
    for module, name in (("ascendc.sim.atc", "atc"), ("ascendc.sim.npu_smi", "npu-smi")):
        program = home / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        quoted = {"root": shlex.quote(str(ROOT)), "python": shlex.quote(sys.executable), "module": module}
        program.write_text(_PROGRAM.format(**quoted), encoding="utf-8")
        program.chmod(0o755)
    for arch in ("x86_64", "aarch64"):
        info = home / f"{arch}-linux" / "ascend_toolkit_install.info"
        info.parent.mkdir(exist_ok=True)
        info.write_text(f"package_name=Ascend-cann-toolkit {_MARK}\nversion={VERSION}\n", encoding="utf-8")
    script = folder / "set_env.sh"
    script.write_text(shell(exports(home, settings)), encoding="utf-8")
    return script


def exports(home: Path, settings: Settings) -> dict[str, str]:
    """The variables of the tree; ``$PATH`` and the like stand for what is there already."""
    return {
        "ASCEND_TOOLKIT_HOME": str(home),
        "ASCEND_HOME_PATH": str(home),
        "ASCEND_OPP_PATH": str(home / "opp"),
        "PATH": f"{home / 'bin'}:$PATH",
        "PYTHONPATH": f"{SITE}:$PYTHONPATH",
        "ASCENDC_SIM_PYTHON": sys.executable,
        **settings.exports(),
    }


def shell(variables: Mapping[str, str]) -> str:
    """Lines that a POSIX shell evaluates."""
    lines = []
    for name, value in variables.items():
        rest = f":${name}"
        own, keeps = (value[: -len(rest)], True) if value.endswith(rest) else (value, False)
        more = f'"${{{name}:+:${name}}}"' if keeps else ""
        lines.append(f"export {name}={shlex.quote(own)}{more}\n")
    return "".join(lines)
