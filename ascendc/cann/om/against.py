"""Whether an OM will load on a chip, as far as its bytes tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ascendc.cann import soc as socs
from ascendc.cann.om.container import PHONE
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from ascendc.cann.om.facts import Facts
    from ascendc.cann.soc import Soc


@dataclass(frozen=True)
class Fit:
    """An OM and a chip."""

    soc: str
    verdict: Literal["loads", "doubtful", "refused", "unknown"]
    """``doubtful``: a chip of the same architecture, which newer runtimes load; ``unknown``: the file does not say."""
    reason: str


def against(om: Facts, soc: Soc) -> Fit:
    """Hold an OM against a chip.

    Source: the graph engine compares the architectures of the chips' platform lists (August 2026), and nothing if the
    file does not say its chip; CANN's documents promise the exact chip only.
    """
    if om.simulated:
        return Fit(soc.name, "refused", "it was made by the simulated ATC, and holds nothing that a device could run")
    if om.model_type == PHONE:
        return Fit(soc.name, "refused", "it is for phones (Kirin, HiAI), and AscendCL does not load it")
    if om.encrypted:
        return Fit(soc.name, "unknown", "it is encrypted, and so is for which chip it was compiled")
    if not om.models:
        return Fit(soc.name, "unknown", "it holds no model")
    if om.soc_version is None:
        return Fit(soc.name, "unknown", "the file does not say for which chip it was compiled, and is not checked then")
    made_for = _exact(om.soc_version)
    if made_for is None:
        return Fit(soc.name, "unknown", f"it was compiled for {om.soc_version}, which is in no table of ascendc")
    if made_for == soc:
        return Fit(soc.name, "loads", f"it was compiled for {soc.name}")
    if made_for.short == soc.short:
        known = f"it was compiled for {made_for.name}, of the same architecture{_differs(made_for, soc)}"
        return Fit(soc.name, "doubtful", f"{known}: newer runtimes load it, no document promises it")
    return Fit(soc.name, "refused", f"it was compiled for {made_for.name}, of another architecture than {soc.name}")


def _exact(name: str) -> Soc | None:
    try:
        return socs.resolve(name).soc
    except UsageError:
        return socs.table().get(name)


def _differs(one: Soc, other: Soc) -> str:
    figures = (("cores", one.cores, other.cores), ("MHz", one.mhz, other.mhz))
    differing = [f"{unit} {mine} and {theirs}" for unit, mine, theirs in figures if mine != theirs]
    return f" ({', '.join(differing)})" if differing else ""
