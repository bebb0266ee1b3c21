"""Whether an OM may be loaded here, said in words before AscendCL says it in numbers.

Python 3.7, standard library.
"""

import os
import re
from pathlib import Path
from typing import Tuple

from .acl import Acl
from .om_file import read_facts
from .session import SessionError


class TooLittleMemoryError(SessionError):
    """The device is too full for the model: a smaller one may fit."""


class OtherChipError(SessionError):
    """The model was compiled for a chip of another family."""


def check_file(path: str, api: Acl, *, allow_simulated: bool = False) -> None:
    """Hold an OM against this machine: its chip, its compiler, whether it is genuine.

    Raises:
        OtherChipError: it was compiled for another family of chips.
        SessionError: it is no OM, damaged, simulated, or newer than the CANN here.
    """
    facts = read_facts(path)
    if facts.simulated and not api.simulated and not allow_simulated:
        raise SessionError(
            "`{}` was made by the simulated ATC: no device can run it; compile it with CANN's".format(path)
        )
    here = api.soc()
    families = family(facts.soc), family(here)
    if all(families) and families[0] != families[1]:
        raise OtherChipError(
            "`{}` was compiled for {}, and this is {}: choose the target for it".format(path, facts.soc, here)
        )
    version, home = runtime_version()
    if _leading(version) and _leading(facts.atc) > _leading(version):
        raise SessionError(
            "`{}` was compiled by ATC {}, and the CANN in {} is older, {}: compile with its ATC, or install a newer "
            "CANN here".format(path, facts.atc, home, version)
        )


def check_memory(path: str, needed: int, free: int, total: int) -> None:
    """Hold what a model needs against the device's memory, all in bytes; a total of 0 is unknown.

    Raises:
        TooLittleMemoryError: it does not fit.
    """
    if total and needed > free:
        raise TooLittleMemoryError(
            "`{}` needs {:.0f} MB on the device, which has {:.0f} of {:.0f} MB free".format(
                path, needed / 1e6, free / 1e6, total / 1e6
            )
        )


def family(soc: str) -> str:
    """The part of a chip's name that decides whether an OM may load: ``Ascend310P`` of ``Ascend310P3``.

    Empty for a chip that is of none of these: AscendCL decides then. Source: the graph engine compares architectures,
    which the chips of a generation share (August 2026). Bare ``Ascend910B`` is a first-generation 910.
    """
    for generation in ("Ascend310P", "Ascend310B", "Ascend910_93", "Ascend910_95", "Ascend910_55"):
        if soc.startswith(generation):
            return generation
    if re.match(r"Ascend910B\d", soc):
        return "Ascend910B"
    found = re.match(r"(Ascend910)(A|B|Pro[AB]|PremiumA)?$|(Ascend310)$", soc)
    return (found.group(1) or found.group(3)) if found else ""


def runtime_version() -> Tuple[str, str]:
    """Version of the CANN here, as its components count (``7.6.0.1.220`` in CANN 8.0), and its folder; or nothing.

    An OM says its compiler's version in the same way: ATC copies it from the ``version.info`` of its component.
    """
    home = os.environ.get("ASCEND_HOME_PATH") or os.environ.get("ASCEND_TOOLKIT_HOME") or ""
    for component in ("runtime", "compiler", "opp") if home else ():
        try:
            text = (Path(home) / component / "version.info").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found = re.search(r"^Version=(\S+)", text, re.M)
        if found:
            return found.group(1), home
    return "", home


def _leading(version: str) -> Tuple[int, ...]:
    """The first two numbers; nothing where there are none, or of the simulated ATC."""
    found = re.match(r"(\d+)\.(\d+)\.\d", version)
    return tuple(map(int, found.groups())) if found else ()
