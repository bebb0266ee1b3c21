"""Where CANN is on this host, and which Python its ATC would load.

The search is a shell script, because the answer is what a shell finds after CANN's own ``set_env.sh``. It is the
same text that stands at the head of every ATC run, here, in a container and in a bundle.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascendc.template import render

if TYPE_CHECKING:
    from ascendc.target import Target

PLACES = ("ascend-toolkit", "cann", "latest", "cann-*")
"""Folders under ``~/Ascend`` and ``/usr/local/Ascend`` that hold a ``set_env.sh``; up to CANN 8.3 the first."""

COMPILER_VARIABLES = (
    "ASCEND_CUSTOM_OPP_PATH",
    "MAX_COMPILE_CORE_NUMBER",
    "MULTI_THREAD_COMPILE",
    "OP_NO_REUSE_MEM",
    "TUNE_BANK_PATH",
)
"""Variables of CANN that may change what is compiled: kept, and part of an installation's identity."""

KEPT_VARIABLES = (
    *("HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"),
    *("ASCENDC_SET_ENV", "ASCENDC_PYTHON", "ASCEND_HOME_PATH", "ASCEND_DRIVER_PATH"),
    *("TE_PARALLEL_COMPILER", "ASCEND_MAX_OP_CACHE_SIZE", "ASCEND_REMAIN_CACHE_SIZE_RATIO"),
    *("ASCEND_GLOBAL_LOG_LEVEL", "DUMP_GE_GRAPH", "DUMP_GRAPH_LEVEL", "DUMP_GRAPH_PATH"),
    *COMPILER_VARIABLES,
)
"""What of the caller's environment reaches ATC; PATH does too, without virtualenvs and conda."""

MODULES = ("numpy", "decorator", "sympy")
"""Modules without which ATC's operator compiler fails, minutes into a run (E40020)."""

TIMEOUT = 60.0
"""Seconds for the search."""

LACKS = "lacks"
"""The fact that ends a search: what is missing."""


@dataclass(frozen=True)
class Installation:
    """What was found of CANN, in the order of the search; empty from the point where it ended."""

    set_env: str = ""
    """The ``set_env.sh`` that is sourced."""
    home: str = ""
    """What it sets ASCEND_HOME_PATH to."""
    cann: str = ""
    """The version, as written (``8.1.RC1``); may stay empty."""
    atc: str = ""
    python: str = ""
    """Path and version of the Python that ATC would load."""
    lacks: str = ""
    """Why ATC cannot be run; empty if it can."""
    hint: str = ""
    """A command that mends it."""

    @property
    def build_id(self) -> str:
        """Differs whenever the compiler may differ."""
        stat = Path(self.atc).stat()
        facts = [self.home, self.cann, self.atc, self.python, str(stat.st_size), str(stat.st_mtime_ns)]
        facts += [f"{name}={os.environ.get(name, '')}" for name in COMPILER_VARIABLES]
        digest = hashlib.sha256("\0".join(facts).encode()).hexdigest()
        return f"local {self.cann or 'unknown'} {digest[:16]}"


def settings(target: Target | None, *, portable: bool = False) -> dict[str, Any]:
    """What ``environment.sh.j2`` is filled with.

    Args:
        target: whose Python and CANN bind the search; None: any will do.
        portable: the script runs on another machine or in a container, where the target's Python may not be:
            then it is passed over instead of missed.
    """
    return {
        "portable": portable,
        "kept": KEPT_VARIABLES,
        "places": PLACES,
        "modules": MODULES,
        "python": target.python if target else None,
        "newest": target.cann.version if target and target.cann else None,
    }


def find(target: Target | None = None) -> Installation:
    """Search this host, as a compilation for `target` would. Cheap: nothing is compiled."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "probe.sh"
        script.write_text(render("probe.sh.j2", **settings(target)), encoding="utf-8")
        try:
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", str(script)],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT,
                check=False,
            )
        except FileNotFoundError:
            return Installation(lacks="there is no bash on PATH to source CANN's set_env.sh with")
        except subprocess.TimeoutExpired:
            return Installation(lacks=f"the search for CANN did not end within {TIMEOUT:.0f} s")
    output = done.stdout.decode(errors="replace")
    found = facts(output)
    if done.returncode and not found.get(LACKS):
        last = output.strip().rpartition("\n")[2]
        found[LACKS] = f"the search for CANN ended with status {done.returncode}: {last}"
    return Installation(**found)


def facts(output: str) -> dict[str, str]:
    """The ``ascendc:`` lines of a script's output, by name."""
    found = {}
    for line in output.splitlines():
        if line.startswith("ascendc: "):
            name, separator, value = line.removeprefix("ascendc: ").partition("=")
            if separator and name in Installation.__dataclass_fields__:
                found[name] = value
    return found
